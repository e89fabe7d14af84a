"""Makes M-Bus records, headers and answers of every kind, as a meter would."""

import struct
from collections.abc import Sequence
from fractions import Fraction

from submeter.sources.mbus.address import Secondary
from submeter.sources.mbus.link import Long

FUNCTIONS = ("instantaneous", "maximum", "minimum", "error")
INTEGERS = {1: 1, 2: 2, 3: 3, 4: 4, 6: 6, 8: 7}
"""Bytes of a whole number -> coding."""
BCDS = {2: 9, 4: 10, 6: 11, 8: 12, 12: 14}
"""Decimal digits -> coding."""
MORE = b"\x1f"
FILLER = b"\x2f"


def dib(
    coding: int,
    function: str = "instantaneous",
    storage: int = 0,
    tariff: int = 0,
    subunit: int = 0,
) -> bytes:
    """Return DIF and as few DIFE as it takes."""
    codes = [coding | FUNCTIONS.index(function) << 4 | (storage & 1) << 6]
    storage >>= 1
    while storage or tariff or subunit:
        codes.append(storage & 0x0F | (tariff & 3) << 4 | (subunit & 1) << 6)
        storage, tariff, subunit = storage >> 4, tariff >> 2, subunit >> 1
    return bytes([*(code | 0x80 for code in codes[:-1]), codes[-1]])


def vib(*codes: int, unit_text: str | None = None) -> bytes:
    """Return VIF and VIFE; all but the last get the extension bit, and 7C its text."""
    marked = [*(code | 0x80 for code in codes[:-1]), codes[-1] & 0x7F]
    if unit_text is None:
        return bytes(marked)
    text = unit_text.encode("latin-1")[::-1]
    return bytes(marked[:1]) + bytes([len(text)]) + text + bytes(marked[1:])


def integer(number: int, length: int) -> bytes:
    """Return a signed number of `length` bytes."""
    return number.to_bytes(length, "little", signed=True)


def bcd(number: int, digits: int) -> bytes:
    """Return a decimal number; a negative one has F as its first digit."""
    text = f"{number:0{digits}}" if number >= 0 else f"F{-number:0{digits - 1}}"
    return bytes.fromhex(text)[::-1]


def real(number: float) -> bytes:
    """Return a number of 32 bits."""
    return struct.pack("<f", number)


def text(said: str) -> bytes:
    """Return a text with its length before it."""
    return bytes([len(said)]) + said.encode("latin-1")[::-1]


def variable_bcd(number: int) -> bytes:
    """Return a decimal number with its length before it."""
    digits = str(abs(number))
    digits = digits.rjust(len(digits) + len(digits) % 2, "0")
    return bytes([(0xD0 if number < 0 else 0xC0) + len(digits) // 2]) + bytes.fromhex(digits)[::-1]


def variable_binary(raw: bytes) -> bytes:
    """Return up to 15 bytes with their length before them."""
    return bytes([0xE0 + len(raw)]) + raw


def day(year: int, month: int, number: int) -> bytes:
    """Return a date of type G."""
    short = year % 100
    return bytes([number | (short & 7) << 5, month | short >> 3 << 4])


def minute(year: int, month: int, number: int, hour: int, minutes: int, flags: int = 0) -> bytes:
    """Return a time of type F; `flags` 0x80 says that it is not valid."""
    return bytes([minutes | flags, hour]) + day(year, month, number)


def second(year: int, month: int, number: int, hour: int, minutes: int, seconds: int) -> bytes:
    """Return a time of type I."""
    return bytes([seconds, minutes, hour]) + day(year, month, number) + b"\0"


def energy(wh: int, **kind: int) -> bytes:
    """Return an energy in Wh as eight decimal digits."""
    return dib(BCDS[8], **kind) + vib(0x03) + bcd(wh, 8)  # type: ignore[arg-type]


def header(meter: Secondary, access: int = 0, status: int = 0, signature: int = 0) -> bytes:
    """Return the twelve bytes before the records."""
    return meter.encode() + struct.pack("<BBH", access, status, signature)


def answer(
    address: int, meter: Secondary, records: bytes, access: int = 0, status: int = 0
) -> Long:
    """Return an answer with the variable data structure."""
    return Long(0x08, address, 0x72, header(meter, access, status) + records)


def fixed(
    address: int, digits: str, units: Sequence[int], counters: Sequence[int], *, binary: bool
) -> Long:
    """Return an answer with the fixed data structure; `units` have the medium in bits 6 and 7."""
    data = bytes.fromhex(digits)[::-1] + bytes([0, int(binary), *units])
    for counter in counters:
        data += struct.pack("<I", counter) if binary else bcd(counter, 8)
    return Long(0x08, address, 0x73, data)


def exact(number: int, exponent: int) -> Fraction:
    """Return number * 10**exponent."""
    return number * Fraction(10) ** exponent
