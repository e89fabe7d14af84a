"""What calibration has found of a board, and corrects on the host."""

from typing import NamedTuple


class ClampCorrection(NamedTuple):
    """Of a clamp: true complex power is `gain * e^(j phase)` times that by the ratings alone.

    True current is `gain` times that by the ratings, once `noise`, its mean square in codes^2
    without load, was taken out of it. `phase` is in degrees and counts what voltage and clamp do
    together: a reversed clamp has 180. `leak_active` and `leak_reactive` are the W and var that
    it shows without load at 230 V, after gain and phase; they grow with the square of the voltage.
    """

    gain: float = 1.0
    phase: float = 0.0
    noise: float = 0.0
    leak_active: float = 0.0
    leak_reactive: float = 0.0


class BoardCorrection(NamedTuple):
    """Of a board: `voltage` is the factor of the true voltage, `clamps` by number from 1 on.

    `voltage_noise` is a mean square in codes^2. `gain` of a clamp does not contain `voltage`.
    """

    voltage: float = 1.0
    voltage_noise: float = 0.0
    clamps: tuple[ClampCorrection, ...] = (ClampCorrection(),) * 4


NONE = BoardCorrection()
