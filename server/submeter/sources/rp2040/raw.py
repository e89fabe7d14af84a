"""What a board has measured since the program started: what a calibration is made of."""

from typing import NamedTuple

from submeter.meter.instant import Instant


class RawClamp(NamedTuple):
    """Of one clamp: sums over the time since the start.

    `energy` is P + jQ in Ws by the ratings alone, turned as the channels were sampled one after
    another and as its phase follows that of the voltage; `square` is the mean square of the
    current in codes^2, times seconds; `amperes` is what one code is worth by the ratings.
    """

    number: int
    conductor: str
    energy: complex
    square: float
    amperes: float


class RawBoard(NamedTuple):
    """Of one board: `seconds` that were measured, and V^2 s by the rating of the transformer.

    `at` is when the last of it was heard. `volts` is what one code is worth, and `saturated` the
    seconds in which the converter reached its end.
    """

    uid: str
    at: Instant
    seconds: float
    voltage_square: float | None
    volts: float | None
    saturated: float
    clamps: tuple[RawClamp, ...]


class RawClampGrowth(NamedTuple):
    """What a window adds to a `RawClamp`."""

    energy: complex
    square: float
    amperes: float


class RawGrowth(NamedTuple):
    """What a window adds to a `RawBoard`; the voltage is None with four clamps."""

    seconds: float
    voltage_square: float | None
    volts: float | None
    saturated: float
    clamps: tuple[RawClampGrowth, ...]
