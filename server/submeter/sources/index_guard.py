"""Keeps readings of an index out that damage made."""

from typing import NamedTuple

from submeter.meter.limits import SLACK


class _Reading(NamedTuple):
    total: int
    at: float


class IndexGuard:
    """Admits a reading of an index once the next one follows from it.

    A checksum of a few bits lets one damaged reading in many through; waiting for the next keeps
    every lone one out. What follows is an index that did not fall and did not grow by more than
    `largest_power` (W or var) allows. A reading that the one before and the one after contradict is
    a lone one too, though the one after might follow from it. What a register does over time is not
    judged here.
    """

    MOST = 1000
    """Names that are remembered; the one that was heard the longest ago is forgotten first."""

    def __init__(self, largest_power: float) -> None:
        self._largest_power = largest_power
        self._latest: dict[str, tuple[_Reading | None, _Reading]] = {}

    def admit(self, name: str, index: int, now: float) -> int | None:
        """Take a reading of `name`, in mWh or mvarh at `now` seconds.

        Returns the reading before it if that one may be served now, else None.
        """
        earlier, before = self._latest.pop(name, (None, None))
        self._latest[name] = before, (latest := _Reading(index, now))
        if len(self._latest) > self.MOST:
            del self._latest[next(iter(self._latest))]
        if before is None or not self._follows(before, latest):
            return None
        lone = earlier and not self._follows(earlier, before) and self._follows(earlier, latest)
        return None if lone else before.total

    def _follows(self, before: _Reading, after: _Reading) -> bool:
        seconds = after.at - before.at
        return follows(before.total, after.total, seconds, self._largest_power)


def follows(before: int, after: int, seconds: float, largest_power: float) -> bool:
    """Tell whether an index in mWh can read `after` that read `before` so many seconds earlier."""
    return 0 <= after - before <= largest_power * (max(0.0, seconds) + SLACK) / 3.6
