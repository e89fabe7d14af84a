"""A sampler without a converter: a wave at a clock's pace, in the ring that the firmware drains."""

from array import array

RATE = 6000
_FRAMES = 4096
_LIMIT = _FRAMES - 512  # that may wait, see core/board.py


class Sampler:
    """As `sampler` of core/board.py says; `lose()` makes it overrun."""

    def __init__(self, wave, clock):
        self.rate = RATE
        self.ring = array("H", [0] * (4 * _FRAMES))
        self.mask = 4 * _FRAMES - 1
        self.rd = 0
        self._wave = wave
        self._clock = clock
        self.start()

    def start(self):
        """Begin anew at word 0."""
        self.rd = 0
        self._began = self._clock.ticks()
        self._written = 0
        self._lapped = False

    def available(self):
        """Return the frames that wait."""
        due = (self._clock.ticks() - self._began) * self.rate // 1000000
        fresh = due - self._written
        if self._waiting() + fresh > _LIMIT:
            self._lapped = True
            self._wave.skip(fresh)
        else:
            self._wave.fill(self.ring, (4 * self._written) & self.mask, fresh, self.mask)
        self._written = due
        return self._waiting()

    def overran(self):
        """Tell whether samples were lost since the start."""
        return self._lapped

    def lose(self):
        """Have samples been lost."""
        self._lapped = True

    def _waiting(self):
        return ((4 * self._written - self.rd) & self.mask) >> 2
