"""A virtual submeter: the readings of every point, updated as a whole."""

from collections.abc import Callable, Iterable, Mapping

from submeter.meter.derived import RULES, Rule
from submeter.meter.instant import Instant
from submeter.meter.point import Point
from submeter.meter.reading import Quality, Reading, Update, Value

Readings = Mapping[str, Reading]
Listener = Callable[[Readings], None]

_TIMELESS = (Quality.STALE, Quality.ABSENT)
_UNKNOWN = Reading(None, Quality.STALE)
_ABSENT = Reading(None, Quality.ABSENT)
COMMUNICATION = "Communication_Status"


class Meter:
    """One meter. `expected` says what its sources can give, and how; `max_age` is in seconds.

    A point that is expected reads stale without a value until the first frame. One that is not, and
    that no rule derives, is absent. Every change is told to the listeners once an update, as the
    readings that differ in value or quality from before.
    """

    def __init__(
        self, name: str, points: Iterable[Point], expected: Mapping[str, Quality], max_age: float
    ) -> None:
        self.name = name
        self.points = tuple(points)
        self.max_age = max_age
        self._given = frozenset(expected)
        self._readings = {
            point.name: _UNKNOWN if point.name in self._given else _ABSENT for point in self.points
        }
        self._rules = [
            rule for rule in RULES if rule.point in self._readings and rule.point not in self._given
        ]
        self._listeners: list[Listener] = []
        # The quality of each point while it is known, which it has no more once it is stale.
        self._origin = dict(expected)
        self._last_frame: Instant | None = None
        self._settle(dict(self._readings), Instant(0.0, 0.0))

    @property
    def readings(self) -> Readings:
        """The reading of every point, in the order of the list."""
        return self._readings

    def subscribe(self, listener: Listener) -> None:
        """Tell `listener` the readings now, and from now on those that change."""
        self._listeners.append(listener)
        listener(self._readings)

    def update(self, update: Update, at: Instant) -> None:
        """Take over what one valid frame says; all of it becomes visible together."""
        readings = dict(self._readings)
        for name in update.absent:
            readings[name] = _ABSENT
        for name in update.failed:
            readings[name] = Reading(readings[name].value, Quality.FAILED, at)
        for name, value in update.values.items():
            readings[name] = Reading(value.number, value.quality, at)
            self._origin[name] = value.quality
        self._last_frame = at
        self._settle(readings, at)

    def tick(self, now: Instant) -> None:
        """Let readings whose last valid frame is too long ago go stale."""
        self._settle(dict(self._readings), now)

    def _settle(self, readings: dict[str, Reading], now: Instant) -> None:
        """Age, derive, and publish the difference."""
        for name in self._given:
            reading = readings[name]
            if reading.at and reading.quality not in _TIMELESS and self._old(reading.at, now):
                readings[name] = reading._replace(quality=Quality.STALE)
        self._derive(readings)
        if COMMUNICATION in readings:
            online = self._last_frame is not None and not self._old(self._last_frame, now)
            readings[COMMUNICATION] = Reading(int(online), Quality.MEASURED, now)
        before, self._readings = self._readings, readings
        changed = {
            name: reading for name, reading in readings.items() if reading[:2] != before[name][:2]
        }
        if changed:
            for listener in self._listeners:
                listener(changed)

    def _old(self, at: Instant, now: Instant) -> bool:
        return now.mono - at.mono > self.max_age

    def _derive(self, readings: dict[str, Reading]) -> None:
        """Apply the rules in order; a point that an earlier rule settled is left alone."""
        open_points = {rule.point for rule in self._rules}
        for rule in self._rules:
            if rule.point in open_points:
                reading = self._apply(rule, readings, open_points)
                if reading.quality is not Quality.ABSENT:
                    open_points.remove(rule.point)
                    readings[rule.point] = reading
                    if reading.quality.good:
                        self._origin[rule.point] = reading.quality
        for point in open_points:
            readings[point] = _ABSENT

    def _apply(self, rule: Rule, readings: Readings, open_points: set[str]) -> Reading:
        """Return what `rule` gives now; absent where it does not hold."""
        if any(readings[name].quality is not Quality.ABSENT for name in rule.without):
            return _ABSENT
        if any(name in open_points or self._never(rule, name, readings) for name in rule.inputs):
            return _ABSENT
        inputs = [readings[name] for name in rule.inputs]
        kept = readings[rule.point]
        if not all(reading.quality.good for reading in inputs):
            return Reading(kept.value, Quality.STALE, kept.at)
        oldest = min((reading.at for reading in inputs if reading.at), default=None)
        number = rule.formula(*(reading.value for reading in inputs))
        if number is None:
            return Reading(kept.value, Quality.FAILED, oldest)
        estimated = any(reading.quality is Quality.ESTIMATED for reading in inputs)
        return Reading(number, Quality.ESTIMATED if estimated else rule.quality, oldest)

    def _never(self, rule: Rule, name: str, readings: Readings) -> bool:
        """Tell whether the meter never has the input `name` in the way that the rule demands."""
        origin = self._origin.get(name)
        # What a source derives is a mean over time; what the rules derive is of the moment.
        averaged = rule.live and name in self._given and origin is Quality.DERIVED
        guessed = rule.exact and origin is Quality.ESTIMATED
        return readings[name].quality is Quality.ABSENT or averaged or guessed


def values(numbers: Mapping[str, int | float], quality: Quality = Quality.MEASURED) -> Update:
    """Return an update in which every number has the same quality."""
    return Update({name: Value(number, quality) for name, number in numbers.items()})
