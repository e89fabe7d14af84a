"""One record of an answer: what it is of, and its value in the unit of its quantity."""

from dataclasses import dataclass
from fractions import Fraction

from submeter.meter.reading import Stamp
from submeter.pointmap.mbus_record import Function
from submeter.sources.mbus import content, dib, times, vib
from submeter.sources.mbus.content import Content, Number
from submeter.sources.mbus.vib import Vib


@dataclass(frozen=True, slots=True)
class Record:
    """A record. `number` is exact and in the unit that `QUANTITIES` gives its quantity.

    It is None for texts, for a time that does not exist, and where the meter says that it has no
    value; `error` then tells what it says of it. `text` is the value as it was sent: times `factor`
    plus `offset` it is the number. `vif` are the bytes of its VIF and extensions, `vife` the
    extensions that change its meaning. `unit_text` is a unit that the meter spells out.
    """

    quantity: str
    number: Number | None
    text: str
    function: Function = "instantaneous"
    storage: int = 0
    tariff: int = 0
    subunit: int = 0
    vif: bytes = b""
    vife: tuple[int, ...] = ()
    unit_text: str | None = None
    stamp: Stamp | None = None
    error: str | None = None
    factor: Fraction = Fraction(1)
    offset: Fraction = Fraction(0)


def read(data: bytes, start: int) -> tuple[Record, int]:
    """Return the record at `start` and the place after it; raises FrameError."""
    kind, place = dib.read(data, start)
    of, place = vib.read(data, place)
    said, place = content.read(kind.coding, data, place)
    number, text, stamp = _value(of, said)
    record = Record(
        of.meaning.quantity,
        None if of.error else number,
        text,
        kind.function,
        kind.storage,
        kind.tariff,
        kind.subunit,
        of.raw,
        of.vife,
        of.unit_text,
        None if of.error else stamp,
        of.error,
        of.factor,
        of.offset,
    )
    return record, place


def scaled(number: Number, factor: Fraction, offset: Fraction = Fraction(0)) -> Number:
    """Return number * factor + offset, as an integer where it is whole."""
    exact = number * factor
    if offset:
        exact += offset
    return exact.numerator if exact.denominator == 1 else exact


def _value(of: Vib, said: Content) -> tuple[Number | None, str, Stamp | None]:
    """Return the number in the quantity's unit, the text and the time of a record."""
    if of.meaning.form == "date" and said.raw and said.binary:
        text, stamp = times.read(said.raw)
        return (stamp.utc if stamp else None), text, stamp
    if of.meaning.form == "flags" and said.binary:
        return int.from_bytes(said.raw, "little"), said.raw[::-1].hex().upper(), None
    number = said.number
    if number is not None:
        number = scaled(number, of.factor, of.offset)
    return number, said.text, None
