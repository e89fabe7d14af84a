"""Fits a complex factor of each clamp to what a reference of the same circuit says."""

import cmath
import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from submeter.calibration import index_rows, power_rows, rows
from submeter.calibration.course import Course
from submeter.calibration.reference import ReferenceCourse
from submeter.calibration.rows import PRIOR, Rows, Solution

Floats = npt.NDArray[np.float64]

IDLE = 5.0  # VA; a clamp that carries less says nothing
_SURE = 3.0  # standard errors


class ClampFit(NamedTuple):
    """Of clamp `number` of board `uid`: `factor` makes true complex power of that by the ratings.

    `gain_error` is relative and `phase_error` in degrees, both standard errors; `apparent` is the
    VA by the ratings that it carried, on average.
    """

    uid: str
    number: int
    factor: complex
    gain_error: float
    phase_error: float
    apparent: float


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


def fit(courses: Sequence[Course], reference: ReferenceCourse) -> Fit | None:
    """Return what fits best; None where too little is known yet."""
    idle, busy = [], []
    for course in courses:
        carried = dict(zip(course.numbers, _apparent(course), strict=True))
        kept = tuple(number for number, power in carried.items() if power >= IDLE)
        idle += [(course.uid, number) for number in course.numbers if number not in kept]
        if kept:
            busy.append(course.only(kept))
    if not busy:
        return None
    indexed = index_rows.find(reference.crossings, busy)
    read = power_rows.find(reference.powers, busy)
    parts = [_trusted(each) for each in (indexed.rows if indexed else None, read) if each]
    try:
        solution = _solved(rows.joined(parts)) if parts else None
    except np.linalg.LinAlgError:
        return None
    if solution is None:
        return None
    return Fit(
        tuple(_clamps(solution, busy)),
        tuple(idle),
        float(solution.unknowns[-1]),
        float(solution.covariance[-1, -1] ** 0.5),
        indexed.lag if indexed else None,
        len(indexed.rows.at) if indexed else 0,
        len(read.at) if read else 0,
        int(np.count_nonzero(indexed.breaks[1:])) if indexed else 0,
        solution.condition,
        indexed,
    )


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


def _solved(made: Rows) -> Solution:
    """Solve with little that no clamp sees, unless there is more for sure."""
    free = rows.solve(made, prior=None)
    bias, error = abs(free.unknowns[-1]), free.covariance[-1, -1] ** 0.5
    return free if bias > _SURE * math.hypot(error, PRIOR) else rows.solve(made)


def _clamps(solution: Solution, courses: Sequence[Course]) -> list[ClampFit]:
    count = sum(len(course.numbers) for course in courses)
    found = []
    place = 0
    for course in courses:
        for number, apparent in zip(course.numbers, _apparent(course), strict=True):
            factor = complex(solution.unknowns[place], solution.unknowns[count + place])
            pair = [place, count + place]
            covariance = solution.covariance[np.ix_(pair, pair)]
            along, across = _errors(factor, covariance)
            found.append(
                ClampFit(course.uid, number, factor, along, math.degrees(across), float(apparent))
            )
            place += 1
    return found


def _errors(factor: complex, covariance: Floats) -> tuple[float, float]:
    """Return the standard errors of a complex number along and across it, relative to its size."""
    turn = cmath.phase(factor)
    along = np.array([math.cos(turn), math.sin(turn)])
    across = np.array([-math.sin(turn), math.cos(turn)])
    size = abs(factor) or 1.0
    radial, tangential = (_root(float(way @ covariance @ way)) for way in (along, across))
    return radial / size, tangential / size


def _root(square: float) -> float:
    """Return the square root; of what rounding made of an unknown beyond finding, infinity."""
    return math.sqrt(square) if square > 0 else math.inf
