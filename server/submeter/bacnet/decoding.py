"""Application-tagged values in write requests (ASHRAE 135, 20.2)."""

import struct
from collections.abc import Callable
from enum import IntEnum
from typing import NamedTuple

from submeter.bacnet.answer import Reason, RefusedError, Rejected
from submeter.bacnet.encoding import CHARACTER_SETS
from submeter.bacnet.fault import CHARACTER_SET


class Tag(IntEnum):
    """Application tag numbers (135, 20.2.1.4)."""

    NULL = 0
    BOOLEAN = 1
    UNSIGNED = 2
    SIGNED = 3
    REAL = 4
    DOUBLE = 5
    OCTETS = 6
    TEXT = 7
    BITS = 8
    ENUMERATED = 9
    DATE = 10
    TIME = 11
    IDENTIFIER = 12


class Decoded(NamedTuple):
    """One primitive value: its type, and what it is in Python.

    Octets, bit strings, dates, times and object identifiers stay the octets below their tag.
    """

    tag: Tag
    value: bool | int | float | str | bytes | None


def value(content: bytes) -> Decoded:
    """Return the one value that `content` is.

    Raises Rejected: MISSING_PARAMETER where there is none, INVALID_TAG for what is no application
    tag or cut short, INVALID_DATA_TYPE for a length that its type cannot have,
    TOO_MANY_ARGUMENTS if there is more than one; RefusedError for a character set we do not have.
    """
    if not content:
        raise Rejected(Reason.MISSING_PARAMETER)
    number, kind = content[0] >> 4, content[0] & 0x0F
    if number > Tag.IDENTIFIER:
        raise Rejected(Reason.INVALID_TAG)
    tag = Tag(number)
    length, start = _length(content, 0 if tag is Tag.BOOLEAN else kind)
    if len(content) < start + length:
        raise Rejected(Reason.INVALID_TAG)
    if len(content) > start + length:
        raise Rejected(Reason.TOO_MANY_ARGUMENTS)
    if tag is Tag.BOOLEAN:  # its value is in the tag itself (135, 20.2.3)
        _require(kind <= 1)
        return Decoded(tag, kind == 1)
    return Decoded(tag, _DECODERS[tag](content[start:]))


def meant(real: float) -> float:
    """Return the number with the fewest digits that, as a REAL, is `real`: 0.1, not 0.100000001.

    >>> meant(0.10000000149011612)
    0.1
    """
    for digits in (6, 7, 8):
        short = float(f"{real:.{digits}g}")
        if struct.pack(">f", short) == struct.pack(">f", real):
            return short
    return float(f"{real:.9g}")


def _length(content: bytes, kind: int) -> tuple[int, int]:
    """Return how long the value is, and where it begins (135, 20.2.1.3.1)."""
    if kind < 5:
        return kind, 1
    if kind > 5 or len(content) < 2:
        raise Rejected(Reason.INVALID_TAG)
    size = {254: 2, 255: 4}.get(content[1], 0)
    if size == 0:
        return content[1], 2
    return int.from_bytes(content[2 : 2 + size], "big"), 2 + size


def _null(data: bytes) -> None:
    _require(not data)


def _unsigned(data: bytes) -> int:
    _require(1 <= len(data) <= 8)
    return int.from_bytes(data, "big")


def _signed(data: bytes) -> int:
    _require(1 <= len(data) <= 8)
    return int.from_bytes(data, "big", signed=True)


def _real(data: bytes) -> float:
    _require(len(data) == 4)
    return float(struct.unpack(">f", data)[0])


def _double(data: bytes) -> float:
    _require(len(data) == 8)
    return float(struct.unpack(">d", data)[0])


def _text(data: bytes) -> str:
    _require(len(data) >= 1)
    coding = CHARACTER_SETS.get(data[0])
    if coding is None:
        raise RefusedError(CHARACTER_SET)
    try:
        return data[1:].decode(coding)
    except UnicodeDecodeError:
        raise Rejected(Reason.INVALID_DATA_TYPE) from None


def _bits(data: bytes) -> bytes:
    _require(len(data) >= 1 and data[0] < (8 if len(data) > 1 else 1))
    return data


def _octets(data: bytes) -> bytes:
    return data


def _four(data: bytes) -> bytes:
    _require(len(data) == 4)
    return data


def _require(fits: bool) -> None:
    if not fits:
        raise Rejected(Reason.INVALID_DATA_TYPE)


_DECODERS: dict[Tag, Callable[[bytes], int | float | str | bytes | None]] = {
    Tag.NULL: _null,
    Tag.UNSIGNED: _unsigned,
    Tag.SIGNED: _signed,
    Tag.REAL: _real,
    Tag.DOUBLE: _double,
    Tag.OCTETS: _octets,
    Tag.TEXT: _text,
    Tag.BITS: _bits,
    Tag.ENUMERATED: _unsigned,
    Tag.DATE: _four,
    Tag.TIME: _four,
    Tag.IDENTIFIER: _four,
}
