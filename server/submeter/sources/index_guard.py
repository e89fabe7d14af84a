"""Keeps readings of an index out that physics forbids."""

from dataclasses import dataclass
from typing import NamedTuple

IN_A_ROW = 2  # readings that must agree before one that was not to be expected is believed
SLACK = 5.0  # s; what an instrument may take from a reading to its transmission


class _Reading(NamedTuple):
    total: int
    at: float


@dataclass(slots=True)
class _Register:
    admitted: _Reading | None = None
    suspect: _Reading | None = None
    agreeing: int = 0


class IndexGuard:
    """Admits an index that follows from the one before, or that the next reading confirms.

    A checksum of a few bits lets one damaged reading in many through. What follows is an index that
    did not fall and did not grow by more than `largest_power` (W or var) allows. An index that is
    lower than one admitted before is never admitted, however often it is repeated.
    """

    def __init__(self, largest_power: float) -> None:
        self._largest_power = largest_power
        self._registers: dict[str, _Register] = {}
        self.refused = 0

    def admit(self, name: str, index: int, now: float) -> bool:
        """Tell whether the index of `name`, in mWh or mvarh at `now` seconds, may be served."""
        register = self._registers.setdefault(name, _Register())
        reading = _Reading(index, now)
        if not self._follows(register.admitted, reading):
            agrees = self._follows(register.suspect, reading)
            register.agreeing = register.agreeing + 1 if agrees else 1
            register.suspect = reading
            fell = register.admitted is not None and index < register.admitted.total
            if register.agreeing < IN_A_ROW or fell:
                self.refused += 1
                return False
        register.admitted, register.suspect, register.agreeing = reading, None, 0
        return True

    def fell(self, name: str) -> bool:
        """Tell whether the index of `name` stands below one that was admitted before."""
        register = self._registers.get(name)
        return register is not None and register.agreeing >= IN_A_ROW

    def _follows(self, before: _Reading | None, reading: _Reading) -> bool:
        if before is None:
            return False
        seconds = max(0.0, reading.at - before.at) + SLACK
        return 0 <= reading.total - before.total <= self._largest_power * seconds / 3.6
