"""A waveform: frames copied out of the ring at once, and sent in lines as there is time."""

from array import array
from binascii import b2a_base64

import micropython

LEAST = 200
MOST = 1400  # ten cycles of 45 Hz
STEP = 100
_A_LINE = 200  # frames


@micropython.viper
def copy(buf: ptr16, pos: int, n: int, mask: int, to: ptr16):
    """Copy `n` words of the ring from word `pos` on."""
    k = 0
    while k < n:
        to[k] = buf[(pos + k) & mask]
        k += 1


class Snapshot:
    """One waveform at a time."""

    def __init__(self):
        self._codes = array("H", [0] * (4 * MOST))
        self._number = 0
        self._wanted = 0  # frames, 0: none
        self._first = 0  # frame since the reset
        self._line = 0  # next one
        self._lines = 0

    def begin(self):
        """Start a new run: what was not sent is forgotten."""
        self._number = self._wanted = self._lines = self._line = 0

    def want(self, frames):
        """Ask for the last `frames` frames; returns why not, else no text."""
        if type(frames) is not int or not LEAST <= frames <= MOST or frames % STEP:
            return "n is 200 to 1400 in whole hundreds"
        if self._wanted or self._line < self._lines:
            return "another one is being sent"
        self._wanted = frames
        return ""

    def look(self, sampler, frames, position):
        """Take the waveform if one is wanted and there are enough `frames` behind `sampler.rd`.

        `position` counts the frames since the reset up to there.
        """
        n = self._wanted
        if not n or frames < n:
            return
        copy(sampler.ring, sampler.rd - 4 * n, 4 * n, sampler.mask, self._codes)
        self._wanted = 0
        self._number += 1
        self._first = position - n
        self._frames = n
        self._line = 0
        self._lines = (n + _A_LINE - 1) // _A_LINE

    def line(self, boot):
        """Return the pairs of the next line, None if there is none."""
        if self._line >= self._lines:
            return None
        at = self._line * _A_LINE
        n = min(_A_LINE, self._frames - at)
        codes = b2a_base64(memoryview(self._codes)[4 * at : 4 * (at + n)])
        pairs = (
            ("b", boot), ("i", self._number), ("k", self._line), ("m", self._lines),
            ("n", n), ("f", self._first + at), ("d", codes.strip().decode()),
        )  # fmt: skip
        self._line += 1
        return pairs
