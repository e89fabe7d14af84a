"""The fixed data structure of old meters: two counters (CI 73, EN 13757-3 before 2013, 6.2)."""

from submeter.errors import FrameError
from submeter.sources.mbus.address import Secondary
from submeter.sources.mbus.header import Header, digits
from submeter.sources.mbus.primary_vif import FIXED
from submeter.sources.mbus.record import Record, scaled
from submeter.sources.mbus.scale import Meaning

_LENGTH = 16
_BINARY = 0x01  # of the status: the counters are binary
_STORED = 0x02  # of the status: they are those of the due date
_STATUS = 0x1C  # of the status: battery low, permanent and temporary error, as in the other header
_UNIT = 0x3F
_AS_FIRST = 0x3E  # the unit of the second counter: that of the first, at the due date
_RESERVED = Meaning("reserved")
_LAST_MEDIUM = 8  # of those that mean the same as in the other header


def read(data: bytes) -> tuple[Header, tuple[Record, ...]]:
    """Return header and counters; raises FrameError if the length is wrong."""
    if len(data) != _LENGTH:
        raise FrameError(f"a fixed structure has {_LENGTH} bytes, not {len(data)}")
    access, status, first, second = data[4:8]
    medium = first >> 6 | second >> 6 << 2
    # There is no manufacturer and no version in it.
    meter = Secondary(digits(data[:4]), medium=medium if medium <= _LAST_MEDIUM else 0xFF)
    head = Header(meter, access, status & _STATUS)
    units = (first & _UNIT, second & _UNIT)
    records = tuple(_counter(data, number, units, status) for number in (0, 1))
    return head, records


def _counter(data: bytes, number: int, units: tuple[int, int], status: int) -> Record:
    raw = data[8 + 4 * number : 12 + 4 * number]
    stored = number == 1 and units[1] == _AS_FIRST
    unit = units[0] if stored else units[number]
    meaning = FIXED.get(unit, _RESERVED)
    text = raw[::-1].hex().upper()
    value: int | None = None
    if status & _BINARY:
        value = int.from_bytes(raw, "little")
    elif text.isdigit():
        value = int(text)
    storage = 1 if stored or status & _STORED else 0
    text = text if value is None else str(value)
    exact = None if value is None else scaled(value, meaning.factor)
    vif = bytes((unit,))
    return Record(meaning.quantity, exact, text, storage=storage, vif=vif, factor=meaning.factor)
