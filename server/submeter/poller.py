"""Reads every point of a running server over Modbus TCP, as any poller would."""

import math
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from pymodbus.client import ModbusTcpClient
from pymodbus.exceptions import ModbusException

from submeter import units
from submeter.config import MeterEntry
from submeter.errors import NoAnswerError
from submeter.meter.point import Point
from submeter.pointmap.address import Table
from submeter.pointmap.meter_map import MeterMap, Register

MOST_BITS, MOST_REGISTERS = 2000, 125  # in one answer (V1.1b3, 6.1 to 6.4)
_NEAR = 32  # addresses that are rather read along than left out
_FORMS = {"float32": ">f", "uint32": ">I", "int64": ">q"}


@dataclass
class Line:
    """A point as last read: its value as text, and whether it is known.

    `known` are the monotonic seconds of the last valid answer, `unchanged` those of the last one
    before the value changed; None if there was none.
    """

    value: str = ""
    valid: bool = False
    known: float | None = None
    unchanged: float | None = None

    def take(self, value: str | None, now: float) -> None:
        """Note the answer of one poll; None if the server does not know the value."""
        if value is not None:
            if self.known is not None and value != self.value:
                self.unchanged = self.known
            self.known = now
        self.valid, self.value = value is not None, value or ""

    def age(self, now: float, max_age: float, derived: bool) -> str:
        """Return what is known of the age of the value.

        Modbus has no times. A valid value is not older than its source lets a value get, nor than
        the last poll at which it was another, unless it may be `derived` from older ones. A value
        that is not valid any more is older than the last valid answer.
        """
        if self.known is None:
            return "-"
        if not self.valid:
            return f"> {now - self.known:.0f} s"
        bound = max_age
        if self.unchanged is not None and not derived:
            bound = min(max_age, now - self.unchanged)
        return f"< {max(1, math.ceil(bound))} s"


@dataclass
class View:
    """One meter as read over Modbus."""

    entry: MeterEntry
    map: MeterMap
    max_age: float
    lines: dict[str, Line] = field(default_factory=dict)


def read(client: ModbusTcpClient, views: list[View]) -> None:
    """Read every point of every view once; raises NoAnswerError."""
    try:
        if not client.connected and not client.connect():  # type: ignore[no-untyped-call]
            raise ModbusException("no connection")
        _read(client, views)
    except (ModbusException, OSError, UnicodeError):
        where = f"{client.comm_params.host} port {client.comm_params.port}"
        raise NoAnswerError(f"no answer from {where}; is 'submeter run' running there?") from None


def _read(client: ModbusTcpClient, views: list[View]) -> None:
    now = time.monotonic()
    for view in views:
        cells = _cells(client, view)
        validity = view.map.validity
        for number, point in enumerate(view.map.points):
            line = view.lines.setdefault(point.name, Line())
            register = _best(view.map, point)
            value = _value(view.map, register, cells) if register else None
            valid = value is not None
            if validity:
                valid = bool(cells[validity.table, validity.wire + number])
            line.take(_text(point, register, value) if valid and register else None, now)


def _cells(client: ModbusTcpClient, view: View) -> dict[tuple[Table, int], int]:
    """Return every defined cell of the meter's tables, read in as few requests as possible."""
    spans = [(register.table, register.wire, register.words) for register in view.map.registers]
    if validity := view.map.validity:
        spans.append((validity.table, validity.wire, len(view.map.points)))
    cells: dict[tuple[Table, int], int] = {}
    for table, start, count in _requests(spans, 0 if view.map.holes == "refuse" else _NEAR):
        call = {
            Table.COIL: client.read_coils,
            Table.DISCRETE: client.read_discrete_inputs,
            Table.INPUT: client.read_input_registers,
            Table.HOLDING: client.read_holding_registers,
        }[table]
        answer = call(start, count=count, device_id=view.entry.unit_id)
        if answer.isError():
            raise NoAnswerError(
                f"unit {view.entry.unit_id} refuses {table} {start + 1} to {start + count} "
                f"(exception {getattr(answer, 'exception_code', '?')}); does the server run "
                f"with this configuration?"
            )
        content = answer.bits[:count] if table.bits else answer.registers
        cells.update({(table, start + n): int(cell) for n, cell in enumerate(content)})
    return cells


def _requests(spans: list[tuple[Table, int, int]], near: int) -> Iterator[tuple[Table, int, int]]:
    """Join spans that one request can cover, over holes of up to `near` addresses."""
    current: tuple[Table, int, int] | None = None
    for table, start, count in sorted(spans, key=lambda span: (span[0].function, span[1])):
        if current and current[0] is table:
            joined = start + count - current[1]
            hole = start - current[1] - current[2]
            if hole <= near and joined <= (MOST_BITS if table.bits else MOST_REGISTERS):
                current = (table, current[1], joined)
                continue
        if current:
            yield current
        current = (table, start, count)
    if current:
        yield current


def _best(view_map: MeterMap, point: Point) -> Register | None:
    """Return the register that holds `point` most exactly: the longest."""
    found = [register for register in view_map.registers if register.point is point]
    return max(found, key=lambda register: register.words, default=None)


def _value(
    view_map: MeterMap, register: Register, cells: dict[tuple[Table, int], int]
) -> int | float | None:
    """Return the number in a register, None if it is the pattern of an unknown one."""
    if register.type is None:
        return cells[register.table, register.wire]
    words = [cells[register.table, register.wire + n] for n in range(register.words)]
    data = struct.pack(f">{len(words)}H", *words)
    number: int | float = struct.unpack(_FORMS[register.type], data)[0]
    invalid: int = getattr(view_map.invalid, register.type)
    return None if int.from_bytes(data, "big") == invalid or math.isnan(number) else number


def _text(point: Point, register: Register, value: int | float | None) -> str:
    if value is None:
        return ""
    if point.kind == "timestamp":
        return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(value))
    if point.states:
        return point.states.get(int(value), str(value))
    power = units.exponent(register.unit or "", point.unit or "") or 0
    return f"{units.scale(value, power):.3f}"
