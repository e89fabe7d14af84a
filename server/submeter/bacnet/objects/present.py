"""Present_Value: a reading's number as each object type carries it."""

import functools
import math
import struct
from collections.abc import Callable
from datetime import UTC, datetime

from submeter.bacnet import encoding
from submeter.bacnet.fault import NOT_INITIALIZED
from submeter.bacnet.objects.image import Value
from submeter.bacnet.objects.quality import NO_FAULT, OVER_RANGE, UNDER_RANGE, UNRELIABLE
from submeter.pointmap.meter_map import BacnetObject

Number = int | float
Present = tuple[Value, Number | None, int]
"""The image of Present_Value, the number that it says, and how reliable a good reading of it is."""

Encoder = Callable[[Number | None], Present]

LAST_COUNT = 0xFFFFFFFF  # clients keep accumulators in 32 bits; ours roll over to 0 after it
_LAST_TIME = 0xFFFFFFFF  # UTC s: what a time stamp of the list can say
_REAL, _DOUBLE = struct.Struct(">Bf"), struct.Struct(">BBd")
_NO_VALUE: Present = (NOT_INITIALIZED, None, UNRELIABLE)


@functools.cache
def encoder(entry: BacnetObject) -> Encoder:
    """Return what makes Present_Value of a number as in `Reading`, None for one never known.

    What is not known is NaN in a REAL and a Double, and unspecified in a DateTime. The other types
    have no such value and answer the fault value-not-initialized, as does a number that is none of
    the states.
    """
    match entry.object:
        case "analog-input" | "analog-output":
            return _analog(entry, _real)
        case "large-analog-value":
            return _analog(entry, _double)
        case "accumulator":
            return functools.partial(_count, entry.power)
        case "datetime-value":
            return _date_time
        case "binary-input" | "binary-output":
            return _states(entry, 0, encoding.enumerated)
        case "multi-state-value":
            return _states(entry, 1, encoding.unsigned)


def _analog(entry: BacnetObject, pack: Callable[[Number], bytes]) -> Encoder:
    factor = 10 ** abs(entry.power)
    multiplied = entry.power > 0
    low, high = _expected(entry)
    unknown: Present = (pack(math.nan), None, UNRELIABLE)

    def encode(value: Number | None) -> Present:
        if value is None or value != value:  # None, or a NaN
            return unknown
        doubt = NO_FAULT
        if value > high:
            doubt = OVER_RANGE
        elif value < low:
            doubt = UNDER_RANGE
        number = value * factor if multiplied else value / factor
        return pack(number), number, doubt

    return encode


def _expected(entry: BacnetObject) -> tuple[float, float]:
    """Return the least and the largest measured number, as in `Reading`, without a fault.

    A setting is never out of range, and an index may go beyond that of its list.
    """
    point = entry.point
    if point.bounds is None or point.kind == "index" or point.group == "configuration":
        return -math.inf, math.inf
    return point.bounds


def _real(number: Number) -> bytes:
    try:
        return _REAL.pack(0x44, number)
    except OverflowError:
        return _REAL.pack(0x44, math.copysign(math.inf, number))


def _double(number: Number) -> bytes:
    return _DOUBLE.pack(0x55, 8, number)


def _count(power: int, value: Number | None) -> Present:
    """Encode whole units of an index: integers all the way, rounded down, rolled over."""
    if value is None:
        return _NO_VALUE
    whole = int(value) * 10**power if power >= 0 else int(value) // 10**-power
    count = int(whole % (LAST_COUNT + 1))
    return encoding.unsigned(count), count, NO_FAULT


def _states(entry: BacnetObject, first: int, image: Callable[[int], bytes]) -> Encoder:
    """Encode a state as its place in the point's list, counted from `first`."""
    known: dict[Number | None, Present] = {
        state: (image(place), place, NO_FAULT)
        for place, state in enumerate(entry.point.states, first)
    }

    def encode(value: Number | None) -> Present:
        return known.get(value, _NO_VALUE)

    return encode


def _date_time(value: Number | None) -> Present:
    if value is None or not 0 <= value <= _LAST_TIME:
        return encoding.UNSPECIFIED_DATE + encoding.UNSPECIFIED_TIME, None, UNRELIABLE
    at = datetime.fromtimestamp(int(value), UTC)
    date = encoding.date(at.year, at.month, at.day, at.isoweekday())
    return date + encoding.time(at.hour, at.minute, at.second), int(value), NO_FAULT
