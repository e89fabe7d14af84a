"""What one clamp measured of a load that stayed as it was."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from submeter.calibration.course import Course
from submeter.calibration.sample import BoardSample
from submeter.errors import SubmeterError

Floats = npt.NDArray[np.float64]

FEWEST = 8  # records
_LEAK_AT = 230.0  # V
_TYPICAL_NOISE = 1.5  # codes^2 of a clamp whose own was not measured
_UNSTEADY = 0.02  # of the current, as a standard deviation


class Steady(NamedTuple):
    """Means of clamp `number` by the ratings alone, without what it shows with no load.

    `square` is in codes^2 with its standard error; `power` is P + jQ in W with that of its size,
    relative, and of its angle, in radians; `volts` is None without a voltage, `amperes` has the
    noise taken out. `spread` is the standard deviation of the current, relative.
    """

    number: int
    conductor: str
    seconds: float
    volts: float | None
    amperes: float
    square: float
    square_error: float
    power: complex
    power_error: float
    angle_error: float
    spread: float


def measure(course: Course, board: BoardSample, number: int, *, leak: bool = True) -> Steady:
    """Return what clamp `number` of `board` measured over `course`; raises SubmeterError.

    Without `leak` nothing is taken out of its power.
    """
    passed = np.diff(course.seconds)
    if np.count_nonzero(passed > 0) < FEWEST or course.gaps:
        raise SubmeterError("too little was heard of the board, or with gaps; try again")
    if course.saturated > 0:
        raise SubmeterError("the converter of the board is at its end: the current is too large")
    counted = passed > 0
    passed = passed[counted]
    place = course.numbers.index(number)
    squares = np.diff(course.squares[:, place])[counted] / passed
    powers = np.diff(course.energies[:, place])[counted] / passed
    clamp = next(each for each in board.clamps if each.number == number)
    correction = board.correction.clamps[number - 1]
    noise = correction.noise or _TYPICAL_NOISE
    volts = None
    if board.voltage_square is not None:
        volts = float(np.sqrt(max(0.0, course.volts[-1]) / course.seconds[-1]))
    power = complex(powers.mean())
    if leak and volts is not None:
        shown = complex(correction.leak_active, correction.leak_reactive)
        scale = (volts * board.correction.voltage / _LEAK_AT) ** 2
        power -= shown / board.correction.factor(number) * scale
    currents = np.sqrt(np.maximum(squares - noise, 0.0)) * clamp.amperes
    size = abs(power) or 1.0
    turned = powers * np.conj(power) / size
    mean = float(currents.mean())
    return Steady(
        number,
        clamp.conductor,
        float(passed.sum()),
        volts,
        float(np.sqrt(max(0.0, squares.mean() - noise)) * clamp.amperes),
        float(squares.mean()),
        _error(squares),
        power,
        _error(turned.real) / size,
        _error(turned.imag) / size,
        float(np.std(currents)) / mean if mean > 0 else 0.0,
    )


def expect_steady(found: Steady) -> None:
    """Raise SubmeterError if the load did not stay as it was."""
    if found.spread > _UNSTEADY:
        message = f"the load is unsteady: its current varied by {found.spread:.1%}"
        raise SubmeterError(f"{message}; take one that stays as it is, such as a kettle")


def _error(values: Floats) -> float:
    """Return the standard error of the mean."""
    return float(np.std(values, ddof=1)) / float(np.sqrt(len(values)))
