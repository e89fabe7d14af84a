"""Sums of products of samples, in viper: what costs most of the firmware's time.

`setup` is an array 'i': lags of the voltage for clamp 1, 2, 3 and that of the quarter period, all
in words of the ring (4 a frame), then the channel of each role (4), then the middle of the codes.
A centred code is below 2089 in magnitude (core/settings.py bounds the steps), so 490 frames of the
largest ones are below 2^31 in `acc`, an array 'i'; core/cycles.py folds after 400.
"""

import micropython

SUMS = {"v3i": 17, "4i": 8}
"""How many sums there are in each layout."""


@micropython.viper
def accumulate_v3i(buf: ptr16, pos: int, n: int, mask: int, setup: ptr32, acc: ptr32):
    """Add `n` frames from word `pos` on: V, V^2; of 3 clamps I, I^2, I x V at three delays."""
    l1 = int(setup[0])
    l2 = int(setup[1])
    l3 = int(setup[2])
    lq = int(setup[3])
    ov = int(setup[4])
    o1 = int(setup[5])
    o2 = int(setup[6])
    o3 = int(setup[7])
    mid = int(setup[8])
    sv = int(acc[0])
    svv = int(acc[1])
    s1 = int(acc[2])
    t1 = int(acc[3])
    a1 = int(acc[4])
    b1 = int(acc[5])
    q1 = int(acc[6])
    s2 = int(acc[7])
    t2 = int(acc[8])
    a2 = int(acc[9])
    b2 = int(acc[10])
    q2 = int(acc[11])
    s3 = int(acc[12])
    t3 = int(acc[13])
    a3 = int(acc[14])
    b3 = int(acc[15])
    q3 = int(acc[16])
    while n > 0:
        p = pos + ov
        v = int(buf[p]) - mid
        sv += v
        svv += v * v
        i = int(buf[pos + o1]) - mid
        d = p - l1
        s1 += i
        t1 += i * i
        a1 += i * (int(buf[d & mask]) - mid)
        b1 += i * (int(buf[(d - 4) & mask]) - mid)
        q1 += i * (int(buf[(d - lq) & mask]) - mid)
        i = int(buf[pos + o2]) - mid
        d = p - l2
        s2 += i
        t2 += i * i
        a2 += i * (int(buf[d & mask]) - mid)
        b2 += i * (int(buf[(d - 4) & mask]) - mid)
        q2 += i * (int(buf[(d - lq) & mask]) - mid)
        i = int(buf[pos + o3]) - mid
        d = p - l3
        s3 += i
        t3 += i * i
        a3 += i * (int(buf[d & mask]) - mid)
        b3 += i * (int(buf[(d - 4) & mask]) - mid)
        q3 += i * (int(buf[(d - lq) & mask]) - mid)
        pos = (pos + 4) & mask
        n -= 1
    acc[0] = sv
    acc[1] = svv
    acc[2] = s1
    acc[3] = t1
    acc[4] = a1
    acc[5] = b1
    acc[6] = q1
    acc[7] = s2
    acc[8] = t2
    acc[9] = a2
    acc[10] = b2
    acc[11] = q2
    acc[12] = s3
    acc[13] = t3
    acc[14] = a3
    acc[15] = b3
    acc[16] = q3


@micropython.viper
def accumulate_4i(buf: ptr16, pos: int, n: int, mask: int, setup: ptr32, acc: ptr32):
    """Add `n` frames from word `pos` on: I, I^2 of four clamps."""
    o1 = int(setup[4])
    o2 = int(setup[5])
    o3 = int(setup[6])
    o4 = int(setup[7])
    mid = int(setup[8])
    s1 = int(acc[0])
    t1 = int(acc[1])
    s2 = int(acc[2])
    t2 = int(acc[3])
    s3 = int(acc[4])
    t3 = int(acc[5])
    s4 = int(acc[6])
    t4 = int(acc[7])
    while n > 0:
        i = int(buf[pos + o1]) - mid
        s1 += i
        t1 += i * i
        i = int(buf[pos + o2]) - mid
        s2 += i
        t2 += i * i
        i = int(buf[pos + o3]) - mid
        s3 += i
        t3 += i * i
        i = int(buf[pos + o4]) - mid
        s4 += i
        t4 += i * i
        pos = (pos + 4) & mask
        n -= 1
    acc[0] = s1
    acc[1] = t1
    acc[2] = s2
    acc[3] = t2
    acc[4] = s3
    acc[5] = t3
    acc[6] = s4
    acc[7] = t4


@micropython.viper
def fold(acc: ptr32, high: ptr32, low: ptr32, n: int):
    """Move `n` sums into `high` * 2^16 + `low`, so that no large integer is made for each cycle.

    Words of a processor of 64 bits come without their sign: it is made of bit 31.
    """
    k = 0
    while k < n:
        a = int(acc[k])
        high[k] = int(high[k]) + (((a >> 16) & 0xFFFF) ^ 0x8000) - 0x8000
        low[k] = int(low[k]) + (a & 0xFFFF)
        acc[k] = 0
        k += 1
