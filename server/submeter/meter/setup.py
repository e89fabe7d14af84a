"""What the configuration and the store know of one meter before its first reading."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from submeter.meter.access import Who
from submeter.meter.alarm_settings import AlarmSettings, MidCertificate, Rating
from submeter.meter.cross_check_settings import CrossCheckSettings
from submeter.meter.demand_settings import DemandSettings
from submeter.meter.instant import Instant
from submeter.meter.interval import Interval

Command = Callable[[Who, Instant], str]


@dataclass(frozen=True, slots=True)
class Setup:
    """One meter as configured.

    `initial` are indexes in mWh (mvarh) where none is saved; no index grows faster than
    `largest_power`, in W or var. `configured` are values of configuration points; `sealed` freezes
    those that move an index, and `intact` says that nothing sealed was changed. `commands` act on
    what is outside the meter and return what they did.
    """

    initial: Mapping[str, int] = field(default_factory=dict)
    largest_power: float = 1e6
    rating: Rating = field(default_factory=Rating)
    alarms: AlarmSettings = field(default_factory=AlarmSettings)
    demand: DemandSettings = field(default_factory=DemandSettings)
    configured: Mapping[str, int | float] = field(default_factory=dict)
    sealed: bool = False
    certificate: MidCertificate | None = None
    intact: bool = True
    priority: Mapping[str, Sequence[str]] = field(default_factory=dict)
    return_after: float = 60.0
    cross_check: CrossCheckSettings | None = None
    commands: Mapping[str, Command] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Saved:
    """One meter as it was last committed: the JSON texts that `Meter.draft` gave.

    `states` are those of the indexes, by point.
    """

    states: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, int | float] = field(default_factory=dict)
    demand: str | None = None
    interval: Interval | None = None
