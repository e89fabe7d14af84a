"""What a clamp whose loads have one power factor says of itself: all but its phase.

Of such loads each phase goes with a gain: the power that was measured is known, how it splits is
not. The phase stays what it was, then, give or take what clamps and transformers are off by.
"""

import cmath
import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from submeter.calibration.turning import MOST

Floats = npt.NDArray[np.float64]

UNSOUGHT = 1.0  # degrees of standard error beyond which a phase is not there to be found
WIDTH = MOST / 3  # degrees, standard error of a phase of which nothing is known
OFF = 0.15  # gain beyond the ratings that no clamp has
_LEAST = 0.1  # cosine of the angle to the loads; beyond it nothing tells of the gain
_CLOSE = 0.9  # likewise, from which on an error of the phase matters little
_FAR = 5.0  # standard errors; what is beyond finding is far off at times


class Known(NamedTuple):
    """What is known of one factor: its value and the covariance of its two parts."""

    factor: complex
    covariance: Floats

    @property
    def narrow(self) -> complex:
        """The direction, of length 1, in which it is known best."""
        ways = np.linalg.eigh(self.covariance)[1]
        return complex(ways[0, 0], ways[1, 0])

    def error(self, way: complex) -> float:
        """Return the standard error in the direction `way`, of length 1."""
        parts = np.array([way.real, way.imag])
        square = float(parts @ self.covariance @ parts)
        # What rounding made of an unknown beyond finding.
        return math.sqrt(square) if square > 0 else math.inf

    def part(self, way: complex) -> float:
        """Return how far it reaches in the direction `way`, of length 1."""
        return (self.factor * way.conjugate()).real


def unsought(known: Known, expected: complex) -> bool:
    """Tell whether there is a direction in which too little is known for a phase."""
    return known.error(known.narrow * 1j) > math.radians(UNSOUGHT) * abs(expected)


def turns(known: Known, expected: complex) -> list[int]:
    """Return by how many degrees, multiples of 60, a clamp may be turned from `expected`.

    Those with a gain near that of `expected`; if there is none, the nearest that the phase allows.
    None at all where the gain is what is known least, and no phase would make it known.
    """
    narrow = known.narrow
    wide = narrow * 1j
    reaches, gains = {}, {}
    for turn in range(-120, 181, 60):
        turned = cmath.rect(1, cmath.phase(expected) + math.radians(turn))
        reach = (turned * narrow.conjugate()).real
        gain = known.part(narrow) / reach if abs(reach) >= _LEAST else 0.0
        apart = abs(known.part(wide) - gain * (turned * wide.conjugate()).real)
        allowed = _FAR * known.error(wide) + gain * math.radians(MOST)
        if gain > 0 and apart <= allowed:
            reaches[turn], gains[turn] = abs(reach), gain / abs(expected)
    near = [turn for turn, gain in gains.items() if abs(gain - 1) <= OFF]
    if len(near) > 1:
        return near
    nearest = sorted(gains, key=lambda turn: abs(math.log(gains[turn])))[:1]
    return [turn for turn in nearest if reaches[turn] >= _CLOSE]


def equation(factor: complex) -> tuple[float, float]:
    """Return what the two parts of a factor count, in an equation of 0 with an error of 1.

    It says that the phase is that of `factor`, give or take `WIDTH`.
    """
    across = 1j * factor / abs(factor) ** 2 / math.radians(WIDTH)
    return across.real, across.imag


def kept(known: Known, expected: complex) -> tuple[complex, float]:
    """Return the factor with the phase of `expected`, and the standard error of its gain.

    `known` is what follows with `equation`; the error is relative, and that of a true phase which
    is another one.
    """
    along = expected / abs(expected)
    across = along * 1j
    turn = np.array([[along.real, along.imag], [across.real, across.imag]])
    covariance = turn @ known.covariance @ turn.T
    gain = known.part(along)
    moved = float(covariance[0, 1] / covariance[1, 1]) * known.part(across)
    left = gain - moved
    return left * along, math.hypot(known.error(along), moved) / abs(left or 1.0)
