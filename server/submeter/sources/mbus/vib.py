"""The value information block of a record: VIF and VIFE (EN 13757-3, 6.4)."""

from fractions import Fraction
from typing import NamedTuple

from submeter.errors import FrameError
from submeter.sources.mbus import extended_vif, primary_vif
from submeter.sources.mbus.dib import MOST
from submeter.sources.mbus.primary_vif import PRIMARY
from submeter.sources.mbus.scale import Meaning, Table, tens

_EXTENDED = 0x80
_RESERVED = Meaning("reserved")
_TEXT = Meaning("plain text")
_ANY = Meaning("any")
_MAKER = Meaning("manufacturer")

ERRORS = {
    0x01: "too many DIFE",
    0x02: "no such storage",
    0x03: "no such unit",
    0x04: "no such tariff",
    0x05: "no such function",
    0x06: "no such data class",
    0x07: "no such data size",
    0x0B: "too many VIFE",
    0x0C: "illegal VIF group",
    0x0D: "illegal VIF exponent",
    0x0E: "VIF and DIF do not match",
    0x0F: "action not implemented",
    0x15: "no data",
    0x16: "overflow",
    0x17: "underflow",
    0x18: "data error",
    0x1C: "premature end of record",
}
"""What a meter says of a record that it cannot give (EN 13757-3, table 17)."""

_NONE = 0x00
_STANDARD_CONTENT = 0x1D
_FORWARD = 0x3B  # counted only where it flows forward: what an index is anyway
_MANUFACTURER = 0x7F
_MULTIPLIED_BY_1000 = 0x7D
_SECOND_TABLE = 0x7C


class Vib(NamedTuple):
    """What a record is of. `raw` are its bytes, without the letters of a unit in plain text.

    `vife` are the extensions that change the meaning or may do so, without their upper bit, in the
    order in which they are sent: those that say nothing or only scale the value are left out, as
    their effect is in `factor` and `offset`. Behind 7F they are the manufacturer's own. `error` is
    what the meter says that is wrong with the value.
    """

    raw: bytes
    meaning: Meaning
    factor: Fraction
    offset: Fraction
    vife: tuple[int, ...] = ()
    unit_text: str | None = None
    error: str | None = None


def read(data: bytes, start: int) -> tuple[Vib, int]:
    """Return the block at `start` and the place after it; raises FrameError."""
    codes, place, text = _codes(data, start)
    meaning, used = _meaning(codes)
    every = tuple(code & 0x7F for code in codes[used:])
    factor, offset = meaning.factor, meaning.offset
    vife: list[int] = []
    error = None
    for number, code in enumerate(every):
        if code in (_MANUFACTURER, _SECOND_TABLE) or meaning is _MAKER:
            vife += every[number:]
            break
        if code in ERRORS:
            error = ERRORS[code]
        elif 0x70 <= code <= 0x77:
            factor, offset = factor * tens(code - 0x76), offset * tens(code - 0x76)
        elif code == _MULTIPLIED_BY_1000:
            factor, offset = factor * 1000, offset * 1000
        elif 0x78 <= code <= 0x7B:
            offset += meaning.factor * tens(code - 0x7B)
            vife.append(code)
        elif code not in (_NONE, _STANDARD_CONTENT, _FORWARD):
            vife.append(code)
    return Vib(codes, meaning, factor, offset, tuple(vife), text, error), place


def _codes(data: bytes, start: int) -> tuple[bytes, int, str | None]:
    """Return the VIF and its extensions, the place after them, and a unit in plain text."""
    codes, place, text = bytearray(), start, None
    while True:
        if place >= len(data):
            raise FrameError("the answer ends within a VIF")
        if len(codes) > MOST:
            raise FrameError(f"more than {MOST} VIFE")
        code = data[place]
        codes.append(code)
        place += 1
        if len(codes) == 1 and code & 0x7F == primary_vif.PLAIN_TEXT:
            text, place = _plain_text(data, place)
        if not code & _EXTENDED:
            return bytes(codes), place, text


def _plain_text(data: bytes, place: int) -> tuple[str, int]:
    """Return a unit in plain text, of which the last letter is sent first."""
    end = place + 1 + (data[place] if place < len(data) else 0)
    if end > len(data) or place >= len(data):
        raise FrameError("the answer ends within a unit in plain text")
    return data[place + 1 : end][::-1].decode("latin-1"), end


def _meaning(codes: bytes) -> tuple[Meaning, int]:
    """Return what the first codes mean, and how many of them say it."""
    match codes[0] & 0x7F:
        case primary_vif.FB if codes[0] & _EXTENDED:
            return _of(extended_vif.FB, codes, 1)
        case primary_vif.FD if codes[0] & _EXTENDED:
            if codes[1] == primary_vif.FD | _EXTENDED:
                return _of(extended_vif.FD_FD, codes, 2)
            return _of(extended_vif.FD, codes, 1)
        case primary_vif.PLAIN_TEXT:
            return _TEXT, 1
        case primary_vif.ANY:
            return _ANY, 1
        case primary_vif.MANUFACTURER:
            return _MAKER, 1
    return _of(PRIMARY, codes, 0)


def _of(table: Table, codes: bytes, place: int) -> tuple[Meaning, int]:
    return table.get(codes[place] & 0x7F, _RESERVED), place + 1
