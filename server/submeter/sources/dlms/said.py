"""What the items of a message say, by the objects of the source map."""

import math
import re
from collections.abc import Iterable, Sequence
from datetime import tzinfo
from fractions import Fraction
from typing import NamedTuple

from submeter import units
from submeter.meter.reading import Stamp
from submeter.pointmap.obis_object import ObisObject
from submeter.pointmap.source_map import SourceMap
from submeter.sources.dlms import axdr, clock, obis
from submeter.sources.dlms.axdr import Data
from submeter.sources.dlms.obis import Pattern
from submeter.sources.dlms.units import Number, ours, scaled
from submeter.sources.translation.datum import Datum, Said
from submeter.sources.translation.plain_text import plain_text

VALUE = 2
"""The attribute that is the value of an object."""

_DECIMAL = re.compile(r"[+-]?[0-9]{1,18}(?:\.[0-9]{1,12})?")
_NUMBERS = frozenset(
    {
        axdr.INT8,
        axdr.INT16,
        axdr.INT32,
        axdr.INT64,
        axdr.UINT8,
        axdr.UINT16,
        axdr.UINT32,
        axdr.UINT64,
        axdr.FLOAT32,
        axdr.FLOAT64,
    }
)
_CODES = _NUMBERS | {axdr.ENUM, axdr.BOOLEAN}
"""What a state may be sent as; a choice among names is no quantity."""
_MOST_CODES = 1000  # remembered; more are damage or a meter's whole load profile


class Item(NamedTuple):
    """One value of a message: of which object and attribute, or in which place of how many.

    `scaler` and `unit` are those on the wire, None where it has none: text with decimals has the
    scaler 0. `stamp` is the time that came with the value.
    """

    obis: str | None
    place: int = 0
    attribute: int = VALUE
    value: Data | str | int | Fraction | float = 0
    scaler: int | None = None
    unit: str | None = None
    stamp: Stamp | None = None
    among: int = 0


class _Place(NamedTuple):
    """An object that a code stands for, and how good the code is for it, 0 being best."""

    name: str
    form: ObisObject
    coded: bool
    rank: int


class Reader:
    """Finds the objects of one map in messages, and checks what they say against their form.

    An object that a message has twice with different content is left out, and so is one whose value
    is not of its form. `zone` is that of clocks which do not say theirs.
    """

    def __init__(self, source_map: SourceMap, zone: tzinfo | None = None) -> None:
        coded = _coded(source_map)
        self._patterns: dict[tuple[int, ...], list[tuple[Pattern, _Place]]] = {}
        self._placed: dict[tuple[int, int], list[_Place]] = {}
        for name, form in source_map.labels.items():
            if isinstance(form, ObisObject):
                for rank, code in enumerate(form.codes):
                    place = _Place(name, form, name in coded, rank)
                    pattern = Pattern(code)
                    self._patterns.setdefault(pattern.own, []).append((pattern, place))
                for among in form.counts:
                    place = _Place(name, form, name in coded, 0)
                    self._placed.setdefault((form.place or 0, among), []).append(place)
        self._zone = zone
        self._known: dict[tuple[str, int], tuple[_Place, ...]] = {}

    def said(self, items: Iterable[Item]) -> Said:
        """Return what `items` say."""
        data: dict[str, Datum | None] = {}
        ranks: dict[str, int] = {}
        for item in items:
            for name, form, coded, rank in self._places(item):
                best = ranks.setdefault(name, rank)
                if rank > best:
                    continue
                datum = _datum(item, form, self._zone, coded=coded)
                if rank < best:
                    ranks[name] = rank
                    del data[name]
                data[name] = datum if data.get(name, datum) == datum else None
        return {name: datum for name, datum in data.items() if datum}

    def _places(self, item: Item) -> Sequence[_Place]:
        """Return the objects that `item` is of."""
        if item.obis is None:
            return self._placed.get((item.place, item.among), ())
        key = item.obis, item.attribute
        known = self._known.get(key)
        if known is None:
            code = obis.parse(item.obis)
            known = tuple(
                place
                for pattern, place in self._patterns.get(code[2:] if code else (), ())
                if place.form.attribute == item.attribute and pattern.matches(item.obis)
            )
            if len(self._known) < _MOST_CODES:
                self._known[key] = known
        return known


def _coded(source_map: SourceMap) -> set[str]:
    """Return the labels that stand for states, bit by bit or as a whole."""
    rules = [rule for each in source_map.rules.values() for rule in each]
    states = {rule.label for rule in rules if rule.is_state and rule.label}
    return states.union(*((*rule.when, *rule.unless) for rule in rules))


def text(value: Data | str | int | Fraction | float) -> str:
    """Return `value` for people, as `plain_text` has it: octets that are no text in hex."""
    plain = value.value if isinstance(value, Data) else value
    if isinstance(plain, bytes):
        shown = plain.decode("ascii", "replace").rstrip("\0 ")
        is_text = shown and shown.isascii() and shown.isprintable()
        return plain_text(shown if is_text else plain.hex())
    return "" if plain is None else plain_text(str(plain))


def _datum(item: Item, form: ObisObject, zone: tzinfo | None, *, coded: bool) -> Datum | None:
    """Return what `item` says if it has the form of its object, which may be `coded`."""
    if form.text:
        shown = text(item.value)
        return Datum(shown, stamp=item.stamp) if shown else None
    number = _number(item.value, _CODES if coded else _NUMBERS)
    if coded and number is None:
        return _code(item)
    own = _time(item.value, zone)
    if own:
        return Datum(own.text, own.utc, "UTC s", own) if form.stamp else None
    if number is None or (form.stamp and item.stamp is None):
        return None
    scaler = form.scaler if item.scaler is None else item.scaler
    exact, unit = ours(scaled(number, scaler), item.unit or form.unit)
    if form.largest is not None and _beyond(exact, unit, form):
        return None
    shown = text(item.value) + (f"e{scaler}" if scaler else "")
    return Datum(shown, exact, unit, item.stamp)


def _code(item: Item) -> Datum | None:
    """Return octets in hexadecimal and as a number, the first one highest; a text as it is.

    Octets are never read as text here: 40 is a bit of a register, and the letter @ as well.
    """
    value = item.value
    if isinstance(value, Data) and isinstance(value.value, bytes):
        octets = value.value
        number = int.from_bytes(octets, "big")
        return Datum(plain_text(octets.hex()), number, stamp=item.stamp) if octets else None
    shown = "" if isinstance(value, Data) and value.items else text(value)
    return Datum(shown, stamp=item.stamp) if shown else None


def _beyond(number: Number, unit: str | None, form: ObisObject) -> bool:
    power = units.exponent(unit, form.unit) if unit and form.unit else 0
    limit = Fraction(form.largest or 0) / Fraction(10) ** (power or 0)
    return abs(Fraction(number)) > limit


def _time(value: Data | str | int | Fraction | float, zone: tzinfo | None) -> Stamp | None:
    """Return the time that `value` is, None if it is none."""
    if isinstance(value, Data) and value.tag in (axdr.OCTETS, axdr.DATE_TIME):
        return clock.stamp(value.value, zone) if isinstance(value.value, bytes) else None
    return None


def _number(value: Data | str | int | Fraction | float, tags: frozenset[int]) -> Number | None:
    """Return the finite number that `value` is, None if it is none; data has one of `tags`."""
    if isinstance(value, str):
        return Fraction(value) if _DECIMAL.fullmatch(value) else None
    if isinstance(value, Data):
        if value.tag not in tags or not isinstance(value.value, int | float):
            return None
        value = value.value
    return value if math.isfinite(value) else None
