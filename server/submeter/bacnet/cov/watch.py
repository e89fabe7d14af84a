"""What a subscription watches, and when it has changed enough to tell (ASHRAE 135, 13.1)."""

import math
import struct
from typing import NamedTuple

from submeter.bacnet import fault
from submeter.bacnet.answer import RefusedError
from submeter.bacnet.fault import Fault
from submeter.bacnet.objects.image import Image
from submeter.bacnet.objects.served import (
    PRESENT_VALUE,
    RELIABILITY,
    STATUS_FLAGS,
    ServedObject,
)

COV_INCREMENT = 22
LARGEST_VALUE = 400  # octets; with all that stands around it, it fits an APDU on MS/TP

# Of 135, table 13-1: analog, binary and multi-state input, output and value, CharacterString,
# DateTime and Large Analog Value.
TYPES = frozenset({0, 1, 2, 3, 4, 5, 13, 14, 19, 40, 44, 46})
_REAL, _DOUBLE = struct.Struct(">f"), struct.Struct(">d")
_REAL_HEAD, _DOUBLE_HEAD = b"\x44", b"\x55\x08"
# What a number of either type may differ by from what was meant, relative to it.
_REAL_NOISE, _DOUBLE_NOISE = 2.0**-23, 2.0**-52


class Sample(NamedTuple):
    """The images at one moment; None for what the object does not have, or does not know yet."""

    value: bytes | None
    flags: bytes | None
    reliability: bytes | None


class Watch:
    """A property of `entry`, or one element of it, and with it status flags and reliability.

    `increment` is by how much a REAL or Double has to change, 0 for any change.
    """

    __slots__ = ("_live", "entry", "increment", "index", "number")

    def __init__(
        self, entry: ServedObject, number: int, index: int | None, increment: float
    ) -> None:
        self.entry = entry
        self.number = number
        self.index = index
        self.increment = increment
        self._live = entry.live

    def sample(self) -> Sample:
        """Return what there is now."""
        live = self._live
        value = live.get(self.number)
        if self.index is not None or type(value) is not bytes:
            read = self.entry.read(self.number, self.index)
            value = None if isinstance(read, Fault) else read
        if value is not None and len(value) > LARGEST_VALUE:
            value = None
        flags, reliability = live.get(STATUS_FLAGS), live.get(RELIABILITY)
        return Sample(
            value,
            flags if isinstance(flags, bytes) else None,
            reliability if isinstance(reliability, bytes) else None,
        )

    def differs(self, told: Sample, now: Sample) -> bool:
        """Tell whether one who was told `told` is to be told `now`."""
        if told == now:
            return False
        if told.flags != now.flags or told.reliability != now.reliability:
            return True
        if self.increment == 0 or told.value is None or now.value is None:
            return True
        old, new = number_of(told.value), number_of(now.value)
        if old is None or new is None:
            return True
        noise = _REAL_NOISE if now.value[:1] == _REAL_HEAD else _DOUBLE_NOISE
        return _moved(old, new, self.increment, noise)


def of_object(entry: ServedObject) -> Watch:
    """Return what SubscribeCOV watches; raises RefusedError for a type that table 13-1 lacks."""
    if entry.type not in TYPES:
        raise RefusedError(fault.NO_COV_OF_OBJECT)
    return Watch(entry, PRESENT_VALUE, None, _own_increment(entry))


def of_property(
    entry: ServedObject, number: int, index: int | None, increment: float | None
) -> Watch:
    """Return what SubscribeCOVProperty watches.

    Without `increment` that of the object goes for its present value. Raises RefusedError for a
    property that is not there, and for one that changes by itself, as the time does, or is as long
    as an array.
    """
    image = entry.image(number)
    problem = _problem(image, index)
    if problem:
        raise RefusedError(problem)
    if increment is None:
        increment = _own_increment(entry) if number == PRESENT_VALUE else 0.0
    return Watch(entry, number, index, increment)


def number_of(image: bytes) -> float | None:
    """Return the number in the image of a REAL or Double, None if it is neither."""
    if len(image) == 5 and image[:1] == _REAL_HEAD:
        return float(_REAL.unpack_from(image, 1)[0])
    if len(image) == 10 and image[:2] == _DOUBLE_HEAD:
        return float(_DOUBLE.unpack_from(image, 2)[0])
    return None


def _problem(image: Image | None, index: int | None) -> Fault | None:
    if image is None:
        return fault.UNKNOWN_PROPERTY
    if isinstance(image, bytes | Fault):
        if index is not None:
            return fault.NOT_AN_ARRAY
        too_long = isinstance(image, bytes) and len(image) > LARGEST_VALUE
        return fault.NO_COV_OF_PROPERTY if too_long else None
    if not isinstance(image, tuple) or index is None:
        return fault.NO_COV_OF_PROPERTY
    return fault.INVALID_ARRAY_INDEX if index > len(image) else None


def _own_increment(entry: ServedObject) -> float:
    image = entry.read(COV_INCREMENT)
    return 0.0 if isinstance(image, Fault) else number_of(image) or 0.0


def _moved(old: float, new: float, increment: float, noise: float) -> bool:
    if math.isnan(old) or math.isnan(new):
        return math.isnan(old) != math.isnan(new)
    # In 24 bits 230.2 is a little less than 0.1 above 230.1.
    return new != old and abs(new - old) + abs(new) * noise >= increment
