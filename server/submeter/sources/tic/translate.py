"""From the groups of a TIC frame to an update of the meter, as the source map says."""

from collections.abc import Iterable
from fnmatch import fnmatchcase

from submeter import units
from submeter.meter.reading import Update, Value
from submeter.pointmap import points
from submeter.pointmap.source_map import Rule, SourceMap
from submeter.sources.growing_index import GrowingIndex
from submeter.sources.slope import IndexSlope
from submeter.sources.tic import horodate, label
from submeter.sources.tic.decoder import Frame, Group


class Translator:
    """Turns the frames of one mode of one meter into updates.

    It learns which labels this meter sends: only after a complete frame is a label known to be
    missing, and a point without a possible rule absent. `promised` are points of the meter that
    other maps give; they are absent while this one speaks.
    """

    def __init__(
        self, source_map: SourceMap, promised: Iterable[str], growing: GrowingIndex | None = None
    ) -> None:
        self._map = source_map
        self._absent_always = frozenset(promised) - source_map.rules.keys()
        self._growing = growing
        self._seen: set[str] = set()
        self._complete_seen = False
        self._last_complete = False
        self._slopes: dict[str, IndexSlope] = {}
        self._points = points.standard()
        self.refused = 0
        self.identity: str | None = None

    def translate(self, frame: Frame, elapsed: float) -> Update | None:
        """Return what `frame` says, `elapsed` seconds into the stream; None if nothing.

        Groups that break their label's form are dropped and counted in `refused`; labels that the
        map does not know are passed over.
        """
        refused = self.refused
        groups = self._valid(frame)
        # A group that was refused may hide another, which then only seems to be missing.
        sound = frame.whole and self.refused == refused
        complete = sound and self._map.complete <= groups.keys()
        self._complete_seen |= complete
        if self._map.identity in groups:
            self.identity = groups[self._map.identity].data
        values: dict[str, Value] = {}
        absent = set(self._absent_always) if complete else set()
        for name, rules in self._map.rules.items():
            rule = self._possible(rules, groups)
            if rule:
                value = self._value(name, rule, groups, complete, values, elapsed)
                if value:
                    values[name] = value
            elif complete and self._impossible(rules, groups):
                absent.add(name)
        self._last_complete = complete
        return Update(values, frozenset(absent)) if values or absent else None

    def _valid(self, frame: Frame) -> dict[str, Group]:
        groups: dict[str, Group] = {}
        for group in frame.groups:
            form = self._map.labels.get(group.label)
            if form is None:
                continue
            self._seen.add(group.label)  # even if refused: the meter sends it
            if label.fits(group, form):
                groups[group.label] = group
            else:
                self.refused += 1
        return groups

    def _possible(self, rules: tuple[Rule, ...], groups: dict[str, Group]) -> Rule | None:
        """Return the first rule that this meter can feed; None if there is none or not yet."""
        for rule in rules:
            if self._feeds(rule) and self._holds(rule, groups):
                return rule
            if not self._complete_seen:
                return None
        return None

    def _impossible(self, rules: tuple[Rule, ...], groups: dict[str, Group]) -> bool:
        """Tell whether a complete frame proves that no rule can be fed."""
        return not any(self._feeds(rule) and self._holds(rule, groups) for rule in rules)

    def _feeds(self, rule: Rule) -> bool:
        indexes = (rules for name, rules in self._map.rules.items() if name in rule.indexes)
        sent = all(any(self._feeds(origin) for origin in rules) for rules in indexes)
        return sent and (rule.present is not None or self._seen.issuperset(rule.labels))

    def _holds(self, rule: Rule, groups: dict[str, Group]) -> bool:
        for name, pattern in rule.when.items():
            if name not in groups or not fnmatchcase(groups[name].data, pattern):
                return False
        return all(
            name in groups and not self._bit(groups[name], bit) for name, bit in rule.unless.items()
        )

    def _bit(self, group: Group, bit: int) -> int:
        return label.number(group, self._map.labels[group.label]) >> bit & 1

    def _value(
        self,
        name: str,
        rule: Rule,
        groups: dict[str, Group],
        complete: bool,
        values: dict[str, Value],
        elapsed: float,
    ) -> Value | None:
        """Return the value of the point `name`; None when this frame does not carry it."""
        if rule.present is not None:
            shown = any(each in groups for each in rule.present)
            # Under overload a long frame stands among short ones: one alone proves no end of it.
            ended = complete and self._last_complete
            return Value(int(shown), rule.result) if shown or ended else None
        if rule.slope:
            power = self._slope(rule, values, elapsed)
            return None if power is None else self._scaled(name, rule, power)
        if not groups.keys() >= set(rule.labels):
            return None
        first = groups[rule.labels[0]]
        if rule.horodate:
            seconds = horodate.utc_seconds(first.horodate or "")
            return None if seconds is None else Value(seconds, rule.result)
        if rule.bit is not None:
            return Value(self._bit(first, rule.bit), rule.result)
        total = sum(label.number(groups[each], self._map.labels[each]) for each in rule.labels)
        return self._scaled(name, rule, total if rule.times is None else total * rule.times)

    def _slope(self, rule: Rule, values: dict[str, Value], elapsed: float) -> float | None:
        """Return the power of an index less that of the other direction, in W or var."""
        powers = []
        for name in rule.indexes:
            if name not in values:
                return None
            slope = self._slopes.setdefault(name, IndexSlope(rule.window))
            powers.append(slope.power(int(values[name].number), elapsed))
        if None in powers:
            return None
        return float(powers[0] or 0) - sum(power or 0 for power in powers[1:])

    def _scaled(self, name: str, rule: Rule, number: float) -> Value:
        point = self._points[name]
        number = units.scale(number, self._map.power(point, rule))
        if point.kind == "index" and self._growing:
            number = self._growing.serve(name, int(number))
        return Value(number, rule.result)
