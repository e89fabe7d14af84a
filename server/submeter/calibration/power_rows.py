"""Equations from readings of power, taken while nothing changes."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from submeter.calibration.course import Course
from submeter.calibration.rows import Rows

Floats = npt.NDArray[np.float64]

FEWEST = 20
_EARLY, _LATE = 8.0, 1.0  # s around a reading in which nothing may change: whatever its lag is
_APART = 5.0  # s between two readings that say something of their own
_STEADY = 0.01  # of the power, and
_STEADY_W = 4.0
_SURE = 5e-4  # of the power: no reference and no clamp is steadier


class Read(NamedTuple):
    """The equations of the readings at a steady load, and all the readings that were looked at.

    These are `watts` at the moments `at` in s; `steady` tells which of them are in the equations.
    """

    rows: Rows
    at: Floats
    watts: Floats
    steady: npt.NDArray[np.bool_]


def find(powers: Sequence[tuple[float, float]], courses: Sequence[Course]) -> Read | None:
    """Return the equations of `powers`, (s, W); None where too few were read at a steady load."""
    at, watts = _spread(powers)
    if len(at) < FEWEST:
        return None
    steady = np.ones(len(at), bool)
    means, wander = [], np.zeros(len(at))
    for course in courses:
        means.append(around(course, at))
        calm, wandered = _calm(course, at, means[-1])
        steady &= calm
        wander += wandered
    if np.count_nonzero(steady) < FEWEST:
        return None
    power = np.concatenate(means, axis=1)[steady]
    design = np.column_stack([power.real, -power.imag, np.ones(len(power))])
    own = (resolution(watts) / 12**0.5) ** 2 + (_SURE * watts[steady]) ** 2
    error = np.sqrt(own + wander[steady])
    made = Rows(at[steady], design / error[:, None], watts[steady] / error)
    return Read(made, at, watts, steady)


def around(course: Course, at: Floats) -> npt.NDArray[np.complex128]:
    """Return the mean power of each clamp around readings that were taken `at`, by the ratings."""
    grown = course.energy_at(at + _LATE) - course.energy_at(at - _EARLY)
    found: npt.NDArray[np.complex128] = grown / (_EARLY + _LATE)
    return found


def resolution(values: Floats) -> float:
    """Return the step in which `values` are told: 1, 0.1, 0.01 or 0.001, or a larger one."""
    for step in (100.0, 10.0, 1.0, 0.1, 0.01):
        if np.all(np.abs(values / step - np.round(values / step)) < 1e-6 * (1 + 1 / step)):
            return step
    return 0.001


def _spread(powers: Sequence[tuple[float, float]]) -> tuple[Floats, Floats]:
    chosen: list[tuple[float, float]] = []
    for each in powers:
        if not chosen or each[0] - chosen[-1][0] >= _APART:
            chosen.append(each)
    found = np.array(chosen, float).reshape(-1, 2)
    return found[:, 0], found[:, 1]


def _calm(
    course: Course, at: Floats, mean: npt.NDArray[np.complex128]
) -> tuple[npt.NDArray[np.bool_], Floats]:
    """Tell where each clamp carried its `mean` power all the time around a reading.

    And the mean square in W^2 by which they wandered there, as the reference looked at some moment
    of it only.
    """
    early, late = at - _EARLY, at + _LATE
    calm = course.covers(early) & course.covers(late)
    for gap in course.gaps:
        calm &= (gap < early - 2) | (gap > late + 2)
    wandered = np.zeros(len(at))
    seconds = np.arange(-_EARLY, _LATE)
    for second in seconds:
        power = course.energy_at(at + second + 1) - course.energy_at(at + second)
        away = np.abs(power - mean)
        calm &= np.all(away <= _STEADY * np.abs(mean) + _STEADY_W, axis=1)
        wandered += np.sum(away**2, axis=1) / len(seconds)
    return calm, wandered
