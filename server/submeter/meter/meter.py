"""A virtual submeter: the readings of every point, updated as a whole."""

from collections.abc import Callable, Iterable, Mapping

from submeter.meter.derived import RULES, Rule
from submeter.meter.instant import Instant
from submeter.meter.point import Point
from submeter.meter.reading import Quality, Reading, Update, Value

Readings = Mapping[str, Reading]
Listener = Callable[[Readings], None]

_UNKNOWN = Reading(None, Quality.STALE)
_ABSENT = Reading(None, Quality.ABSENT)
COMMUNICATION = "Communication_Status"


class Meter:
    """One meter. `expected` says what its sources can give; `max_age` is in seconds.

    A point that is expected reads stale without a value until the first frame. One that is not, and
    that no rule derives, is absent. Every change is told to the listeners once an update, as the
    readings that differ in value or quality from before.
    """

    def __init__(
        self, name: str, points: Iterable[Point], expected: Iterable[str], max_age: float
    ) -> None:
        self.name = name
        self.points = tuple(points)
        self.max_age = max_age
        self._given = frozenset(expected)
        self._readings = {
            point.name: _UNKNOWN if point.name in self._given else _ABSENT for point in self.points
        }
        self._rules = [
            rule
            for rule in RULES
            if rule.point in self._readings and rule.point not in self._given
        ]
        self._listeners: list[Listener] = []
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
        self._last_frame = at
        self._settle(readings, at)

    def tick(self, now: Instant) -> None:
        """Let readings whose last valid frame is too long ago go stale."""
        self._settle(dict(self._readings), now)

    def _settle(self, readings: dict[str, Reading], now: Instant) -> None:
        """Age, derive, and publish the difference."""
        for name in self._given:
            reading = readings[name]
            if reading.quality.good and reading.at and self._old(reading.at, now):
                readings[name] = reading._replace(quality=Quality.STALE)
        self._derive(readings)
        if COMMUNICATION in readings:
            online = self._last_frame is not None and not self._old(self._last_frame, now)
            readings[COMMUNICATION] = Reading(int(online), Quality.MEASURED, now)
        before, self._readings = self._readings, readings
        changed = {
            name: reading
            for name, reading in readings.items()
            if reading[:2] != before[name][:2]
        }
        if changed:
            for listener in self._listeners:
                listener(changed)

    def _old(self, at: Instant, now: Instant) -> bool:
        return now.mono - at.mono > self.max_age

    def _derive(self, readings: dict[str, Reading]) -> None:
        settled: set[str] = set()
        for rule in self._rules:
            if rule.point not in settled:
                reading = self._apply(rule, readings)
                if reading.quality is not Quality.ABSENT:
                    settled.add(rule.point)
                    readings[rule.point] = reading
        for rule in self._rules:
            if rule.point not in settled:
                readings[rule.point] = _ABSENT

    def _apply(self, rule: Rule, readings: dict[str, Reading]) -> Reading:
        """Return what `rule` gives now; absent where it does not hold."""
        if any(readings[name].quality is not Quality.ABSENT for name in rule.without):
            return _ABSENT
        inputs = [readings[name] for name in rule.inputs]
        if any(self._unusable(rule, name, reading) for name, reading in zip(rule.inputs, inputs)):
            return _ABSENT
        kept = readings[rule.point].value
        if not all(reading.quality.good for reading in inputs):
            return Reading(kept, Quality.STALE, readings[rule.point].at)
        oldest = min((r.at for r in inputs if r.at), default=None)
        number = rule.formula(*(reading.value for reading in inputs))
        if number is None:
            return Reading(kept, Quality.FAILED, oldest)
        estimated = any(reading.quality is Quality.ESTIMATED for reading in inputs)
        return Reading(number, Quality.ESTIMATED if estimated else rule.quality, oldest)

    def _unusable(self, rule: Rule, name: str, reading: Reading) -> bool:
        """Whether an input rules out the rule: the meter never has it, or only as a mean."""
        if reading.quality is Quality.ABSENT:
            return True
        averaged = name in self._given and reading.quality is Quality.DERIVED
        return rule.live and averaged


def values(numbers: Mapping[str, int | float], quality: Quality = Quality.MEASURED) -> Update:
    """Return an update in which every number has the same quality."""
    return Update({name: Value(number, quality) for name, number in numbers.items()})
