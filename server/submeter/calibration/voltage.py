"""The factor of the voltage, against the readings of a reference."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from submeter.calibration.course import Course
from submeter.calibration.power_rows import resolution

SHORTEST = 600.0  # s of readings
ERROR = 0.002
OFF = 0.3
_EARLY, _LATE = 4.0, 1.0  # s around a reading that it stands for, whatever its lag is


class VoltageFit(NamedTuple):
    """The factor of the true voltage to that by the ratings, and its relative standard error."""

    factor: float
    error: float
    readings: int

    @property
    def sure(self) -> bool:
        """Whether it can be proposed."""
        return self.error <= ERROR and abs(self.factor - 1) <= OFF


def find(course: Course, readings: Sequence[tuple[float, float]]) -> VoltageFit | None:
    """Return what `readings`, (s, V), say; None if these are too few.

    They come in steps of 1 V where a TIC tells them: it is their wandering from step to step that
    makes the mean finer than that.
    """
    found = np.array(readings, float).reshape(-1, 2)
    at, volts = found[:, 0], found[:, 1]
    inside = course.covers(at - _EARLY) & course.covers(at + _LATE) & (volts > 0)
    at, volts = at[inside], volts[inside]
    if len(at) < 2 or at[-1] - at[0] < SHORTEST:
        return None
    times, squares, seconds = course.times, course.volts, course.seconds
    early, late = at - _EARLY, at + _LATE
    grown = np.interp(late, times, squares) - np.interp(early, times, squares)
    passed = np.interp(late, times, seconds) - np.interp(early, times, seconds)
    good = (passed > 0) & (grown > 0)
    if not np.any(good):
        return None
    measured = np.sqrt(grown[good] / passed[good])
    volts = volts[good]
    runs = 1 + np.count_nonzero(np.diff(volts))
    step = resolution(volts)
    spread = float(np.std(volts / measured)) / len(volts) ** 0.5
    error = float(np.hypot(step / 12**0.5 / runs**0.5 / volts.mean(), spread))
    return VoltageFit(float(volts.sum() / measured.sum()), error, len(volts))
