"""What the meter has to know of one of its sources."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from submeter.meter.reading import Quality


class Dial(NamedTuple):
    """An instrument's energy register, in mWh (mvarh).

    `step` is the smallest difference it can show; `spans` are the totals at which it may start
    again from 0, one of which is true: 10**12 for nine digits of Wh. Without spans it never does.
    """

    step: int = 1
    spans: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Feed:
    """One source of a meter: its name within the meter, and what it can give.

    `expected` are its points with their usual quality; a value of it is stale after `max_age`
    seconds; `dials` describes the registers behind the index points among them. `largest_power` is
    how fast they can grow, in W, var, VA or L/h; None if nobody knows.
    """

    name: str
    expected: Mapping[str, Quality]
    max_age: float
    dials: Mapping[str, Dial] = field(default_factory=dict)
    largest_power: float | None = None
