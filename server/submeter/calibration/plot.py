"""Plots two courses over time in plain characters, for any terminal."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from submeter.calibration import power_rows
from submeter.calibration.course import Course
from submeter.calibration.fit import Fit
from submeter.calibration.index_rows import Indexed
from submeter.calibration.power_rows import Read

Floats = npt.NDArray[np.float64]

WIDTH, HEIGHT = 64, 12
_REFERENCE, _CLAMPS, _BOTH = "o", "+", "*"


def comparison(fit: Fit, courses: Sequence[Course], width: int = WIDTH) -> str:
    """Return the power of the reference and of the clamps as fitted, and what is left.

    That is of energy where there is an index, else of power.
    """
    if fit.indexed is not None:
        return _of_index(fit, fit.indexed, courses, width)
    if fit.read is not None:
        return _of_power(fit, fit.read, courses, width)
    return ""


def _of_index(fit: Fit, indexed: Indexed, courses: Sequence[Course], width: int) -> str:
    edges = np.linspace(indexed.moments[0], indexed.moments[-1], width + 1)
    clamps = _energy(fit, courses, edges)
    reference = np.interp(edges, indexed.moments, indexed.levels)
    passed = np.diff(edges)
    # What lasts is told by the bias and by breaks; what is left comes and goes around it.
    left = indexed.levels - _energy(fit, courses, indexed.moments)
    pieces = np.split(left, np.flatnonzero(indexed.breaks[1:]) + 1)
    left = np.concatenate([piece - piece.mean() for piece in pieces]) / 3600
    power = over_time([np.diff(reference) / passed, np.diff(clamps) / passed], "W")
    rest = over_time([_means(edges, indexed.moments, left)], "Wh", 5)
    return _shown(edges, power, "energy of the reference less that of the clamps:", rest)


def _of_power(fit: Fit, read: Read, courses: Sequence[Course], width: int) -> str:
    edges = np.linspace(read.at[0], read.at[-1], width + 1)
    clamps = np.diff(_energy(fit, courses, edges)) / np.diff(edges)
    power = over_time([_means(edges, read.at, read.watts), clamps], "W")
    steady = read.at[read.steady]
    fitted = np.full(len(steady), fit.bias)
    for course in courses:
        for place, factor in _factors(fit, course):
            fitted = fitted + (factor * power_rows.around(course, steady)[:, place]).real
    rest = over_time([_means(edges, steady, read.watts[read.steady] - fitted)], "W", 5)
    title = "power of the reference less that of the clamps, at a steady load:"
    return _shown(edges, power, title, rest)


def _shown(edges: Floats, power: str, title: str, rest: str) -> str:
    minutes = (edges[-1] - edges[0]) / 60
    heading = (
        f"power over {minutes:.0f} min: {_REFERENCE} reference, {_CLAMPS} clamps as proposed, "
        f"{_BOTH} both"
    )
    return "\n".join([heading, power, title, rest])


def _means(edges: Floats, at: Floats, values: Floats) -> Floats:
    """Return the mean of the `values` between two edges each, NaN where there are none."""
    width = len(edges) - 1
    places = np.clip(np.searchsorted(edges, at) - 1, 0, width - 1)
    counts = np.bincount(places, minlength=width)
    means: Floats = np.bincount(places, values, minlength=width) / np.maximum(counts, 1)
    means[counts == 0] = np.nan
    return means


def over_time(courses: Sequence[Floats], unit: str, height: int = HEIGHT) -> str:
    """Return a plot of one or two courses with a scale on the left; NaN is left out."""
    every = np.concatenate(courses)
    every = every[np.isfinite(every)]
    if not len(every):
        return "(nothing)"
    low, high = float(every.min()), float(every.max())
    if high - low < 1e-9:
        low, high = low - 1, high + 1
    grid = [[" "] * len(courses[0]) for _ in range(height)]
    for mark, course in zip((_REFERENCE, _CLAMPS), courses, strict=False):
        for column, value in enumerate(course):
            if np.isfinite(value):
                row = round((high - float(value)) / (high - low) * (height - 1))
                cell = grid[row][column]
                grid[row][column] = mark if cell in (" ", mark) else _BOTH
    scale = {0: high, height - 1: low}
    lines = []
    for row, cells in enumerate(grid):
        label = f"{scale[row]:.4g} {unit}" if row in scale else ""
        lines.append(f"{label:>12} |{''.join(cells)}".rstrip())
    return "\n".join(lines)


def _energy(fit: Fit, courses: Sequence[Course], moments: Floats) -> Floats:
    """Return the Ws of the clamps as fitted, with what no clamp sees, from the first moment on."""
    total: Floats = fit.bias * (moments - moments[0])
    for course in courses:
        for place, factor in _factors(fit, course):
            energy = course.energy_at(moments)[:, place]
            total = total + (factor * (energy - energy[0])).real
    return total


def _factors(fit: Fit, course: Course) -> list[tuple[int, complex]]:
    """Return place and factor of each clamp of `course` that was fitted."""
    found = {clamp.number: clamp.factor for clamp in fit.clamps if clamp.uid == course.uid}
    places = enumerate(course.numbers)
    return [(place, found[number]) for place, number in places if number in found]
