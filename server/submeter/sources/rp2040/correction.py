"""What calibration has found of a board, and corrects on the host."""

import cmath
import math
from typing import NamedTuple


class ClampCorrection(NamedTuple):
    """Of a clamp: true current is `gain` times that by the ratings, after its noise was taken out.

    `noise` is its mean square in codes^2 without load. True complex power is that by the ratings
    times `gain * e^(j phase)`, and times `BoardCorrection.voltage`. `phase` is in degrees and
    counts what voltage and clamp do together: a reversed clamp has 180. `leak_active` and
    `leak_reactive` are the W and var that it shows without load at 230 V, after all of this; they
    are taken out last, and grow with the square of the voltage.
    """

    gain: float = 1.0
    phase: float = 0.0
    noise: float = 0.0
    leak_active: float = 0.0
    leak_reactive: float = 0.0


class BoardCorrection(NamedTuple):
    """Of a board: `voltage` is the factor of the true voltage, `clamps` by number from 1 on.

    `voltage_noise` is a mean square in codes^2.
    """

    voltage: float = 1.0
    voltage_noise: float = 0.0
    clamps: tuple[ClampCorrection, ...] = (ClampCorrection(),) * 4

    def factor(self, number: int) -> complex:
        """Return what makes true complex power of that by the ratings, of clamp `number`."""
        clamp = self.clamps[number - 1]
        return cmath.rect(self.voltage * clamp.gain, math.radians(clamp.phase))


NONE = BoardCorrection()
