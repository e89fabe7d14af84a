"""Closed intervals on clock boundaries: the billing evidence of one meter."""

from collections.abc import Mapping
from typing import NamedTuple

LENGTH = 900  # s


class Spread(NamedTuple):
    """The smallest, the time-weighted mean and the largest good value of a point."""

    least: float
    mean: float
    most: float


class Interval(NamedTuple):
    """What one meter did from `start` to `end`, UTC seconds, both multiples of LENGTH.

    One quarter of an hour as a rule; longer where the program was down or the clock was set, since
    what an index read in between is not known. `indexes` has each index at start and end in mWh
    (mvarh), None if it was never known; `power` is Active_Power_Total in kW, `voltages` are
    Voltage_L1_N to L3_N in V, None without a good value. `quality` is the worst quality that the
    served points of the index had; `covered` the seconds in which the power was good; `recovered`
    says that the program did not run for the whole of it, `stepped` that the system clock was set.
    """

    meter: str
    start: int
    end: int
    indexes: Mapping[str, tuple[int | None, int | None]]
    power: Spread | None
    voltages: tuple[Spread | None, Spread | None, Spread | None]
    quality: str
    covered: int
    recovered: bool
    stepped: bool
