"""From what a message says to an update of the meter, as the source map tells."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from fractions import Fraction

from submeter import units
from submeter.meter.instant import Instant
from submeter.meter.reading import Update, Value
from submeter.pointmap import points
from submeter.pointmap.source_faults import SLOPE_UNITS
from submeter.pointmap.source_map import Rule, SourceMap
from submeter.sources.growing_index import GrowingIndex
from submeter.sources.origin import Origin
from submeter.sources.translation.admission import Admission, Guard, Made
from submeter.sources.translation.datum import Number, Said
from submeter.sources.translation.heard import Heard
from submeter.sources.translation.ledger import Ledger
from submeter.sources.translation.message import Message
from submeter.sources.translation.speaker import Speakers
from submeter.sources.translation.steady import Steady

__all__ = ["Guard", "Message", "Translator"]

# Messages in a row that must say the same where the checksum is weak: a state, the account of a
# register, one that was not heard before, and one whose period cannot be.
_STATE = _KNOWN = 2
_NEW = 4
_STRANGE = 12


@dataclass(slots=True)
class _Making:
    """A value in the making: of the point `name`, by `rule`, from what is `said` now.

    `values` are those that were made of the same message before, `made` is what tells people;
    it is `held` if all its labels are those of an earlier message.
    """

    name: str
    rule: Rule
    said: Said
    elapsed: float
    values: Mapping[str, Value]
    made: Made
    held: bool


class Translator:
    """Turns the messages of one instrument into updates, by one map.

    `promised` are points of the meter that other maps of the source give; they are absent while
    this one speaks. `guard` judges readings of an index where the checksum is weak; states and
    the accounts of a ledger are `doubted` then, until more messages in a row say so. With `growing`
    the messages are a recording that repeats; `lap` then tells its register from that of another
    run, which began at the recording's start as well.

    `misfits` counts messages in which a label had a unit that does not fit its point: the map is
    not that of the instrument, and nothing is made of the label.
    """

    def __init__(
        self,
        source_map: SourceMap,
        promised: Iterable[str] = (),
        guard: Guard | None = None,
        growing: GrowingIndex | None = None,
        lap: str = "",
        ledger: Ledger | None = None,
        *,
        doubted: bool = False,
    ) -> None:
        self.misfits = 0
        self._doubted = doubted
        self._steady = Steady()
        self._first: dict[str, tuple[tuple[str, ...], int, Instant]] = {}  # of a doubted account
        self._begun: dict[str, int] = {}  # when the latest period began, by the book, in UTC
        self._map = source_map
        self._absent_always = frozenset(promised) - source_map.rules.keys()
        self._admission = Admission(guard)
        self._growing = growing
        self._lap = lap
        self._ledger = ledger or Ledger()
        self._speakers = Speakers(source_map)
        self._points = points.all_points()
        self._made: dict[str, Made] = {}

    @property
    def heard(self) -> Heard:
        """What is known of the labels of the instrument that speaks."""
        return self._speakers.present.heard

    def translate(
        self, message: Message, elapsed: float, at: Instant | None = None
    ) -> Update | None:
        """Return what `message` says, `elapsed` seconds into the stream; None if nothing.

        It came `at` then, now if that is not said. A point whose rules cannot be fed is
        absent, once that is proved.
        """
        told = message.said.get(self._map.identity or "")
        self._speakers.turn_to(message.instrument or (told.text if told else None))
        speaker, heard = self._speakers.present, self.heard
        heard.take(message, elapsed)
        at = at or Instant.now()
        said = speaker.said(message, elapsed, at)
        values: dict[str, Value] = {}
        read: dict[str, Instant] = {}
        absent = set(self._absent_always) if heard.proved else set()
        for name, rules in self._map.rules.items():
            place = heard.rule(rules, said)
            if place is not None:
                made = Made(speaker.source(message, rules[place]), place, at)
                held = message.said.keys().isdisjoint(rules[place].labels)
                making = _Making(name, rules[place], said, elapsed, values, made, held)
                value = self._value(making)
                if value and self._believed(making, value):
                    values[name] = value
                    self._made[name] = making.made
                    since = speaker.since(rules[place])
                    if since and self._points[name].kind == "index":
                        read[name] = since
            elif heard.lacks(rules, said):
                absent.add(name)
        if not (values or absent):
            return None
        clock = said.get(self._map.clock or "")
        owner = self._speakers.name
        return Update(
            values,
            frozenset(absent),
            instrument=owner + self._lap if owner else None,
            clock=clock.stamp if clock else None,
            read=read,
            late=self._late(values),
        )

    def origin(self, point: str) -> Origin | None:
        """Return what the last value of `point` was made of; None before the first."""
        made = self._made.get(point)
        if made is None:
            return None
        rule = self._map.rules[point][made.place]
        names = dict.fromkeys(self._labels(rule))
        shown = []
        for name in names:
            datum = made.message.said.get(name)
            if datum:
                unit = f" {datum.unit}" if datum.unit else ""
                stamp = f" at {datum.stamp.text}" if datum.stamp else ""
                selector = self._map.labels[name].selector
                own = f"{name} ({selector})" if selector not in ("", name) else name
                shown.append((own, f"{datum.text}{unit}{stamp}"))
        return Origin(self._map.places[point, made.place], tuple(shown), made.message.raw, made.at)

    def _labels(self, rule: Rule) -> Iterable[str]:
        """Yield the labels that `rule` is made of, through the indexes of a slope as well."""
        yield from rule.labels
        for index in rule.indexes:
            if index in self._made:
                yield from self._labels(self._map.rules[index][self._made[index].place])

    def _value(self, making: _Making) -> Value | None:
        """Return the value of a point; None when this message does not carry it."""
        name, rule, said = making.name, making.rule, making.said
        if rule.present is not None:
            return self._presence(rule, said)
        if rule.slope:
            return self._power(making)
        if not all(label in said for label in rule.labels):
            return None
        if rule.stamp:
            stamp = said[rule.terms[0][0]].stamp
            return Value(stamp.utc, rule.result) if stamp else None
        if rule.is_state:
            return self._state(name, rule, said)
        total = self._total(name, rule, said)
        if total is None:
            return None
        if self._points[name].kind == "index":
            return self._index(making, math.floor(total))
        try:
            number = total if rule.times is None else float(total) * rule.times
            return Value(_plain(number), rule.result)
        except OverflowError:  # larger than any measurement
            return None

    def _believed(self, making: _Making, value: Value) -> bool:
        """Tell whether `value` needs no confirmation by the next message."""
        if not (self._doubted and making.rule.is_state):
            return True
        return self._steady.times(making.name, value.number) >= _STATE

    def _total(self, name: str, rule: Rule, said: Said) -> Number | None:
        """Return the sum of the labels in the unit that the point is counted in."""
        total: Number = 0
        for label, sign in rule.terms:
            number = self._number(name, label, rule, said)
            if number is None:
                return None
            total += number if sign > 0 else -number
        return total

    def _number(self, name: str, label: str, rule: Rule, said: Said) -> Number | None:
        """Return the number of `label` in the unit that the point `name` is counted in."""
        datum = said[label]
        if datum.number is None or not _finite(datum.number):
            return None
        target = self._points[name].counted_in
        unit = rule.unit or datum.unit or self._map.labels[label].unit
        power = units.exponent(unit, target) if unit and target else 0
        if power is None:
            self.misfits += 1
            return None
        return _scaled(datum.number, power)

    def _presence(self, rule: Rule, said: Said) -> Value | None:
        """Return 1 while a label is sent, 0 when it is proved that none is."""
        shown = any(
            label in said and fnmatchcase(said[label].text, pattern)
            for label, pattern in rule.presence.items()
        )
        # Under overload a long frame stands among short ones: one alone proves no end of it.
        return Value(int(shown), rule.result) if shown or self.heard.complete_twice else None

    def _state(self, name: str, rule: Rule, said: Said) -> Value | None:
        """Return the state that a label stands for; None for one that the point does not have."""
        datum = said[rule.terms[0][0]]
        state: int | None
        if rule.bit is not None or rule.bits is not None:
            low, high = rule.bits or (rule.bit or 0, rule.bit or 0)
            if datum.number is None:
                return None
            state = int(datum.number) >> low & ((1 << (high - low + 1)) - 1)
            state = rule.states.get(state) if rule.states else state
        elif rule.any_bit:
            if datum.number is None:
                return None
            state = int(any(int(datum.number) >> each & 1 for each in rule.any_bit))
        else:
            state = _state_of(datum.text, datum.number, rule.states or {})
        if state is None or state not in self._points[name].states:
            return None
        return Value(state, rule.result)

    def _index(self, making: _Making, register: int) -> Value | None:
        """Return the index, where it is guarded the one of the message before."""
        if register < 0:
            return None
        key, known = (making.name, making.made.place), self._speakers.present.admitted
        if making.held and key in known:  # a repeat proves nothing
            index, making.made = known[key]
        elif making.rule.by:
            index = self._ledger_total(making, register)
        else:
            index = self._admit(making.name, register, making)
            if index is not None and self._growing:
                index = self._growing.serve(making.name, index)
        known[key] = index, making.made
        return None if index is None else Value(index, making.rule.result)

    def _admit(self, key: str, register: int, making: _Making) -> int | None:
        found = self._admission.admit(key, register, making.elapsed, making.made)
        admitted, making.made = found or (None, making.made)
        return admitted

    def _ledger_total(self, making: _Making, register: int) -> int | None:
        """Return the sum of what the label's register came to in all its accounts."""
        known = self.heard.proved and not self._ledger.holds_named(making.name)
        if self._speakers.name is None and not known:
            return None  # it may still say who it is, and the book is another one then
        book = self._book(making.name)
        if not self._growing:  # what a recording says of the past is of another lap
            self._close_account(book, making)
        account = tuple(making.said[label].text for label in making.rule.by)
        key = "\t".join((book, *account))
        admitted = self._admit(key, register, making)
        times = self._steady.times(book, account)
        if admitted is None:
            return None
        at, largest_power = making.made.at, self._map.largest_power
        if self._doubted and times < self._needed(book, account, making):
            if times == _KNOWN:
                self._first[book] = account, admitted, at
                if len(self._first) > Steady.MOST:
                    del self._first[next(iter(self._first))]
            return None
        first = self._first.pop(book, None)
        if first and first[0] == account and not self._growing:
            # What it grew while it was doubted is its own.
            self._ledger.total(book, account, first[1], first[2], largest_power)
        if self._growing:
            admitted = self._growing.serve(key, admitted)
        total = self._ledger.total(book, account, admitted, at, largest_power)
        began = making.said[making.rule.by[-1]].stamp
        if total is not None and began:
            self._begun[book] = began.utc
        return total

    def _needed(self, book: str, account: tuple[str, ...], making: _Making) -> int:
        """Return how many messages in a row must name `account` before it is believed."""
        if self._ledger.knows(book, account):
            return _KNOWN
        began = making.said[making.rule.by[-1]].stamp
        clock = making.said.get(self._map.clock or "")
        ahead = began and clock and clock.stamp and began.utc > clock.stamp.utc
        # One that goes back to a period before the latest is as strange as one to come.
        latest = self._begun.get(book)
        behind = began and latest is not None and began.utc < latest
        return _STRANGE if ahead or behind else _NEW

    def _book(self, point: str) -> str:
        """Return the name of the ledger's book of `point`, that of the meter that speaks."""
        return f"{point}\t{self._speakers.name or ''}"

    def _late(self, values: Mapping[str, Value]) -> dict[str, int]:
        """Return what of the indexes among `values` the ledger booked late, where it is some."""
        late = {name: self._ledger.late(self._book(name)) for name in values}
        return {name: amount for name, amount in late.items() if amount}

    def _close_account(self, book: str, making: _Making) -> None:
        """Take the final reading of an account that ended unseen."""
        rule, said = making.rule, making.said
        if not rule.past or not said.keys() >= set(rule.past):
            return
        label, *names = rule.past
        final = self._number(making.name, label, rule, said)
        if final is None:
            return
        account = tuple(said[each].text for each in names)
        key = "\t".join((book, "past", *account))
        found = self._admission.admit(key, math.floor(final), making.elapsed, making.made)
        times = self._steady.times(f"{book}\tpast", account)
        if found is not None and (times >= _KNOWN or not self._doubted):
            admitted, made = found
            self._ledger.close(book, account, admitted, made.at, self._map.largest_power)

    def _power(self, making: _Making) -> Value | None:
        """Return the power of an index less that of the other direction."""
        name, rule, values, elapsed = making.name, making.rule, making.values, making.elapsed
        powers = []
        slopes = []
        for index in rule.indexes:
            if index not in values:
                return None
            slope = self._speakers.present.slope(index, rule.window)
            slopes.append(slope)
            powers.append(slope.power(int(values[index].number), elapsed))
        of = self._made[rule.indexes[0]]
        making.made = Made(of.message, making.made.place, of.at)
        if any(powers):
            # Energy flows one way: while one register steps, one that rests is known to be at 0.
            powers = [
                0.0 if power is None and slope.rests() else power
                for power, slope in zip(powers, slopes, strict=True)
            ]
        known = [power for power in powers if power is not None]
        if len(known) < len(powers):
            return None
        unit = rule.unit or SLOPE_UNITS[self._points[rule.indexes[0]].unit or ""]
        power = units.exponent(unit, self._points[name].counted_in or "") or 0
        return Value(units.scale(known[0] - sum(known[1:]), power), rule.result)


def _finite(number: Number) -> bool:
    return not isinstance(number, float) or math.isfinite(number)


def _scaled(number: Number, power: int) -> Number:
    """Return `number` times 10**power, exactly."""
    if isinstance(number, float):
        # Its own value, which need not be that of its decimal digits.
        number = Fraction(number)
    if not power:
        return number
    factor: int = 10 ** abs(power)
    return number * factor if power > 0 else Fraction(number) / factor


def _plain(number: Number) -> int | float:
    """Return `number` as readings have it: whole ones as integers, others as floats."""
    if isinstance(number, Fraction):
        return number.numerator if number.denominator == 1 else float(number)
    return number


def _whole(text: str, number: Number | None) -> Number | None:
    """Return the number that a label says, as a number or in digits."""
    return int(text) if number is None and text.isdecimal() else number


def _state_of(text: str, number: Number | None, states: dict[int | str, int]) -> int | None:
    for said, state in states.items():
        if isinstance(said, str) and fnmatchcase(text, said):
            return state
        if isinstance(said, int) and said == _whole(text, number):
            return state
    return None
