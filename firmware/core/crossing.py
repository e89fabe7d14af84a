"""Finds where a channel rises through a level.

State, an array 'i': whether it was far enough below the level (armed), the level and how far
below it that is, both in 1/16 codes; then, as results, the codes before and at the crossing.
"""

import micropython

ARMED = 0
LEVEL = 1
DEPTH = 2
BEFORE = 3
AFTER = 4


@micropython.viper
def scan(buf: ptr16, pos: int, n: int, mask: int, state: ptr32) -> int:
    """Return how many of `n` frames lie before the crossing, -1 if there is none.

    `pos` is the word of the channel in the first frame. What was found is no longer armed.
    """
    armed = int(state[0])
    level = int(state[1])
    deep = level - int(state[2])
    found = -1
    k = 0
    while k < n:
        v = int(buf[pos]) << 4
        if armed:
            if v >= level:
                armed = 0
                found = k
                state[3] = int(buf[(pos - 4) & mask])
                state[4] = int(buf[pos])
                k = n
        elif v < deep:
            armed = 1
        pos = (pos + 4) & mask
        k += 1
    state[0] = armed
    return found


def lateness(state):
    """Return how long before the frame at the crossing it was, in 1/4096 frames: 0 to 4096."""
    before = state[BEFORE] << 4
    after = state[AFTER] << 4
    if after <= before:
        return 0
    early = (state[LEVEL] - before) * 4096 // (after - before)
    return 4096 - min(max(early, 0), 4096)
