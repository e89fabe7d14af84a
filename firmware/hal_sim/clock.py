"""The clocks that a simulated board may run by; microseconds that never fall."""

import sys
import time


class RealClock:
    """Goes as time does."""

    def __init__(self):
        self._now = 0
        self._last = _ticks()

    def ticks(self):
        """Return the microseconds since the start."""
        last, self._last = self._last, _ticks()
        self._now += _between(last, self._last)
        return self._now


class VirtualClock:
    """Goes only when it is told to."""

    def __init__(self):
        self.now = 0

    def ticks(self):
        """Return the microseconds since the start."""
        return self.now


if sys.implementation.name == "micropython":

    def _ticks():
        return time.ticks_us()

    def _between(before, after):
        return time.ticks_diff(after, before)

else:

    def _ticks():
        return time.monotonic_ns() // 1000

    def _between(before, after):
        return after - before
