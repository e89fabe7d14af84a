"""From the groups of a TIC frame to an update of the meter, as the source map says."""

from collections.abc import Iterable

from submeter import units
from submeter.meter.reading import Stamp, Update, Value
from submeter.pointmap import points
from submeter.pointmap.source_map import Rule, SourceMap
from submeter.sources.growing_index import GrowingIndex
from submeter.sources.index_guard import IndexGuard
from submeter.sources.slope import IndexSlope
from submeter.sources.tic import horodate, label
from submeter.sources.tic.decoder import Frame
from submeter.sources.tic.heard import Groups, Heard


class Translator:
    """Turns the frames of one mode of one meter into updates.

    `promised` are points of the meter that other maps give; they are absent while this one speaks.
    With `growing` the frames are a recording that repeats; `lap` then tells its register from that
    of another run, which began at the recording's start as well.
    """

    def __init__(
        self,
        source_map: SourceMap,
        promised: Iterable[str],
        guard: IndexGuard,
        growing: GrowingIndex | None = None,
        lap: str = "",
    ) -> None:
        self.heard = Heard(source_map)
        self._map = source_map
        self._absent_always = frozenset(promised) - source_map.rules.keys()
        self._guard = guard
        self._growing = growing
        self._lap = lap
        self._slopes: dict[tuple[str, float], IndexSlope] = {}
        self._points = points.all_points()

    def translate(self, frame: Frame, elapsed: float) -> Update | None:
        """Return what `frame` says, `elapsed` seconds into the stream; None if nothing.

        A point whose rules cannot be fed is absent, once that is proved.
        """
        groups = self.heard.take(frame)
        values: dict[str, Value] = {}
        absent = set(self._absent_always) if self.heard.proved else set()
        for name, rules in self._map.rules.items():
            rule = self.heard.rule(rules, groups)
            if rule:
                value = self._value(name, rule, groups, values, elapsed)
                if value:
                    values[name] = value
            elif self.heard.lacks(rules, groups):
                absent.add(name)
        if not (values or absent):
            return None
        identity = self.heard.identity
        return Update(
            values,
            frozenset(absent),
            instrument=identity + self._lap if identity else None,
            clock=self._clock(groups),
        )

    def _clock(self, groups: Groups) -> Stamp | None:
        """Return the instrument's own time, None if this frame has none that can be true."""
        group = groups.get(self._map.clock or "")
        return horodate.stamp(group.horodate or "") if group else None

    def _value(
        self, name: str, rule: Rule, groups: Groups, values: dict[str, Value], elapsed: float
    ) -> Value | None:
        """Return the value of the point `name`; None when this frame does not carry it."""
        if rule.present is not None:
            return self._presence(rule, groups)
        if rule.slope:
            return self._power(name, rule, values, elapsed)
        if not groups.keys() >= set(rule.labels):
            return None
        first = groups[rule.labels[0]]
        if rule.horodate:
            seconds = horodate.utc_seconds(first.horodate or "")
            return None if seconds is None else Value(seconds, rule.result)
        if rule.bit is not None:
            return Value(self.heard.bit(first, rule.bit), rule.result)
        total = sum(label.number(groups[each], self._map.labels[each]) for each in rule.labels)
        if self._points[name].kind == "index":
            return self._index(name, rule, total, elapsed)
        return self._scaled(name, rule, total if rule.times is None else total * rule.times)

    def _presence(self, rule: Rule, groups: Groups) -> Value | None:
        """Return 1 while a label is sent, 0 when it is proved that none is."""
        shown = any(each in groups for each in rule.present or ())
        # Under overload a long frame stands among short ones: one alone proves no end of it.
        return Value(int(shown), rule.result) if shown or self.heard.complete_twice else None

    def _index(self, name: str, rule: Rule, register: int, elapsed: float) -> Value | None:
        """Return the index of the frame before, once this one bears it out."""
        index = self._guard.admit(name, int(self._scaled(name, rule, register).number), elapsed)
        if index is not None and self._growing:
            index = self._growing.serve(name, index)
        return None if index is None else Value(index, rule.result)

    def _power(
        self, name: str, rule: Rule, values: dict[str, Value], elapsed: float
    ) -> Value | None:
        """Return the power of an index less that of the other direction."""
        powers = []
        slopes = []
        for index in rule.indexes:
            if index not in values:
                return None
            slope = self._slopes.setdefault(
                (index, rule.window), IndexSlope(rule.window, self._map.largest_power)
            )
            slopes.append(slope)
            powers.append(slope.power(int(values[index].number), elapsed))
        if any(powers):
            # Energy flows one way: while one register steps, one that rests is known to be at 0.
            powers = [
                0.0 if power is None and slope.rests() else power
                for power, slope in zip(powers, slopes, strict=True)
            ]
        known = [power for power in powers if power is not None]
        if len(known) < len(powers):
            return None
        return self._scaled(name, rule, known[0] - sum(known[1:]))

    def _scaled(self, name: str, rule: Rule, number: float) -> Value:
        return Value(units.scale(number, self._map.power(self._points[name], rule)), rule.result)
