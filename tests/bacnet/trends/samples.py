"""Samples in memory, and trend logs over them."""

from collections.abc import Callable, Mapping, Sequence

from submeter.bacnet.objects.point import PointObject
from submeter.bacnet.outside import Outside
from submeter.bacnet.settings import DEFAULT_TRENDS, TrendSettings
from submeter.bacnet.trends.trend_log import TrendLog
from submeter.bacnet.trends.trends import Trends
from submeter.errors import StoreError
from submeter.meter.audit import Audit
from submeter.pointmap import meter_map

BEGIN = 1_790_000_040  # UTC s, a whole minute
POWER = "Active_Power_Total"
_OBJECTS = meter_map.load("standard").objects

Value = int | float | None


class Samples:
    """A history in which all meters have the same times; `broken` makes it raise.

    `asked` counts the calls for values, `passes` those for times, `failures` those that raised.
    """

    def __init__(self, times: Sequence[int] = (), value: Callable[[int], Value] = float) -> None:
        self.times_now = list(times)
        self.value = value
        self.broken: bool | Exception = False
        self.asked = 0
        self.passes = 0
        self.failures = 0

    def times(self, after: Mapping[str, int], most: int) -> Mapping[str, Sequence[int]]:
        self._check()
        self.passes += 1
        return {
            meter: [at for at in self.times_now if at > start][-most:]
            for meter, start in after.items()
        }

    def oldest(self) -> int | None:
        self._check()
        return min(self.times_now, default=None)

    def values(self, meter: str, point: str, start: int, end: int) -> Sequence[tuple[int, Value]]:
        self._check()
        self.asked += 1
        return [(at, self.value(at)) for at in self.times_now if start <= at <= end]

    def _check(self) -> None:
        self.failures += bool(self.broken)
        if isinstance(self.broken, Exception):
            raise self.broken
        if self.broken:
            raise StoreError("the store is gone")


def minutes(count: int, begin: int = BEGIN) -> list[int]:
    return [begin + 60 * number for number in range(count)]


def shown(*names: str) -> list[PointObject]:
    """Return the objects of the standard map that show these points."""
    return [PointObject(each) for each in _OBJECTS if each.point.name in names]


def trends(
    samples: Samples,
    kept: dict[str, str] | None = None,
    most: int = 10_000,
    points: Sequence[str] = DEFAULT_TRENDS,
    sample: int = 60,
) -> Trends:
    """Return the trends over `samples`; what they keep goes to `kept`, and was there before."""
    notes = {} if kept is None else kept
    outside = Outside(
        site="s",
        audit=Audit(),
        notes=dict(notes),
        keep=notes.__setitem__,
        history=samples,
        sample=sample,
    )
    return Trends(outside, TrendSettings(points=list(points), records=most))


async def log(samples: Samples, point: str = POWER, most: int = 10_000) -> TrendLog:
    """Return the trend log of a point once it knows what `samples` there are."""
    made = trends(samples, None, most, [point])
    (found,) = made.logs("main", shown(point))
    await made.look()
    return found
