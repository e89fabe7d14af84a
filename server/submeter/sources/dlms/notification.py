"""Data-Notification: what a meter pushes (IEC 62056-5-3, 6.3.10 and 9.4), in any of its layouts.

    0F | invoke id and priority (4) | date-time | body

The date-time is a length and 12 octets or none; some meters put the tag of an octet string before
it. The body is one of

    object list   its first element is the list of the objects {class, code, attribute, index};
                  element n is what entry n stands for, the first one being the list itself
    pairs         codes of 6 octets, each with the value that follows it, in structures or flat;
                  scaler and unit may follow the value
    positional    values without codes: only their place says what they are
"""

from collections.abc import Iterator
from datetime import tzinfo
from typing import Literal, NamedTuple

from submeter.errors import FrameError
from submeter.sources.dlms import axdr, clock, obis, units
from submeter.sources.dlms.axdr import Data
from submeter.sources.dlms.said import VALUE, Item

TAG = 0x0F
Layout = Literal["object list", "pairs", "positional"]
CLOCK = "0-0:1.0.0*255"
"""The code that the date-time of the message itself gets."""

_SCALER_UNIT = 3
_LARGEST_MEDIUM = 15  # A has four bits; letters and digits of other strings are larger
_STAMPS = {4: 5, 5: 6}
"""By class, the attribute with the time of the value: extended register, demand register."""


class Notification(NamedTuple):
    """What one message says: its number, its layout, its values, and how many there are in all."""

    invoke: int
    layout: Layout
    items: tuple[Item, ...]


def read(data: bytes, zone: tzinfo | None = None) -> Notification:
    """Return what a whole message says; raises FrameError if it is none, or more than one.

    `zone` is that of a clock which does not say its own.
    """
    if data[:1] != bytes([TAG]) or len(data) < 6:
        raise FrameError("no Data-Notification")
    moment, at = _moment(data, 5)
    body, end = axdr.decode(data, at)
    if end != len(data):
        raise FrameError("a Data-Notification with something behind its end")
    layout, items = _items(body, zone)
    if moment and all(item.obis != CLOCK for item in items):
        items = (*items, Item(CLOCK, value=Data(axdr.DATE_TIME, moment)))
    return Notification(int.from_bytes(data[1:5], "big"), layout, items)


def _moment(data: bytes, at: int) -> tuple[bytes, int]:
    """Return the date-time of the message, which may be empty, and where it ends."""
    if data[at] in (axdr.OCTETS, axdr.DATE_TIME):
        value, end = axdr.decode(data, at)
        moment = value.value if isinstance(value.value, bytes) else b""
    else:
        moment, end = axdr.counted(data, at)
    if len(moment) not in (0, clock.SIZE):
        raise FrameError("a date-time of another length than 12")
    return moment, end


def _items(body: Data, zone: tzinfo | None) -> tuple[Layout, tuple[Item, ...]]:
    objects = _object_list(body)
    if objects:
        return "object list", tuple(_listed(objects, body.items, zone))
    leaves = _leaves(body)
    items = tuple(_walk(body if body.items else Data(axdr.STRUCTURE, [body]), leaves, [0]))
    coded = any(item.obis for item in items)
    return ("pairs" if coded else "positional"), items


class _Entry(NamedTuple):
    """One entry of an object list."""

    kind: int
    code: str
    attribute: int
    part: int


def _object_list(body: Data) -> list[_Entry]:
    """Return the object list that a body begins with, none if it begins with something else."""
    if body.tag != axdr.STRUCTURE or not body.items or body.items[0].tag != axdr.ARRAY:
        return []
    entries = [_entry(each) for each in body.items[0].items]
    known = [entry for entry in entries if entry]
    return known if len(known) == len(entries) else []


def _entry(data: Data) -> _Entry | None:
    match [each.value for each in data.items]:
        case [int(kind), bytes(code), int(attribute), int(part)] if len(code) == 6:
            return _Entry(kind, obis.code(code), attribute, part)
    return None


def _listed(objects: list[_Entry], values: list[Data], zone: tzinfo | None) -> Iterator[Item]:
    if len(values) == len(objects) + 1:
        values = values[1:]  # the list does not have an entry for itself
    if len(values) != len(objects):
        raise FrameError("an object list that is not as long as what follows")
    found = {
        (each.code, each.attribute): value for each, value in zip(objects, values, strict=True)
    }
    for entry, value in zip(objects, values, strict=True):
        if value.items or value.tag in (axdr.NULL, axdr.ARRAY):
            continue
        scaler, unit, stamp = None, None, None
        if entry.attribute == VALUE:
            scaler, unit = _scale(found.get((entry.code, _SCALER_UNIT))) or (None, None)
            time = found.get((entry.code, _STAMPS.get(entry.kind, 0)))
            if time and isinstance(time.value, bytes):
                stamp = clock.stamp(time.value, zone)
        yield Item(entry.code, 0, entry.attribute, value, scaler, unit, stamp)


def _walk(data: Data, leaves: int, place: list[int]) -> Iterator[Item]:
    """Yield the values within `data`; `place` counts those before, codes included."""
    elements = iter(enumerate(data.items))
    for n, element in elements:
        following = data.items[n + 1 : n + 3]
        if element.items:
            yield from _walk(element, leaves, place)
        elif _is_code(element) and following and following[0].tag not in _LISTS:
            scale = _scale(following[1]) if len(following) > 1 else None
            code = obis.code(_octets(element))
            yield Item(code, place[0] + 1, VALUE, following[0], *(scale or (None, None)))
            next(elements)
            place[0] += 2
            if scale:
                next(elements)
                place[0] += 2
        else:
            yield Item(None, place[0], VALUE, element, among=leaves)
            place[0] += 1


_LISTS = (axdr.ARRAY, axdr.STRUCTURE, axdr.COMPACT_ARRAY)


def _leaves(data: Data) -> int:
    """Return how many values there are in `data`, an empty list being one."""
    return sum(map(_leaves, data.items)) if data.items else 1


def _is_code(data: Data) -> bool:
    octets = _octets(data)
    return len(octets) == 6 and octets[0] <= _LARGEST_MEDIUM


def _octets(data: Data) -> bytes:
    return data.value if data.tag == axdr.OCTETS and isinstance(data.value, bytes) else b""


def _scale(data: Data | None) -> tuple[int, str | None] | None:
    """Return scaler and unit of a structure of the two, None if it is none."""
    if data and [each.tag for each in data.items] == [axdr.INT8, axdr.ENUM]:
        scaler, unit = (each.value for each in data.items)
        if isinstance(scaler, int) and isinstance(unit, int):
            return scaler, units.name(unit)
    return None
