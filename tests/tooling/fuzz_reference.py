"""What a unit must read as, worked out from the readings of its meter and the entries of its map.

It shares no code with the face: every number is an exact fraction until it is packed.
"""

import math
import struct
from collections.abc import Iterable, Mapping
from fractions import Fraction

from submeter.meter.reading import Reading
from submeter.pointmap.address import Table
from submeter.pointmap.meter_map import MeterMap
from submeter.pointmap.register import (
    Absent,
    Constant,
    Identity,
    Quantity,
    Register,
    Text,
    UnlockCode,
)
from tooling.fuzz import Place

_FUNCTIONS = {Table.COIL: 1, Table.DISCRETE: 2, Table.HOLDING: 3, Table.INPUT: 4}
_MOST = {1: 2000, 2: 2000, 3: 125, 4: 125}
_SIZE = 65536 + 2000
_REFUSALS = {"invalid": 0, "last": 0, "failure": 4, "no-answer": 0x0B, "silence": 0xFF}


class Tables:
    """What stands in the four tables, by function: two bytes an address, one of a bit table."""

    def __init__(self, content: dict[int, bytearray], codes: dict[int, bytearray]) -> None:
        self.content = content
        self.codes = codes

    def copy(self) -> "Tables":
        return Tables(
            {n: bytearray(each) for n, each in self.content.items()},
            {n: bytearray(each) for n, each in self.codes.items()},
        )


class Reference:
    """One unit; `versions` are the contents since `forget`, in the order in which they were.

    `readings` are those of its meter, `serial` is its serial number.
    """

    def __init__(self, chosen: MeterMap, readings: Mapping[str, Reading], serial: str = "") -> None:
        self._map = chosen
        self._readings = dict(readings)
        self._serial = serial
        self._fallbacks = chosen.when_stale.model_dump()
        sizes = {1: _SIZE, 2: _SIZE, 3: 2 * _SIZE, 4: 2 * _SIZE}
        self.versions = [
            Tables(
                {n: bytearray(size) for n, size in sizes.items()},
                {n: bytearray(_SIZE) for n in sizes} if self._refuses() else {},
            )
        ]
        self._defined = {n: bytearray(_SIZE) for n in sizes}
        self._inside = {n: bytearray(_SIZE) for n in sizes}
        self._alone: dict[tuple[int, int, int], Register] = {}
        self._by_point: dict[str, list[Register]] = {}
        for register in chosen.registers:
            self._lay_out(register)
            self._put(self.versions[0], register)
        self._validate(self.versions[0])

    def changed(self, readings: Mapping[str, Reading]) -> None:
        """Take the readings that changed: another version."""
        self._readings.update(readings)
        tables = self.versions[-1].copy()
        for name in readings:
            for register in self._by_point.get(name, ()):
                self._put(tables, register)
        self._validate(tables)
        self.versions.append(tables)

    def forget(self) -> None:
        """Keep the last version only."""
        del self.versions[:-1]

    def read(self, pdu: bytes, tables: Tables) -> bytes | None:
        """Return the one right answer to a request of functions 1 to 4, None for silence."""
        function = pdu[0]
        refused = bytes((function | 0x80,))
        if len(pdu) != 5:
            return refused + b"\x03"
        address, count = struct.unpack(">HH", pdu[1:])
        if not 1 <= count <= _MOST[function]:
            return refused + b"\x03"
        alone = self._alone.get((function, address, count))
        if alone is None and not self._readable(function, address, count):
            return refused + b"\x02"
        if tables.codes and (code := max(tables.codes[function][address : address + count])):
            return None if code == 0xFF else refused + bytes((code,))
        if function < 3:
            bits = tables.content[function][address : address + count]
            number = sum(bit << place for place, bit in enumerate(bits))
            data = number.to_bytes((count + 7) // 8, "little")
        else:
            data = bytes(tables.content[function][2 * address : 2 * (address + count)])
            if alone:
                data = self._bytes(alone) + data[2 * alone.words :]
        return bytes((function, len(data))) + data

    def shows(self, address: int, data: bytes, tables: Tables) -> bool:
        """Tell whether the holding registers from `address` on read as what was written there."""
        for register in self._map.registers:
            if register.table is not Table.HOLDING or isinstance(register.content, UnlockCode):
                continue
            start = 2 * (register.wire - address)
            written = data[start : start + 2 * register.words] if start >= 0 else b""
            if len(written) == 2 * register.words and register.count is None:
                place = 2 * register.wire
                shown = tables.content[3][place : place + len(written)]
                if written not in (shown, b"\x80\0\0\0"):  # minus nothing is shown as nothing
                    return False
        return True

    @property
    def places(self) -> list[Place]:
        """Where something stands."""
        return [
            Place(function, register.wire, register.words, register.writable)
            for register in self._map.registers
            for function in self._functions(register.table)
        ]

    def _refuses(self) -> bool:
        return any(_REFUSALS[each] for each in self._fallbacks.values())

    def _functions(self, table: Table) -> Iterable[int]:
        shared = self._map.shared and table in (Table.HOLDING, Table.INPUT)
        return (3, 4) if shared else (_FUNCTIONS[table],)

    def _lay_out(self, register: Register) -> None:
        for point in register.points:
            self._by_point.setdefault(point.name, []).append(register)
        for function in self._functions(register.table):
            if register.count is not None:
                self._alone[function, register.wire, register.count] = register
                continue
            for wire in range(register.wire, register.wire + register.words):
                self._defined[function][wire] = 1
                self._inside[function][wire] = wire > register.wire

    def _readable(self, function: int, address: int, count: int) -> bool:
        end = address + count
        if end > 65536:
            return False
        inside = self._inside[function]
        if self._map.clipped == "refuse" and (inside[address] or inside[end]):
            return False
        span = self._defined[function][address:end]
        return all(span) if self._map.holes == "refuse" else any(span)

    def _put(self, tables: Tables, register: Register) -> None:
        if register.count is not None:
            return
        for function in self._functions(register.table):
            if tables.codes:
                end = register.wire + register.words
                code = bytes((self._code(register),)) * register.words
                tables.codes[function][register.wire : end] = code
            if register.type is None:
                tables.content[function][register.wire] = self._bit(register)
            else:
                data = self._bytes(register)
                place = 2 * register.wire
                tables.content[function][place : place + len(data)] = data

    def _validate(self, tables: Tables) -> None:
        first = self._map.validity
        if first is None:
            return
        for number, point in enumerate(self._map.points):
            place = first.wire + number
            self._defined[_FUNCTIONS[first.table]][place] = 1
            known = self._number(point.name) is not None
            tables.content[_FUNCTIONS[first.table]][place] = known

    def _code(self, register: Register) -> int:
        """Return what a read of `register` is refused with."""
        if isinstance(register.content, Absent):
            return _REFUSALS[self._fallbacks["absent"]]
        unknown = [p.name for p in register.points if self._number(p.name) is None]
        qualities = [self._readings[name].quality.value for name in unknown]
        return max((_REFUSALS[self._fallbacks[each]] for each in qualities), default=0)

    def _number(self, name: str) -> Fraction | None:
        reading = self._readings[name]
        good = reading.quality.value in ("measured", "derived", "estimated")
        if not good or reading.value is None or not math.isfinite(reading.value):
            return None
        return Fraction(reading.value)

    def _bit(self, register: Register) -> bool:
        assert register.point
        number = self._number(register.point.name)
        return number is not None and number == list(register.point.states)[-1]

    def _bytes(self, register: Register) -> bytes:
        match register.content:
            case UnlockCode():
                return bytes(2 * register.words)
            case Text(text):
                return _text(text, register)
            case Identity():
                return _text(self._serial, register)
            case Constant(value):
                return _packed(Fraction(value), register, index=False)
            case Absent():
                return _packed(None, register, index=False)
            case Quantity(how, terms, None):
                numbers = [self._number(term.point.name) for term in terms]
                index = terms[0].point.kind in ("index", "timestamp")
                return _packed(_together(how, numbers), register, index)
            case other:
                raise AssertionError(f"no reference for {other}")


def _together(how: str, numbers: list[Fraction | None]) -> Fraction | None:
    known = [number for number in numbers if number is not None]
    if len(known) < len(numbers):
        return None
    if how == "product":
        return known[0] * known[1]
    return sum(known, Fraction(0)) / (len(known) if how == "mean" else 1)


def _text(text: str, register: Register) -> bytes:
    size = register.words * register.chars
    data = text.encode()[:size].ljust(size, b"\0")
    return b"".join(bytes((0, each)) for each in data) if register.chars == 1 else data


def _packed(number: Fraction | None, register: Register, index: bool) -> bytes:
    size = 2 * register.words
    invalid = register.invalid.to_bytes(size)
    if number is None:
        return _ordered(invalid, register)
    number = (number * Fraction(10) ** register.power - register.offset) / register.scale
    if register.codes is not None:
        data = (register.codes[int(number)] & (1 << 8 * size) - 1).to_bytes(size)
    elif register.type == "float32":
        data = struct.pack(">f", float(number))
    else:
        whole = math.floor(number) if index else round(number)
        signed = str(register.type).startswith("int")
        bits = 8 * size - signed
        fits = -(signed << bits) <= whole < 1 << bits
        data = whole.to_bytes(size, signed=signed) if fits else invalid
    return _ordered(data, register)


def _ordered(data: bytes, register: Register) -> bytes:
    words = [data[place : place + 2] for place in range(0, len(data), 2)]
    if register.order in ("CDAB", "DCBA"):
        words.reverse()
    if register.order in ("BADC", "DCBA"):
        words = [word[::-1] for word in words]
    return b"".join(words)
