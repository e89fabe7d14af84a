"""Application- and context-tagged values as octets (ASHRAE 135, 20.2)."""

import struct
from collections.abc import Iterable, Sequence

CHARACTER_SETS = {0: "utf-8", 4: "utf-16-be", 5: "iso-8859-1"}
"""Codecs by the octet before the characters (20.2.9).

UCS-2 has no surrogates; UTF-16 is what takes it and refuses lone ones.
"""

_UNSPECIFIED = 0xFF


def tagged(number: int, content: bytes) -> bytes:
    """Return `content` under the application tag `number` below 15."""
    return _head(number << 4, len(content)) + content


def context(number: int, content: bytes) -> bytes:
    """Return `content` under the context tag `number` below 15."""
    return _head(number << 4 | 0x08, len(content)) + content


def enclosed(number: int, content: bytes) -> bytes:
    """Return `content` between the opening and the closing tag `number` below 15."""
    return bytes((number << 4 | 0x0E,)) + content + bytes((number << 4 | 0x0F,))


def context_unsigned(number: int, value: int) -> bytes:
    """Return an unsigned or enumerated number under the context tag `number` below 15."""
    return context(number, whole(value))


def whole(value: int) -> bytes:
    """Return the octets of a number from 0 on: as few as hold it, the highest first."""
    return value.to_bytes(max(1, (value.bit_length() + 7) // 8), "big")


NULL = b"\x00"


def boolean(value: bool) -> bytes:
    """Return a Boolean, which is its own tag."""
    return b"\x11" if value else b"\x10"


def unsigned(value: int) -> bytes:
    """Return an Unsigned below 2**64."""
    return tagged(2, whole(value))


def signed(value: int) -> bytes:
    """Return an INTEGER of at most 64 bits."""
    length = (value if value >= 0 else ~value).bit_length() // 8 + 1
    return tagged(3, value.to_bytes(length, "big", signed=True))


def real(value: float) -> bytes:
    """Return a REAL; raises OverflowError for what it cannot hold."""
    return struct.pack(">Bf", 0x44, value)


def double(value: float) -> bytes:
    """Return a Double."""
    return struct.pack(">BBd", 0x55, 8, value)


def octets(value: bytes) -> bytes:
    """Return an OCTET STRING."""
    return tagged(6, value)


def text(value: str) -> bytes:
    """Return a CharacterString in UTF-8, character set 0."""
    return tagged(7, b"\x00" + value.encode())


def bits(values: Sequence[object]) -> bytes:
    """Return a BIT STRING, the first value being bit 0."""
    return tagged(8, bit_content(values))


def bit_content(values: Sequence[object]) -> bytes:
    """Return the octets of a BIT STRING below its tag: the unused bits, then the bits."""
    unused = -len(values) % 8
    number = 0
    for value in values:
        number = number << 1 | bool(value)
    length = (len(values) + 7) // 8
    return bytes((unused,)) + (number << unused).to_bytes(length, "big")


def enumerated(value: int) -> bytes:
    """Return an Enumerated."""
    return tagged(9, whole(value))


def date(year: int, month: int, day: int, weekday: int) -> bytes:
    """Return a Date: year as 2026, Monday is weekday 1."""
    return bytes((0xA4, year - 1900, month, day, weekday))


def time(hour: int, minute: int, second: int, hundredths: int = 0) -> bytes:
    """Return a Time."""
    return bytes((0xB4, hour, minute, second, hundredths))


UNSPECIFIED_DATE = bytes((0xA4, *(_UNSPECIFIED,) * 4))
UNSPECIFIED_TIME = bytes((0xB4, *(_UNSPECIFIED,) * 4))


def identifier(kind: int, instance: int) -> bytes:
    """Return an object identifier."""
    return b"\xc4" + identifier_content(kind, instance)


def identifier_content(kind: int, instance: int) -> bytes:
    """Return the four octets of an object identifier: type in 10 bits, instance in 22."""
    return (kind << 22 | instance).to_bytes(4, "big")


def joined(parts: Iterable[bytes]) -> bytes:
    """Return `parts` as one: the elements of an array, a list or a sequence."""
    return b"".join(parts)


def _head(tag: int, length: int) -> bytes:
    if length < 5:
        return bytes((tag | length,))
    if length < 254:
        return bytes((tag | 5, length))
    if length < 1 << 16:
        return bytes((tag | 5, 254)) + length.to_bytes(2, "big")
    return bytes((tag | 5, 255)) + length.to_bytes(4, "big")
