"""Keeps readings of an index out that damage made, or that physics forbids."""

from dataclasses import dataclass
from typing import NamedTuple

SLACK = 5.0  # s; what an instrument may take from a reading to its transmission


class _Reading(NamedTuple):
    total: int
    at: float


@dataclass(slots=True)
class _Register:
    latest: _Reading | None = None
    admitted: int | None = None
    fell: bool = False


class IndexGuard:
    """Admits a reading of an index once the next one follows from it.

    A checksum of a few bits lets one damaged reading in many through; waiting for the next keeps
    every lone one out. What follows is an index that did not fall and did not grow by more than
    `largest_power` (W or var) allows. An index below one admitted before is not admitted, however
    often it is repeated, unless `falls` says that the register may begin anew.
    """

    def __init__(self, largest_power: float, falls: bool = False) -> None:
        self._largest_power = largest_power
        self._falls = falls
        self._registers: dict[str, _Register] = {}

    def admit(self, name: str, index: int, now: float) -> int | None:
        """Take a reading of `name`, in mWh or mvarh at `now` seconds.

        Returns the reading before it if that one may be served now, else None.
        """
        register = self._registers.setdefault(name, _Register())
        before, register.latest = register.latest, _Reading(index, now)
        if before is None or not self._follows(before, register.latest):
            return None
        if not self._falls and register.admitted is not None and before.total < register.admitted:
            register.fell = True
            return None
        register.admitted, register.fell = before.total, False
        return before.total

    def fell(self, name: str) -> bool:
        """Tell whether the index of `name` stands below one that was admitted before."""
        register = self._registers.get(name)
        return register is not None and register.fell

    def _follows(self, before: _Reading, after: _Reading) -> bool:
        seconds = max(0.0, after.at - before.at) + SLACK
        return 0 <= after.total - before.total <= self._largest_power * seconds / 3.6
