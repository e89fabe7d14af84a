"""Plots two courses over time in plain characters, for any terminal."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from submeter.calibration.course import Course
from submeter.calibration.fit import Fit

Floats = npt.NDArray[np.float64]

WIDTH, HEIGHT = 64, 12
_REFERENCE, _CLAMPS, _BOTH = "o", "+", "*"


def comparison(fit: Fit, courses: Sequence[Course], width: int = WIDTH) -> str:
    """Return the power of the reference and of the clamps as fitted, and what is left of energy.

    Empty without an index.
    """
    indexed = fit.indexed
    if indexed is None:
        return ""
    edges = np.linspace(indexed.moments[0], indexed.moments[-1], width + 1)
    clamps = _energy(fit, courses, edges)
    reference = np.interp(edges, indexed.moments, indexed.levels)
    passed = np.diff(edges)
    minutes = (edges[-1] - edges[0]) / 60
    power = over_time([np.diff(reference) / passed, np.diff(clamps) / passed], "W")
    # What lasts is told by the bias and by breaks; what is left comes and goes around it.
    left = indexed.levels - _energy(fit, courses, indexed.moments)
    pieces = np.split(left, np.flatnonzero(indexed.breaks[1:]) + 1)
    left = np.concatenate([piece - piece.mean() for piece in pieces]) / 3600
    places = np.clip(np.searchsorted(edges, indexed.moments) - 1, 0, width - 1)
    counts = np.maximum(np.bincount(places, minlength=width), 1)
    means = np.bincount(places, left, minlength=width) / counts
    means[np.bincount(places, minlength=width) == 0] = np.nan
    rest = over_time([means], "Wh", 5)
    return "\n".join(
        [
            f"power over {minutes:.0f} min: {_REFERENCE} reference, {_CLAMPS} clamps as proposed, "
            f"{_BOTH} both",
            power,
            "energy of the reference less that of the clamps:",
            rest,
        ]
    )


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
        factors = {clamp.number: clamp.factor for clamp in fit.clamps if clamp.uid == course.uid}
        for place, number in enumerate(course.numbers):
            if number in factors:
                energy = course.energy_at(moments)[:, place]
                total = total + (factors[number] * (energy - energy[0])).real
    return total
