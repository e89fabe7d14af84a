"""What a calibration does not hear for a while: when to tell it, and when to give up."""

import math
from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

from submeter.calibration.reference import ReferenceCourse
from submeter.calibration.sample import Sample

SILENT = 30.0  # s; a board that says nothing for so long is lost
REFERENCE_SILENT = 300.0  # s; some instruments are asked each minute
_HEARD = 90.0  # s between two readings of a reference that was heard all the time
WAITED = 180.0  # s of silence that a long session waits for: a restart, a cable that was pulled
BY_HAND = 3.0  # s likewise, where a gap would spoil it all
_TOLD, _REFERENCE_TOLD = 5.0, _HEARD  # s; what comes back sooner is not told


class Silence(NamedTuple):
    """What is silent, and why; for `age` s, of which `limit` are waited for."""

    reason: str
    age: float
    limit: float
    told: float = _TOLD

    @property
    def over(self) -> bool:
        """Whether it has lasted too long."""
        return self.age >= self.limit

    @property
    def note(self) -> str:
        """What to tell of it; empty while it is short."""
        if self.age < self.told:
            return ""
        return f"{self.reason}: for {self.age:.0f} s, waiting up to {self.limit:.0f} s"


def heard(found: Sample, reference: ReferenceCourse, patience: float) -> list[Silence]:
    """Return what an answer of the program lacks, with the least time to wait first.

    `patience` is that with the program, in s.
    """
    silences = [
        Silence(
            f"board {board.uid} is silent; is it plugged in?",
            found.at - board.at,
            max(SILENT, patience),
        )
        for board in found.boards
    ]
    if found.reference is not None:
        age = found.at - reference.heard if reference.heard is not None else math.inf
        reason = (
            "the reference is silent (it has to be read each 5 minutes): see 'submeter explain'"
        )
        silences.append(Silence(reason, age, REFERENCE_SILENT, _REFERENCE_TOLD))
    return sorted(silences, key=lambda each: each.limit - each.age)


def all_told(steps: Sequence[float]) -> float:
    """Return for how many s a reference was heard that was read after `steps` of s each.

    A step that is much longer than its others was a silence.
    """
    longest = max(_HEARD, 2 * median(steps)) if steps else 0.0
    return sum(step for step in steps if step <= longest)
