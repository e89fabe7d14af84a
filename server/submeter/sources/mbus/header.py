"""The fixed head of an answer: which meter it is, and how it is (EN 13757-3, 5.12)."""

from typing import NamedTuple

from submeter.errors import FrameError
from submeter.sources.mbus.address import Secondary, maker_letters

LENGTHS = {0x72: 12, 0x7A: 4, 0x78: 0}
"""Bytes of the header by CI field: long, short, none."""

_NO_MODE = 0
_CIPHERED = {2, 3, 4, 5, 7, 8, 9, 10, 13}
_MODE_BITS = 0x1F  # of the upper byte of the configuration word
_VERIFICATION = b"\x2f\x2f"


class Header(NamedTuple):
    """What stands before the records; `meter` is None where the header is short.

    `status`: bits 0-1: 1 busy, 2 error, 3 alarm; bit 2 low battery, 3 permanent error, 4 temporary
    error; 5-7 are the manufacturer's; None where there is no header. `mode` is how the records are
    ciphered, 0: not at all.
    """

    meter: Secondary | None = None
    access: int = 0
    status: int | None = None
    mode: int = _NO_MODE


def read(ci: int, data: bytes) -> Header:
    """Return the header that `data` begins with; raises FrameError if it is too short."""
    length = LENGTHS[ci]
    if len(data) < length:
        raise FrameError("the answer ends within its header")
    if not length:
        return Header()
    access, status, _, upper = data[length - 4 : length]
    mode = upper & _MODE_BITS
    # Old meters send a number of their own there.
    plain = mode not in _CIPHERED or data[length : length + 2] == _VERIFICATION
    meter = identification(data[:8]) if length == 12 else None
    return Header(meter, access, status, _NO_MODE if plain else mode)


def identification(data: bytes) -> Secondary:
    """Return the secondary address in eight bytes: number, manufacturer, version, medium."""
    maker = maker_letters(int.from_bytes(data[4:6], "little"))
    return Secondary(digits(data[:4]), maker, data[6], data[7])


def digits(number: bytes) -> str:
    """Return the eight digits of an identification number, lowest byte first."""
    return number[::-1].hex().upper()
