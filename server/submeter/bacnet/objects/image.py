"""Property values as the bytes that go on the wire, encoded when they change."""

import time
from collections.abc import Callable
from typing import Any

from bacpypes3.constructeddata import Array

from submeter.bacnet import encoding
from submeter.bacnet.fault import INVALID_ARRAY_INDEX, NOT_AN_ARRAY, Fault

Value = bytes | tuple[bytes, ...] | Fault
Image = Value | Callable[[], bytes | Fault]
"""An array is kept as its elements; a property that has no value yet as the fault it answers; what
changes by itself, such as the time, as the function that gives it, and never is an array."""


def encode(value: Any) -> bytes:
    """Return a value of one of bacpypes3's data types as its application-tagged bytes."""
    return bytes(value.encode().encode().pduData)


def of_property(schema: Any, attribute: str, value: Any) -> Value:
    """Return the image of `value` as the property `attribute` of an object class of bacpypes3.

    Raises TypeError or ValueError when the value does not fit the property's data type.
    """
    datatype = schema._elements[attribute]
    if issubclass(datatype, Array):
        return tuple(encode(_cast(datatype._subtype, element)) for element in value)
    return encode(_cast(datatype, value))


def part(image: Image, index: int | None) -> bytes | Fault:
    """Return what a read of `image` answers; of arrays, index 0 is the size (135, 12.1.5)."""
    if callable(image) and not isinstance(image, tuple):
        if index is not None:
            return NOT_AN_ARRAY  # before any work is done
        image = image()
    if isinstance(image, Fault):
        return image
    if isinstance(image, bytes):
        return image if index is None else NOT_AN_ARRAY
    if index is None:
        return b"".join(image)
    if index == 0:
        return encoding.unsigned(len(image))
    return image[index - 1] if index <= len(image) else INVALID_ARRAY_INDEX


def kept(make: Callable[[], bytes], seconds: float = 0.1) -> Callable[[], bytes]:
    """Return `make`, whose result is used again for a while: one request may ask for it often."""
    until, image = float("-inf"), b""

    def give() -> bytes:
        nonlocal until, image
        now = time.monotonic()
        if now >= until:
            until, image = now + seconds, make()
        return image

    return give


def _cast(datatype: Any, value: Any) -> Any:
    return value if isinstance(value, datatype) else datatype(datatype.cast(value))
