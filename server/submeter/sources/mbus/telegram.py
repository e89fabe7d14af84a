"""The answer of a meter: what a frame with user data says (EN 13757-3)."""

from dataclasses import dataclass

from submeter.errors import FrameError
from submeter.sources.mbus import dib, fixed, header, record
from submeter.sources.mbus.address import Secondary
from submeter.sources.mbus.header import Header
from submeter.sources.mbus.link import FROM_MASTER, Long
from submeter.sources.mbus.record import Record

_RSP_UD = 0x08
_SERVICE = 0x0F  # of the control field
_FIXED = 0x73
_BIG_ENDIAN = {0x76, 0x77}
_APPLICATION_ERROR = 0x70
_ALARM = 0x71

_ERRORS = {
    0: "an error that it does not name",
    1: "CI field not implemented",
    2: "the telegram is too long",
    3: "too many records",
    4: "premature end of record",
    5: "more than 10 DIFE",
    6: "more than 10 VIFE",
    8: "the application is busy",
    9: "too many readouts",
}


@dataclass(frozen=True, slots=True)
class Telegram:
    """One telegram of an answer, with records of known form only.

    `more` tells that the meter has another telegram to follow. `manufacturer` are the bytes after
    the records whose meaning only the manufacturer knows.
    """

    header: Header
    records: tuple[Record, ...]
    more: bool = False
    manufacturer: bytes = b""


class RefusedError(FrameError):
    """The meter answers with an error or alarm of its own instead of values."""


class CipheredError(FrameError):
    """The records are ciphered."""


def read(frame: Long) -> Telegram:
    """Return what `frame` says.

    Raises FrameError if it is no answer or any part of it is malformed: then none of it is to be
    believed. RefusedError and CipheredError are cases of that.
    """
    if frame.control & FROM_MASTER or frame.control & _SERVICE != _RSP_UD:
        raise FrameError(f"control field {frame.control:02X} is no answer")
    if frame.ci in header.LENGTHS:
        return _variable(frame)
    if frame.ci == _FIXED:
        head, records = fixed.read(frame.data)
        return Telegram(head, records)
    if frame.ci == _APPLICATION_ERROR:
        code = frame.data[0] if frame.data else 0
        raise RefusedError(f"the meter answers: {_ERRORS.get(code, f'error {code}')}")
    if frame.ci == _ALARM:
        raise RefusedError(f"the meter answers with an alarm: {frame.data[:1].hex() or 'none'}")
    if frame.ci in _BIG_ENDIAN:
        raise FrameError(f"CI {frame.ci:02X}: mode 2, highest byte first, is not supported")
    raise FrameError(f"CI {frame.ci:02X} is not supported")


def meter(frame: Long) -> Secondary | None:
    """Return which meter sent `frame`, even where its records are ciphered or malformed.

    None if it does not say; raises FrameError if it is no answer with a header.
    """
    if frame.ci == _FIXED:
        return fixed.read(frame.data)[0].meter
    if frame.ci in header.LENGTHS:
        return header.read(frame.ci, frame.data).meter
    return read(frame).header.meter


def _variable(frame: Long) -> Telegram:
    head = header.read(frame.ci, frame.data)
    if head.mode:
        raise CipheredError(f"the records are ciphered (mode {head.mode})")
    data, place = frame.data, header.LENGTHS[frame.ci]
    records: list[Record] = []
    while place < len(data):
        code = data[place]
        if code in (dib.MANUFACTURER, dib.MORE_FOLLOWS):
            more = code == dib.MORE_FOLLOWS
            return Telegram(head, tuple(records), more, data[place + 1 :])
        if code == dib.FILLER:
            place += 1
            continue
        each, place = record.read(data, place)
        records.append(each)
    return Telegram(head, tuple(records))
