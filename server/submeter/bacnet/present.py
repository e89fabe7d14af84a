"""Present_Value: a reading's number as each object type carries it."""

import math
import struct
from datetime import UTC, datetime

from bacpypes3.basetypes import BinaryPV, DateTime
from bacpypes3.primitivedata import Date, Time, Unsigned

from submeter import units
from submeter.bacnet import image
from submeter.bacnet.fault import NOT_INITIALIZED
from submeter.bacnet.image import Image
from submeter.pointmap.meter_map import BacnetObject

LAST_COUNT = 0xFFFFFFFF  # clients keep accumulators in 32 bits; ours roll over to 0 after it
_REAL = struct.Struct(">Bf")
_REAL_TAG = 0x44
_UNSPECIFIED = image.encode(
    DateTime(date=Date((255, 255, 255, 255)), time=Time((255, 255, 255, 255)))
)


def encode(entry: BacnetObject, value: int | float | None) -> Image:
    """Return the image of `value`, a number as in `Reading`.

    What is not known is NaN in a REAL and unspecified in a DateTime. The other types have no such
    value and answer the fault value-not-initialized, as does a number that is none of the states.
    """
    match entry.object:
        case "analog-input" | "analog-output":
            return _real(math.nan if value is None else units.scale(value, entry.power))
        case "datetime-value":
            return _date_time(value)
    if value is None:
        return NOT_INITIALIZED
    if entry.object == "accumulator":
        return image.encode(Unsigned(_count(int(value), entry.power)))
    state = _position(entry, value)
    if state is None:
        return NOT_INITIALIZED
    if entry.object == "multi-state-value":
        return image.encode(Unsigned(state + 1))
    return image.encode(BinaryPV(state))


def _real(number: int | float) -> bytes:
    try:
        return _REAL.pack(_REAL_TAG, number)
    except OverflowError:
        return _REAL.pack(_REAL_TAG, math.copysign(math.inf, number))


def _count(number: int, power: int) -> int:
    """Return whole units of an index: integers all the way, rounded down, rolled over."""
    whole = number * 10**power if power >= 0 else number // 10**-power
    return int(whole % (LAST_COUNT + 1))


def _position(entry: BacnetObject, value: int | float) -> int | None:
    """Return where the state stands in the point's list, counted from 0."""
    states = list(entry.point.states)
    return states.index(int(value)) if value in states else None


def _date_time(value: int | float | None) -> bytes:
    if value is None:
        return _UNSPECIFIED
    at = datetime.fromtimestamp(int(value), UTC)
    date = Date((at.year - 1900, at.month, at.day, at.isoweekday()))
    return image.encode(DateTime(date=date, time=Time((at.hour, at.minute, at.second, 0))))
