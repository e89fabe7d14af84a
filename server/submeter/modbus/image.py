"""The wire image of one meter: what its Modbus tables read as, ready to be sliced."""

import math
from collections.abc import Mapping

from submeter.meter.reading import Quality, Reading
from submeter.modbus.encoding import encode
from submeter.modbus.layout import Layout
from submeter.pointmap.address import Table
from submeter.pointmap.meter_map import MeterMap, Register

MOST_REGISTERS = 125
"""Registers in one answer (Modbus Application Protocol V1.1b3, 6.3 and 6.4)."""
MOST_BITS = 2000
"""Bits in one answer (Modbus Application Protocol V1.1b3, 6.1 and 6.2)."""


class Registers:
    """One table of 16-bit registers; `content` has two bytes each, most significant first.

    What is put is seen once it is published.
    """

    __slots__ = ("_draft", "content", "layout")
    most = MOST_REGISTERS

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self._draft = bytearray(2 * layout.size)
        self.content = bytes(self._draft)

    def put(self, wire: int, data: bytes) -> None:
        """Note the registers from address `wire` on."""
        self._draft[2 * wire : 2 * wire + len(data)] = data

    def publish(self) -> None:
        """Make what was put visible."""
        self.content = bytes(self._draft)

    def read(self, address: int, count: int) -> bytes:
        """Return the data of an answer of function 3 or 4; the layout must allow the span."""
        return self.content[2 * address : 2 * (address + count)]


class Bits:
    """One table of single bits; `content` is one integer, bit n is address n.

    What is put is seen once it is published.
    """

    __slots__ = ("_draft", "content", "layout")
    most = MOST_BITS

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self._draft = 0
        self.content = 0

    def put(self, wire: int, on: bool) -> None:
        """Note the bit at address `wire`."""
        self._draft = self._draft | 1 << wire if on else self._draft & ~(1 << wire)

    def publish(self) -> None:
        """Make what was put visible."""
        self.content = self._draft

    def read(self, address: int, count: int) -> bytes:
        """Return the data of an answer of function 1 or 2; the layout must allow the span."""
        bits = self.content >> address & (1 << count) - 1
        return bits.to_bytes((count + 7) // 8, "little")


class Image:
    """What a poller reads of one meter, as `meter_map` lays it out.

    Everything reads as unknown until `apply` says otherwise: registers as the map's invalid
    patterns, bits and validity bits as 0. `blocks` has the tables by the function that reads them.
    """

    def __init__(self, meter_map: MeterMap) -> None:
        self._invalid = meter_map.invalid
        self._registers: dict[str, list[Register]] = {}
        for register in meter_map.registers:
            self._registers.setdefault(register.point.name, []).append(register)
        self._validity: dict[str, tuple[Bits, int]] = {}
        self._words = {table: Registers(_layout(meter_map, table)) for table in _WORD_TABLES}
        self._bits = {table: Bits(_layout(meter_map, table)) for table in _BIT_TABLES}
        self.blocks: dict[int, Registers | Bits] = {
            table.function: block for table, block in (self._words | self._bits).items()
        }
        if meter_map.validity:
            bits, first = self._bits[meter_map.validity.table], meter_map.validity.wire
            for number, point in enumerate(meter_map.points):
                self._validity[point.name] = (bits, first + number)
        self.apply(dict.fromkeys(self._registers, _UNKNOWN))

    def apply(self, readings: Mapping[str, Reading]) -> None:
        """Encode `readings`; all of them become visible together.

        A reading that is not known, see `known`, gives the invalid pattern. Points without a place
        in the map are passed over.
        """
        for name, reading in readings.items():
            good = known(reading)
            for register in self._registers.get(name, ()):
                self._put(register, reading.value if good else None)
            if name in self._validity:
                bits, wire = self._validity[name]
                bits.put(wire, good)
        for block in self.blocks.values():
            block.publish()

    def _put(self, register: Register, number: int | float | None) -> None:
        if register.type is None:
            on = number is not None and number == list(register.point.states)[-1]
            self._bits[register.table].put(register.wire, on)
        else:
            data = encode(number, register, self._invalid)
            self._words[register.table].put(register.wire, data)


def known(reading: Reading) -> bool:
    """Tell whether `reading` may be served: its quality is good and its value a finite number."""
    if not reading.quality.good or reading.value is None:
        return False
    return isinstance(reading.value, int) or math.isfinite(reading.value)


_UNKNOWN = Reading(None, Quality.STALE)
_WORD_TABLES = (Table.HOLDING, Table.INPUT)
_BIT_TABLES = (Table.COIL, Table.DISCRETE)


def _layout(meter_map: MeterMap, table: Table) -> Layout:
    """Return where `table` has values: those of the map and its validity bits."""
    places = [
        (register.wire, register.words)
        for register in meter_map.registers
        if register.table is table
    ]
    if meter_map.validity and meter_map.validity.table is table:
        places.extend((meter_map.validity.wire + n, 1) for n in range(len(meter_map.points)))
    most = MOST_BITS if table.bits else MOST_REGISTERS
    return Layout(places, most, meter_map.holes, meter_map.clipped)
