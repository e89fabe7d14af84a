"""The settings of one meter: its configuration points, and where each value comes from."""

import logging
import math
from collections.abc import Callable, Iterable, Mapping
from typing import Literal

from submeter.errors import Refusal, WriteRefusedError
from submeter.meter.point import Point
from submeter.meter.reading import Quality, Reading

Number = int | float
Origin = Literal["stored", "configuration", "default"]
Listener = Callable[[str, Number], None]
Objection = Callable[[Number], str | None]

# What `sealed: true` freezes: the points that scale what an index counts.
SEALED = frozenset({"CT_Primary_Rating", "CT_Secondary_Rating"})

_WHOLE = frozenset({None, "min", "s", "Wh/pulse", "bit/s"})
_ABSENT = Reading(None, Quality.ABSENT)

_log = logging.getLogger(__name__)


def complaint(point: Point, value: object) -> str | None:
    """Return why `value` cannot be that of the configuration point `point`, None if it can."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return f"{point.name} is a number"
    if isinstance(value, float) and not math.isfinite(value):
        return f"{point.name} is a finite number"
    if point.states and value not in point.states:
        return f"{point.name} is one of {allowed(point)}, not {_short(value)}"
    if point.range and not point.range.min <= value <= point.range.max:
        return f"{point.name} is {allowed(point)}, not {_short(value)}"
    if _whole(point) and value != int(value):
        return f"{point.name} is a whole number, not {value:.9g}"
    return None


def allowed(point: Point) -> str:
    """Return the values of a configuration point as text: `1 to 60 min`, `9600, 19200 bit/s`."""
    unit = f" {point.unit}" if point.unit else ""
    if point.states:
        return ", ".join(map(str, point.states)) + unit
    return f"{point.range.min:g} to {point.range.max:g}{unit}" if point.range else f"any{unit}"


class Settings:
    """The configuration points of one meter, each with a value from the first place that has one.

    These are the stored value, the configuration file (`configured`) and the default in the point
    list. A point that neither the file nor the list gives a value is absent: its meter has no use
    for it, and it cannot be written either. A value that does not fit is not used; `ignored` has
    the reason by name. Under the seal the file alone says what SEALED points are. `known` are all
    `points` of the meter by name.
    """

    def __init__(
        self,
        points: Iterable[Point],
        configured: Mapping[str, Number],
        stored: Mapping[str, Number],
        sealed: bool = False,
    ) -> None:
        self.known = {point.name: point for point in points}
        self.points = {n: p for n, p in self.known.items() if p.group == "configuration"}
        self.sealed = sealed
        self.ignored: dict[str, str] = {}
        self._configured: dict[str, Number] = {}
        self._stored: dict[str, Number] = {}
        self._unused: set[str] = set()  # of which a stored value is ignored
        self._unsaved: dict[str, Number | None] = {}
        self._listeners: list[Listener] = []
        self._broken: list[Listener] = []  # told once each
        self._objections: dict[str, list[Objection]] = {}
        for name, value in configured.items():
            if reason := self._misfit(name, value):
                self.ignored[name] = reason
            else:
                self._configured[name] = _tidy(self.points[name], value)
        for name, value in stored.items():
            if reason := self._misfit(name, value) or self._barred(name):
                self.ignored[name] = reason
                self._unused.add(name)
            else:
                self._stored[name] = _tidy(self.points[name], value)
        self._readings = {name: self._reading(name) for name in self.points}

    def value(self, name: str) -> Number | None:
        """Return the value of the point `name` in its unit, None if it is absent."""
        stored = self._stored.get(name)
        return self._base(name) if stored is None else stored

    def origin(self, name: str) -> Origin | None:
        """Return where the value of `name` comes from, None if it is absent."""
        if name in self._stored:
            return "stored"
        if name in self._configured:
            return "configuration"
        return "default" if self.value(name) is not None else None

    def readings(self) -> Mapping[str, Reading]:
        """Return the reading of every configuration point; the same object until one changes."""
        return self._readings

    def check(self, name: str, value: object) -> Number:
        """Return `value` as it would be set; raises WriteRefusedError, and changes nothing."""
        point = self.points.get(name)
        if point is None:
            raise _unknown(name)
        if name in SEALED and self.sealed:
            raise WriteRefusedError(Refusal.SEALED, f"{name} is sealed")
        problem = complaint(point, value)
        if problem or not isinstance(value, int | float):
            raise WriteRefusedError(Refusal.OUT_OF_RANGE, problem or "not a number")
        if self._base(name) is None:
            message = f"{name} has no use in this meter; the configuration gives it no value"
            raise WriteRefusedError(Refusal.UNSUPPORTED, message)
        number = _tidy(point, value)
        self._ask(name, number)
        return number

    def check_reset(self, name: str) -> None:
        """Raise WriteRefusedError if there is nothing called `name`, or its value is objected to.

        What is stored of a point that is gone can be reset.
        """
        if name not in self.points and name not in self._unused:
            raise _unknown(name)
        base = self._base(name)
        if name in self._stored and base is not None:
            self._ask(name, base)

    def set(self, name: str, value: object) -> Number:
        """Give the point `name` a stored value, at once; returns it. Raises WriteRefusedError."""
        number = self.check(name, value)
        self.put(name, number)
        return number

    def put(self, name: str, number: Number) -> None:
        """Give the point `name` the stored value that `check` returned, at once; nobody objects."""
        if self._stored.get(name) != number:
            self._store(name, number)

    def reset(self, name: str) -> Number | None:
        """Return `name` to the configuration file or the default, and return that value.

        Forgets an ignored stored value too. Raises WriteRefusedError as `check_reset` does.
        """
        self.check_reset(name)
        if name in self._stored or name in self._unused:
            self._store(name, None)
        return self.value(name)

    def stored_names(self) -> list[str]:
        """Return the names that have a stored value, used or ignored: what there is to reset."""
        return [*self._stored, *sorted(self._unused)]

    def ignore(self, name: str, reason: str) -> None:
        """Leave the stored value of `name` aside, and keep it, as one that does not fit."""
        before = self.value(name)
        self._stored.pop(name, None)
        self._unused.add(name)
        self.ignored[name] = reason
        self._tell(name, before)

    def object_to(self, name: str, objection: Objection) -> None:
        """Ask `objection` before `name` is set or reset: its text, if any, refuses the value.

        For what the point alone cannot know: that another meter has this address already.
        """
        self._objections.setdefault(name, []).append(objection)

    def subscribe(self, listener: Listener) -> None:
        """Tell `listener` each value now, and from now on each one that changes, as it does."""
        self._listeners.append(listener)
        for name in self.points:
            if (value := self.value(name)) is not None:
                listener(name, value)

    def unsaved(self) -> list[tuple[str, Number | None]]:
        """Return what no commit has confirmed yet: point and stored value, None to remove it."""
        return list(self._unsaved.items())

    def mark_saved(self, rows: Iterable[tuple[str, Number | None]]) -> None:
        """Take note that `rows`, which `unsaved` gave, are committed."""
        for name, value in rows:
            if name in self._unsaved and self._unsaved[name] == value:
                del self._unsaved[name]

    def _store(self, name: str, number: Number | None) -> None:
        before = self.value(name)
        self.ignored.pop(name, None)
        self._unused.discard(name)
        if number is None:
            self._stored.pop(name, None)
        else:
            self._stored[name] = number
        self._unsaved[name] = number
        self._tell(name, before)

    def _tell(self, name: str, before: Number | None) -> None:
        """Tell the listeners the value of `name` if it is another than `before`."""
        after = self.value(name)
        if after != before and after is not None:
            self._readings = {**self._readings, name: self._reading(name)}
            for listener in self._listeners:
                self._tell_one(listener, name, after)

    def _tell_one(self, listener: Listener, name: str, value: Number) -> None:
        """Let `listener` hear; one that breaks stops neither the others nor the write."""
        try:
            listener(name, value)
        except Exception:
            if listener not in self._broken:
                _log.exception("event=setting_not_followed point=%s", name)
                self._broken.append(listener)

    def _ask(self, name: str, number: Number) -> None:
        """Raise WriteRefusedError if anybody objects to the value `number` of `name`."""
        for objection in self._objections.get(name, ()):
            if problem := objection(number):
                raise WriteRefusedError(Refusal.OUT_OF_RANGE, problem)

    def _base(self, name: str) -> Number | None:
        """Return the value that `name` has when none is stored."""
        if name in self._configured:
            return self._configured[name]
        point = self.points.get(name)
        if point is None or point.default is None:
            return None
        return _tidy(point, point.default)

    def _reading(self, name: str) -> Reading:
        value = self.value(name)
        return _ABSENT if value is None else Reading(value, Quality.MEASURED)

    def _misfit(self, name: str, value: object) -> str | None:
        if name not in self.points:
            return "there is no such setting"
        return complaint(self.points[name], value)

    def _barred(self, name: str) -> str | None:
        """Return why no stored value of `name` is to be used."""
        if name in SEALED and self.sealed:
            return "the meter is sealed: the configuration alone says what it is"
        if self._base(name) is None:
            return "it has no use in this meter; the configuration gives it no value"
        return None


def _unknown(name: str) -> WriteRefusedError:
    return WriteRefusedError(Refusal.UNKNOWN, f"there is no setting {name}")


def _whole(point: Point) -> bool:
    return bool(point.states) or point.unit in _WHOLE


def _tidy(point: Point, value: Number) -> Number:
    """Return a whole number as an integer where the point has only those."""
    return int(value) if _whole(point) else float(value)


def _short(value: Number) -> str:
    # An integer may have more digits than a line, or than Python is willing to print.
    return f"{value:.9g}" if abs(value) < 1e15 else "such a large number"
