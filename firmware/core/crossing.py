"""Finds where a channel rises through a level.

State, an array 'i': whether it was far enough below the level (armed), the level, how far below
and above it that is, all three in 1/16 codes; then, as results, the codes before and after the
rise through the level, and how many frames before the one that was found the former was.
"""

import micropython

ARMED = 0
LEVEL = 1
DEPTH = 2
HEIGHT = 3
BEFORE = 4
AFTER = 5
BACK = 6
SIZE = 7


@micropython.viper
def scan(buf: ptr16, pos: int, n: int, mask: int, state: ptr32) -> int:
    """Return how many of `n` frames lie before the first far enough above, -1 if there is none.

    `pos` is the word of the channel in the first frame. What was found is no longer armed.
    """
    armed = int(state[0])
    high = int(state[1]) + int(state[3])
    deep = int(state[1]) - int(state[2])
    found = -1
    k = 0
    while k < n:
        v = int(buf[pos]) << 4
        if armed:
            if v >= high:
                armed = 0
                found = k
                k = n
        elif v < deep:
            armed = 1
        pos = (pos + 4) & mask
        k += 1
    state[0] = armed
    return found


@micropython.viper
def retrace(buf: ptr16, pos: int, most: int, mask: int, state: ptr32) -> int:
    """Go back from the frame at word `pos`, which scan found, to where it rose through the level.

    Returns 1 if it was far enough below the level at most `most` frames ago, else 0.
    """
    level = int(state[1])
    deep = level - int(state[2])
    after = int(buf[pos])
    before = after
    back = 0
    while back < most and before << 4 >= level:
        after = before
        pos = (pos - 4) & mask
        before = int(buf[pos])
        back += 1
    state[4] = before
    state[5] = after
    state[6] = back
    while back < most and before << 4 >= deep:
        pos = (pos - 4) & mask
        before = int(buf[pos])
        back += 1
    return 1 if before << 4 < deep else 0


def lateness(state):
    """Return how long before the frame that was found it rose through the level, 1/4096 frames."""
    before = state[BEFORE] << 4
    after = state[AFTER] << 4
    late = 4096 * state[BACK]
    if after <= before:
        return late
    return late - min(max((state[LEVEL] - before) * 4096 // (after - before), 0), 4096)
