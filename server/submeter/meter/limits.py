"""What physics allows an energy register to show after an earlier reading."""

from typing import NamedTuple

from submeter.meter.feed import Dial
from submeter.meter.instant import Instant

SLACK = 5.0  # s; what an instrument may take from a reading to its transmission
LONGEST = 366 * 86_400.0  # s between two runs that the UTC clock alone is believed
_ROUND = 0.1  # of a dial: what a register grows at most when it rolls over unseen


class Seen(NamedTuple):
    """A reading in mWh (mvarh), when it was taken and under which instrument's name.

    With `restored` it was taken in an earlier run: `at.mono` is then the moment of the restart.
    """

    total: int
    at: Instant
    instrument: str | None = None
    restored: bool = False

    def utc(self, now: Instant) -> float:
        """Return when it was taken, in UTC seconds to the ms by the clock as it is set now."""
        return round(self.at.utc if self.restored else now.utc - (now.mono - self.at.mono), 3)

    def elapsed(self, now: Instant) -> float:
        """Return the seconds since, never negative.

        Only the UTC clock spans a restart, and it may be set right later: it is asked anew.
        """
        since = now.mono - self.at.mono
        if self.restored:
            since = max(since, min(now.utc - self.at.utc, LONGEST))
        return max(0.0, since)


class Limits:
    """The physical bound of one register; `largest_power` in W or var."""

    __slots__ = ("_rate", "_spans", "_step")

    def __init__(self, dial: Dial, largest_power: float) -> None:
        self._rate = largest_power / 3.6  # mWh per second
        self._step = dial.step
        self._spans = tuple(sorted(dial.spans))

    def bound(self, before: Seen, now: Instant) -> float:
        """Return the largest growth in mWh that is possible since `before` was read."""
        return self._rate * (before.elapsed(now) + SLACK) + self._step

    def growth(self, before: Seen, after: Seen) -> int | None:
        """Return by how much the register grew, rolling over if need be; None if it cannot have."""
        grown = after.total - before.total
        if grown == 0:
            return 0
        bound = self.bound(before, after.at)
        if grown > 0:
            return grown if grown <= bound else None
        for span in self._spans:
            # What fell by little did not go all the way round, however long nobody looked.
            if 0 <= grown + span <= min(bound, span * _ROUND):
                return grown + span
        return None
