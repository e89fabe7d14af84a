"""The data of a record, by its coding (EN 13757-3, table 4 and annex A)."""

import math
import struct
from fractions import Fraction
from typing import NamedTuple

from submeter.errors import FrameError
from submeter.sources.mbus.dib import VARIABLE

Number = int | Fraction

_LENGTHS = {0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 5: 4, 6: 6, 7: 8, 8: 0, 9: 1, 10: 2, 11: 3, 12: 4, 14: 6}
_REAL = 5
_BCD = {9, 10, 11, 12, 14}
_EMPTY = {0, 8}


class Content(NamedTuple):
    """What the data of a record says, before its VIF scales it.

    `number` is None for text and where there is no value; `text` is what was sent, for people.
    `raw` are the bytes, lowest first; `binary` tells that they are a whole number.
    """

    raw: bytes
    number: Number | None
    text: str
    binary: bool = False


def read(coding: int, data: bytes, start: int) -> tuple[Content, int]:
    """Return the data at `start` and the place after it; raises FrameError."""
    if coding == VARIABLE:
        return _variable(data, start)
    raw, end = _take(data, start, _LENGTHS[coding])
    if coding in _EMPTY:
        return Content(raw, None, ""), end
    if coding == _REAL:
        return _real(raw), end
    return (_bcd(raw) if coding in _BCD else _integer(raw)), end


def _take(data: bytes, start: int, length: int) -> tuple[bytes, int]:
    end = start + length
    if end > len(data):
        raise FrameError("the answer ends within the data of a record")
    return data[start:end], end


def _integer(raw: bytes) -> Content:
    """Read type B: signed; the lowest number of all means that there is none."""
    number = int.from_bytes(raw, "little", signed=True)
    invalid = number == -(1 << (8 * len(raw) - 1))
    return Content(raw, None if invalid else number, str(number), True)


def _bcd(raw: bytes) -> Content:
    """Read type A: decimal digits; F as the first of them is a minus, other letters an error."""
    digits = raw[::-1].hex().upper()
    sign, rest = (-1, digits[1:]) if digits[:1] == "F" else (1, digits)
    number = sign * int(rest) if rest.isdigit() else None
    return Content(raw, number, digits if number is None else str(number))


def _real(raw: bytes) -> Content:
    """Read type H: IEEE 754 of 32 bits; what is no number is an error."""
    (number,) = struct.unpack("<f", raw)
    if not math.isfinite(number):
        return Content(raw, None, str(number))
    return Content(raw, Fraction(number), f"{number:.7g}")


def _variable(data: bytes, start: int) -> tuple[Content, int]:
    """Read data with its length before it (LVAR)."""
    (lvar, *_), place = _take(data, start, 1)
    if lvar < 0xC0:
        raw, end = _take(data, place, lvar)
        return Content(raw, None, raw[::-1].decode("latin-1")), end
    if lvar < 0xE0:
        raw, end = _take(data, place, lvar & 0x0F)
        digits = raw[::-1].hex()
        number = int(digits) if digits.isdigit() else None
        if lvar >= 0xD0 and number is not None:
            number = -number
        return Content(raw, number, digits.upper() if number is None else str(number)), end
    if lvar <= 0xF6:
        raw, end = _take(data, place, _binary_length(lvar))
        if not raw:
            return Content(raw, None, ""), end
        return Content(raw, int.from_bytes(raw, "little"), raw[::-1].hex().upper(), True), end
    raise FrameError(f"LVAR {lvar:02X} is reserved")


def _binary_length(lvar: int) -> int:
    if lvar < 0xF0:
        return lvar & 0x0F
    return {0xF5: 48, 0xF6: 64}.get(lvar, 4 * (lvar - 0xEC))
