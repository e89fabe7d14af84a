"""Equations from an energy index: when it went on, and by how much."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from submeter.calibration import rows, whitening
from submeter.calibration.course import Course
from submeter.calibration.reference import Crossing
from submeter.calibration.rows import Rows

Floats = npt.NDArray[np.float64]

FEWEST = 20  # crossings that say anything
_MOST = 4000  # of them; more of a long course are thinned out
_LAGS = np.arange(-1.0, 6.01, 0.5)  # s by which a reference is later than the clamps
_NEAR = 0.3  # s to either side that show what another lag would change
_JITTERS = (0.0, 0.1, 0.2, 0.3, 0.45, 0.65, 1.0, 1.5)  # s by which that differs
_WALKS = (3.0, 6.0, 10.0, 20.0, 40.0, 100.0, 300.0)  # W s^0.5 of what nobody can explain
_FLOOR = 100.0  # (Ws)^2 of a crossing at least
_OUTLIER = 8.0  # times what is usual
_UNSURE = 6.0  # s by which the time between two crossings is not known
_STRANGE = 4.0  # times the usual ratio of what clamps and reference measure


class Indexed(NamedTuple):
    """The equations, and what was found on the way: the lag of the reference in s and its jitter.

    `levels` are the net Ws that the reference had at `moments`, by the clock of the clamps;
    `breaks` tells where they do not go on from the one before.
    """

    rows: Rows
    lag: float
    jitter: float
    walk: float
    moments: Floats
    levels: Floats
    breaks: npt.NDArray[np.bool_]


def find(crossings: Sequence[Crossing], courses: Sequence[Course]) -> Indexed | None:
    """Return the equations of `crossings`; None where these are too few.

    The lag is that at which the least is left unexplained.
    """
    chosen = _within(crossings, courses)
    if len(chosen) < FEWEST:
        return None
    search = _Search(chosen, courses)
    try:
        return search.run()
    except np.linalg.LinAlgError:
        return None


def _within(crossings: Sequence[Crossing], courses: Sequence[Course]) -> list[Crossing]:
    """Return those that lie within the courses whatever the lag is, in order."""
    found = sorted(crossings)
    at = np.array([each.at for each in found])
    good = np.ones(len(found), bool)
    for course in courses:
        good &= course.covers(at - _LAGS[-1] - 1) & course.covers(at - _LAGS[0] + 1)
    chosen = [each for each, fits in zip(found, good, strict=True) if fits]
    return chosen[:: -(-len(chosen) // _MOST) or 1]


class _Search:
    """Looks for the lag, the jitter and the walk that make what is left most likely."""

    def __init__(self, crossings: Sequence[Crossing], courses: Sequence[Course]) -> None:
        self._courses = courses
        self._at = np.array([each.at for each in crossings])
        self._before = np.array([each.before for each in crossings])
        self._levels = np.array([each.level for each in crossings])
        self._steps = np.array([each.step for each in crossings])
        self._passed = np.diff(self._at, prepend=self._at[0])
        self._breaks = self._first_breaks()
        self._power = self._mean_power()
        self.lag, self.jitter, self.walk = 0.0, 0.3, 10.0

    def run(self) -> Indexed:
        """Return what was found; raises LinAlgError where too little is known."""
        self.lag = min(_LAGS, key=lambda lag: self._doubt(lag, self.jitter, self.walk))
        for _ in range(2):
            self._refine()
        if self._cut_outliers():
            self._refine()
        made = self._whatever_the_lag()
        moments = self._at - self.lag
        levels = self._levels + np.sign(self._steps) * self._reach() / 2
        return Indexed(made, self.lag, self.jitter, self.walk, moments, levels, self._breaks)

    def _whatever_the_lag(self) -> Rows:
        """Return the equations, less all of them that another lag would explain."""
        found, later = (self._rows(self.lag + way, self.jitter, self.walk)[0] for way in (0, _NEAR))
        earlier = self._rows(self.lag - _NEAR, self.jitter, self.walk)[0]
        unknowns = rows.solve(found).unknowns
        return found.without((later.design - earlier.design) @ unknowns)

    def _refine(self) -> None:
        self._power = self._fitted_power()
        lag, jitter, walk = self.lag, self.jitter, self.walk
        jitter = min(_JITTERS, key=lambda each: self._doubt(lag, each, walk))
        walk = min(_WALKS, key=lambda each: self._doubt(lag, jitter, each))
        nearby = lag + np.arange(-0.5, 0.51, 0.1)
        nearby = nearby[(nearby >= _LAGS[0]) & (nearby <= _LAGS[-1])]
        self.lag = float(min(nearby, key=lambda each: self._doubt(each, jitter, walk)))
        self.jitter, self.walk = jitter, walk

    def _doubt(self, lag: float, jitter: float, walk: float) -> float:
        """Return how unlikely it is: minus twice the log of the likelihood."""
        made, spread = self._rows(lag, jitter, walk)
        left = rows.solve(made).residuals
        return len(left) * float(np.log(left @ left / len(left) + 1e-12)) + spread

    def _rows(self, lag: float, jitter: float, walk: float) -> tuple[Rows, float]:
        moments = self._at - lag
        reach = self._reach()
        levels = self._levels + np.sign(self._steps) * reach / 2
        design = self._design(moments)
        variances = reach**2 / 12 + (self._power * jitter) ** 2 + _FLOOR
        columns = np.column_stack([levels, design])
        made, spread = whitening.whitened(
            columns - columns[0], variances, self._passed, self._breaks, walk
        )
        known = ~self._breaks
        return Rows(self._at[known], made[known, 1:], made[known, 0]), spread

    def _design(self, moments: Floats) -> Floats:
        energies = np.concatenate([each.energy_at(moments) for each in self._courses], axis=1)
        return np.column_stack([energies.real, -energies.imag, moments - moments[0]])

    def _reach(self) -> Floats:
        """Return how far in Ws the truth may be beyond an index, when it is heard to go on.

        A step at most, and no more than what flowed since it was last heard.
        """
        flowed = self._power * (self._at - self._before)
        found: Floats = np.minimum(np.abs(self._steps), flowed)
        return found

    def _mean_power(self) -> Floats:
        passed = np.maximum(self._passed, 0.1)
        grown = np.abs(np.diff(self._levels, prepend=self._levels[0]))
        return np.maximum(grown / passed, 1.0)

    def _fitted_power(self) -> Floats:
        """Return the power in W around each crossing, by the clamps: the index is too coarse."""
        unknowns = rows.solve(self._rows(self.lag, self.jitter, self.walk)[0]).unknowns
        early, late = self._before - self.lag - 0.5, self._at - self.lag + 0.5
        grown = (self._design(late) - self._design(early))[:, :-1] @ unknowns[:-1]
        found: Floats = np.maximum(np.abs(grown) / (late - early), 1.0)
        return found

    def _first_breaks(self) -> npt.NDArray[np.bool_]:
        """Find what cannot go on from the crossing before, before anything is fitted."""
        breaks = np.zeros(len(self._at), bool)
        breaks[0] = True
        turned = np.sign(self._steps[1:]) != np.sign(self._steps[:-1])
        grown = np.diff(self._levels) * np.sign(self._steps[1:])
        breaks[1:] |= turned | (grown <= 0)
        gaps = np.array([gap for course in self._courses for gap in course.gaps])
        for row, (early, late) in enumerate(pairwise(self._at), 1):
            breaks[row] |= bool(np.any((gaps > early - 7) & (gaps < late + 2)))
        # What an index does not count, such as export: the clamps go on alone.
        apparent = sum(
            np.abs(np.diff(course.energy_at(self._at), axis=0)).sum(axis=1)
            for course in self._courses
        )
        good = ~breaks[1:]
        if np.any(good):
            ratio = apparent / np.maximum(np.abs(grown), 1.0)
            # Two that are heard early and late are close by chance: to break there would choose.
            sure = np.maximum(1 - _UNSURE / np.maximum(np.diff(self._at), 0.1), 0.0)
            breaks[1:] |= ratio * sure > _STRANGE * np.median(ratio[good])
        return breaks

    def _cut_outliers(self) -> bool:
        """Break the course where what is left jumps; tell whether anything was found."""
        made = self._rows(self.lag, self.jitter, self.walk)[0]
        left = np.abs(rows.solve(made).residuals)
        usual = np.median(left) / 0.6745
        found = np.zeros(len(self._at), bool)
        found[~self._breaks] = left > _OUTLIER * max(float(usual), 0.3)
        self._breaks |= found
        return bool(np.any(found))
