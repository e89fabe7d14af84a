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
    `largest_power` (W or var) allows. What a register does over time is not judged here.
    """

    MOST = 1000
    """Names that are remembered; the one that was heard the longest ago is forgotten first."""

    def __init__(self, largest_power: float) -> None:
        self._largest_power = largest_power
        self._latest: dict[str, _Reading] = {}

    def admit(self, name: str, index: int, now: float) -> int | None:
        """Take a reading of `name`, in mWh or mvarh at `now` seconds.

        Returns the reading before it if that one may be served now, else None.
        """
        before = self._latest.pop(name, None)
        self._latest[name] = latest = _Reading(index, now)
        if len(self._latest) > self.MOST:
            del self._latest[next(iter(self._latest))]
        if before is None:
            return None
        seconds = latest.at - before.at
        confirmed = follows(before.total, latest.total, seconds, self._largest_power)
        return before.total if confirmed else None


def follows(before: int, after: int, seconds: float, largest_power: float) -> bool:
    """Tell whether an index in mWh can read `after` that read `before` so many seconds earlier."""
    return 0 <= after - before <= largest_power * (max(0.0, seconds) + SLACK) / 3.6
