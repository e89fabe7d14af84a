"""A reading: value, quality and time of one point of one meter."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from submeter.meter.instant import Instant

LARGEST = 10**15
"""No number in a reading is as large: an index in mWh would be 1 TWh. What is comes from damage."""


class Quality(StrEnum):
    """How far a value can be trusted; the same six words on every face."""

    MEASURED = "measured"
    DERIVED = "derived"
    ESTIMATED = "estimated"
    STALE = "stale"
    FAILED = "failed"
    ABSENT = "absent"

    @property
    def good(self) -> bool:
        """Whether a value of this quality may be served as the present value."""
        return self in _GOOD


_GOOD = frozenset({Quality.MEASURED, Quality.DERIVED, Quality.ESTIMATED})


class Reading(NamedTuple):
    """Value, quality and time of one point.

    `value` is in the point's unit, except that an index is an integer of millionths of its unit
    (mWh, mvarh, mVAh, mL), a state is its integer key and a time stamp is whole UTC seconds since
    1970.
    It is None when nothing was ever known; a stale reading keeps the last good value.
    `at` is the moment of the last valid frame that carried the value, None before the first.
    """

    value: int | float | None
    quality: Quality
    at: Instant | None = None


class Value(NamedTuple):
    """What a source says of one point: a number as in `Reading`, and its quality."""

    number: int | float
    quality: Quality = Quality.MEASURED


class Stamp(NamedTuple):
    """The time by an instrument's own clock: UTC seconds since 1970, and as it wrote it.

    `degraded` says that the instrument itself does not trust its clock.
    """

    utc: int
    text: str
    degraded: bool = False


@dataclass(frozen=True, slots=True)
class Update:
    """What one valid frame of an instrument says; becomes visible as a whole.

    `absent` names the points that this instrument is now known not to have; `failed` those for
    which it sent something that cannot be true. `instrument` is its serial number: readings of an
    index under another one are those of another register. `clock` is the instrument's own time.
    `late` says how much of an index is energy of a time before the reading ahead of this one, found
    only afterwards: a sum that never falls, in the unit of the index. `max_age` in s is how old the
    source's values may become, where its present instrument is quicker than its feed says.
    `read` tells of an index that is repeated from an earlier frame when that frame came, by one and
    the same Instant each time: it is as fresh as the frame, and no reading of the register.
    """

    values: Mapping[str, Value]
    absent: frozenset[str] = frozenset()
    failed: frozenset[str] = field(default=frozenset())
    instrument: str | None = None
    clock: Stamp | None = None
    late: Mapping[str, int] = field(default_factory=dict)
    max_age: float | None = None
    read: Mapping[str, Instant] = field(default_factory=dict)
