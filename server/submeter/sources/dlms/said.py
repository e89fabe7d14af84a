"""What the items of a message say, by the objects of the source map."""

import math
import re
from collections.abc import Iterable
from datetime import tzinfo
from fractions import Fraction
from typing import NamedTuple

from submeter import units
from submeter.meter.reading import Stamp
from submeter.pointmap.obis_object import ObisObject
from submeter.pointmap.source_map import SourceMap
from submeter.sources.dlms import axdr, clock
from submeter.sources.dlms.axdr import Data
from submeter.sources.dlms.obis import Pattern
from submeter.sources.dlms.units import Number, ours, scaled
from submeter.sources.translation.datum import Datum, Said

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
        axdr.ENUM,
        axdr.BOOLEAN,
        axdr.FLOAT32,
        axdr.FLOAT64,
    }
)
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


class Reader:
    """Finds the objects of one map in messages, and checks what they say against their form.

    An object that a message has twice with different content is left out, and so is one whose value
    is not of its form. `zone` is that of clocks which do not say theirs.
    """

    def __init__(self, source_map: SourceMap, zone: tzinfo | None = None) -> None:
        objects = source_map.labels.items()
        self._objects = {name: each for name, each in objects if isinstance(each, ObisObject)}
        self._patterns = {
            name: Pattern(each.obis) for name, each in self._objects.items() if each.obis
        }
        self._zone = zone
        self._known: dict[str, tuple[str, ...]] = {}

    def said(self, items: Iterable[Item]) -> Said:
        """Return what `items` say."""
        data: dict[str, Datum | None] = {}
        for item in items:
            for name in self._named(item):
                datum = _datum(item, self._objects[name], self._zone)
                data[name] = datum if data.get(name, datum) == datum else None
        return {name: datum for name, datum in data.items() if datum}

    def _named(self, item: Item) -> Iterable[str]:
        """Yield the objects that `item` is of."""
        if item.obis is None:
            for name, form in self._objects.items():
                if (form.place, form.among) == (item.place, item.among):
                    yield name
            return
        for name in self._coded(item.obis):
            if self._objects[name].attribute == item.attribute:
                yield name

    def _coded(self, code: str) -> tuple[str, ...]:
        known = self._known.get(code)
        if known is None:
            known = tuple(name for name, each in self._patterns.items() if each.matches(code))
            if len(self._known) < _MOST_CODES:
                self._known[code] = known
        return known


def said(items: Iterable[Item], source_map: SourceMap) -> Said:
    """Return what `items` say by the objects of `source_map`; see `Reader`."""
    return Reader(source_map).said(items)


def text(value: Data | str | int | Fraction | float) -> str:
    """Return `value` as people read it: octets that are no text in hexadecimal."""
    plain = value.value if isinstance(value, Data) else value
    if isinstance(plain, bytes):
        shown = plain.decode("ascii", "replace").rstrip("\0 ")
        return shown if shown and shown.isascii() and shown.isprintable() else plain.hex()
    return "" if plain is None else str(plain)


def _datum(item: Item, form: ObisObject, zone: tzinfo | None) -> Datum | None:
    """Return what `item` says if it has the form of its object."""
    if form.text:
        shown = text(item.value)
        return Datum(shown, stamp=item.stamp) if shown else None
    own = _time(item.value, zone)
    if own:
        return Datum(own.text, own.utc, "UTC s", own) if form.stamp else None
    number = _number(item.value)
    if number is None or (form.stamp and item.stamp is None):
        return None
    scaler = form.scaler if item.scaler is None else item.scaler
    exact, unit = ours(scaled(number, scaler), item.unit or form.unit)
    if form.largest is not None and _beyond(exact, unit, form):
        return None
    shown = text(item.value) + (f"e{scaler}" if scaler else "")
    return Datum(shown, exact, unit, item.stamp)


def _beyond(number: Number, unit: str | None, form: ObisObject) -> bool:
    power = units.exponent(unit, form.unit) if unit and form.unit else 0
    limit = Fraction(form.largest or 0) / Fraction(10) ** (power or 0)
    return abs(Fraction(number)) > limit


def _time(value: Data | str | int | Fraction | float, zone: tzinfo | None) -> Stamp | None:
    """Return the time that `value` is, None if it is none."""
    if isinstance(value, Data) and value.tag in (axdr.OCTETS, axdr.DATE_TIME):
        return clock.stamp(value.value, zone) if isinstance(value.value, bytes) else None
    return None


def _number(value: Data | str | int | Fraction | float) -> Number | None:
    """Return the finite number that `value` is, None if it is none."""
    if isinstance(value, str):
        return Fraction(value) if _DECIMAL.fullmatch(value) else None
    if isinstance(value, Data):
        if value.tag not in _NUMBERS or not isinstance(value.value, int | float):
            return None
        value = value.value
    return value if math.isfinite(value) else None
