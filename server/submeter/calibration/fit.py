"""Fits a complex factor of each clamp to what a reference of the same circuit says."""

import cmath
import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from submeter.calibration import index_rows, kept_phase, power_rows, rows
from submeter.calibration.course import Course
from submeter.calibration.kept_phase import Known
from submeter.calibration.reference import ReferenceCourse
from submeter.calibration.rows import PRIOR, Rows, Solution

Floats = npt.NDArray[np.float64]

IDLE = 5.0  # VA; a clamp that carries less says nothing
_SURE = 3.0  # standard errors


Key = tuple[str, int]  # board and number of a clamp


class ClampFit(NamedTuple):
    """Of clamp `number` of board `uid`: `factor` makes true complex power of that by the ratings.

    `gain_error` and `power_error`, of the power that it carried, are relative and `phase_error` in
    degrees, all standard errors; `apparent` is the VA by the ratings that it carried, on average.
    `turns` are given where its loads have one power factor: by how many degrees it may be turned.
    Where that is one of them the phase is as it was, turned by it, and the gain goes with it.
    """

    uid: str
    number: int
    factor: complex
    gain_error: float
    phase_error: float
    power_error: float
    apparent: float
    turns: tuple[int, ...] = ()

    @property
    def keeps_phase(self) -> bool:
        """Whether its phase is no finding."""
        return len(self.turns) == 1


class Fit(NamedTuple):
    """What was found. `idle` are (uid, number) of clamps that carried nothing.

    `bias` in W, with its standard error, is what the reference counts and no clamp sees. `lag` in
    s is how much later the reference is, None without an index; `steps` and `readings` are how
    often the index went on and how many powers were used. `condition` tells how well the clamps
    can be told apart: 1 is best.
    """

    clamps: tuple[ClampFit, ...]
    idle: tuple[tuple[str, int], ...]
    bias: float
    bias_error: float
    lag: float | None
    steps: int
    readings: int
    breaks: int
    condition: float
    indexed: index_rows.Indexed | None
    read: power_rows.Read | None = None


def fit(
    courses: Sequence[Course],
    reference: ReferenceCourse,
    expected: Mapping[Key, complex] = MappingProxyType({}),
) -> Fit | None:
    """Return what fits best; None where too little is known yet.

    `expected` are the factors with the phases as they are now and without a gain, 1 if not given.
    """
    busy, idle = _sorted(courses)
    if not busy:
        return None
    indexed = index_rows.find(reference.crossings, busy)
    read = power_rows.find(reference.powers, busy)
    parts = [_trusted(each.rows) for each in (indexed, read) if each]
    if not parts:
        return None
    keys = [(course.uid, number) for course in busy for number in course.numbers]
    try:
        held = _Held(rows.joined(parts), [expected.get(key, 1 + 0j) for key in keys])
    except np.linalg.LinAlgError:
        return None
    apparent = np.concatenate([_apparent(course) for course in busy])
    clamps = [held.clamp(place, key, apparent[place]) for place, key in enumerate(keys)]
    return _fit(tuple(clamps), tuple(idle), held.solution, indexed, read)


def _fit(
    clamps: tuple[ClampFit, ...],
    idle: tuple[Key, ...],
    solution: Solution,
    indexed: index_rows.Indexed | None,
    read: power_rows.Read | None,
) -> Fit:
    return Fit(
        clamps,
        idle,
        float(solution.unknowns[-1]),
        float(solution.covariance[-1, -1] ** 0.5),
        indexed.lag if indexed else None,
        len(indexed.rows.at) if indexed else 0,
        len(read.rows.at) if read else 0,
        int(np.count_nonzero(indexed.breaks[1:])) if indexed else 0,
        solution.condition,
        indexed,
        read,
    )


def _sorted(courses: Sequence[Course]) -> tuple[list[Course], list[Key]]:
    """Return the courses of the clamps that carry something, and the other clamps."""
    busy, idle = [], []
    for course in courses:
        carried = dict(zip(course.numbers, _apparent(course), strict=True))
        kept = tuple(number for number, power in carried.items() if power >= IDLE)
        idle += [(course.uid, number) for number in course.numbers if number not in kept]
        if kept:
            busy.append(course.only(kept))
    return busy, idle


def _apparent(course: Course) -> Floats:
    """Return the mean VA of each clamp by the ratings."""
    energies, times = course.energies, course.times
    passed = times[-1] - times[0] if len(times) > 1 else 1.0
    found: Floats = np.abs(np.diff(energies, axis=0)).sum(axis=0) / passed
    return found


def _trusted(part: Rows) -> Rows:
    """Return the equations with the error that they have in truth, where it can be known."""
    try:
        scatter = rows.solve(part).scatter
    except np.linalg.LinAlgError:
        return part  # by itself it is too little
    return part.over(max(1.0, scatter))


def _solved(made: Rows, believed: Floats | None) -> Solution:
    """Solve with little that no clamp sees, unless there is more for sure."""
    free = rows.solve(made, None, believed)
    bias, error = abs(free.unknowns[-1]), free.covariance[-1, -1] ** 0.5
    sure = bias > _SURE * math.hypot(error, PRIOR)
    return free if sure else rows.solve(made, PRIOR, believed)


class _Held:
    """A solution in which clamps that say nothing of their phase keep it; raises LinAlgError."""

    def __init__(self, made: Rows, expected: Sequence[complex]) -> None:
        self._expected = expected
        self._turns: dict[int, list[int]] = {}
        self.solution = _solved(made, None)
        beliefs = []
        for place, each in enumerate(expected):
            known = self._known(place)
            if not kept_phase.unsought(known, each):
                continue
            self._turns[place] = kept_phase.turns(known, each)
            if len(self._turns[place]) == 1:
                belief = np.zeros(made.design.shape[1])
                belief[self._pair(place)] = kept_phase.equation(self._turned(place))
                beliefs.append(belief)
        if beliefs:
            self.solution = _solved(made, np.array(beliefs))

    def clamp(self, place: int, key: Key, apparent: float) -> ClampFit:
        """Return what was found of the clamp in `place`."""
        known = self._known(place)
        turns = self._turns.get(place, [])
        way = _along(known.factor)
        size = abs(known.factor) or 1.0
        across = math.degrees(known.error(way * 1j) / size)
        factor, along = known.factor, known.error(way) / size
        if len(turns) == 1:
            factor, along = kept_phase.kept(known, self._turned(place))
        narrow = known.narrow
        power = known.error(narrow) / (abs(known.part(narrow)) or 1.0)
        return ClampFit(*key, factor, along, across, power, float(apparent), tuple(turns))

    def _turned(self, place: int) -> complex:
        return self._expected[place] * cmath.rect(1, math.radians(self._turns[place][0]))

    def _pair(self, place: int) -> list[int]:
        return [place, len(self._expected) + place]

    def _known(self, place: int) -> Known:
        pair = self._pair(place)
        factor = complex(*self.solution.unknowns[pair])
        return Known(factor, self.solution.covariance[np.ix_(pair, pair)])


def _along(factor: complex) -> complex:
    return cmath.rect(1, cmath.phase(factor))
