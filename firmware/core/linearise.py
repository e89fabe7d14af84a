"""Takes the steps of the converter out of its samples, where they lie.

The converter of the RP2040 passes some nine codes at once at 512, 1536, 2560 and 3584 (erratum
RP2040-E11 of its datasheet). Each sample gets what was passed below it; the wide code, half.
"""

from array import array

import micropython

STEPS_AT = (512, 1536, 2560, 3584)
CODES = 4096


def table(steps):
    """Return the code of each sample, an array 'H' of 4096; `steps` are four, in codes."""
    codes = array("H", range(CODES))
    passed = 0
    for k in range(len(STEPS_AT)):
        at = STEPS_AT[k]
        codes[at] += passed + steps[k] // 2
        passed += steps[k]
        for raw in range(at + 1, STEPS_AT[k + 1] if k < 3 else CODES):
            codes[raw] += passed
    return codes


def middle(steps):
    """Return the code that centred ones count from."""
    return CODES // 2 + sum(steps) // 2


@micropython.viper
def linearise(buf: ptr16, pos: int, n: int, mask: int, codes: ptr16, ends: ptr32):
    """Replace the samples of `n` frames from word `pos` on by their codes.

    `ends` counts for each of the four channels the samples below 5 or above 4090.
    """
    e0 = int(ends[0])
    e1 = int(ends[1])
    e2 = int(ends[2])
    e3 = int(ends[3])
    while n > 0:
        c = int(buf[pos]) & 4095
        buf[pos] = codes[c]
        if c < 5 or c > 4090:
            e0 += 1
        c = int(buf[pos + 1]) & 4095
        buf[pos + 1] = codes[c]
        if c < 5 or c > 4090:
            e1 += 1
        c = int(buf[pos + 2]) & 4095
        buf[pos + 2] = codes[c]
        if c < 5 or c > 4090:
            e2 += 1
        c = int(buf[pos + 3]) & 4095
        buf[pos + 3] = codes[c]
        if c < 5 or c > 4090:
            e3 += 1
        pos = (pos + 4) & mask
        n -= 1
    ends[0] = e0
    ends[1] = e1
    ends[2] = e2
    ends[3] = e3
