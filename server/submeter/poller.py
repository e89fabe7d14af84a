"""Reads every point of a running server over Modbus TCP, as any poller would."""

import math
import struct
import time
from dataclasses import dataclass, field

from pymodbus.client import ModbusTcpClient
from pymodbus.exceptions import ModbusException

from submeter import poll_plan, units
from submeter.config import MeterEntry
from submeter.errors import NoAnswerError
from submeter.meter.point import Point
from submeter.pointmap.address import Table
from submeter.pointmap.meter_map import MeterMap, Register
from submeter.pointmap.register_codec import decode
from submeter.poll_plan import Span

Cells = dict[tuple[int, int], int]
"""What was read: bits and registers by function and address."""

# A value that is not known may be refused: with 04 or 0B, as the map has it (`when_stale`).
_NOT_KNOWN = (0x04, 0x0B)
_TABLES = {table.function: table for table in Table}


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
        best = {point.name: poll_plan.best(view.map, point) for point in view.map.points}
        places = {name: poll_plan.span(view.map, r) for name, r in best.items() if r}
        validity = poll_plan.validity(view.map)
        cells = _cells(client, view, [*places.values(), *validity])
        for point in view.map.points:
            number = view.map.bits[point.name]
            line, register = view.lines.setdefault(point.name, Line()), best[point.name]
            value = _value(register, _cut(places[point.name], cells)) if register else None
            known = all(cells.get((bits.function, bits.start + number)) for bits in validity)
            line.take(_text(point, value) if known and value is not None else None, now)


def _cells(client: ModbusTcpClient, view: View, spans: list[Span]) -> Cells:
    """Return what stands at `spans`, read in as few requests as possible.

    Where a value is not known, and the server refuses a read because of it, its cells are missing.
    """
    cells: Cells = {}
    for request in poll_plan.requests(view.map, spans):
        if _ask(client, view, request.whole, cells) or len(request.values) == 1:
            continue
        for each in request.values:
            _ask(client, view, each, cells)
    return cells


def _ask(client: ModbusTcpClient, view: View, span: Span, cells: Cells) -> bool:
    """Read `span` into `cells`; return False if a value in it is not known."""
    function, start, count = span
    table = _TABLES[function]
    call = {
        Table.COIL: client.read_coils,
        Table.DISCRETE: client.read_discrete_inputs,
        Table.INPUT: client.read_input_registers,
        Table.HOLDING: client.read_holding_registers,
    }[table]
    answer = call(start, count=count, device_id=view.entry.unit_id)
    if answer.isError():
        code = getattr(answer, "exception_code", None)
        if code in _NOT_KNOWN:
            return False
        raise NoAnswerError(
            f"unit {view.entry.unit_id} refuses {table} {start + 1} to {start + count} "
            f"(exception {'?' if code is None else code}); does the server run "
            f"with this configuration?"
        )
    content = answer.bits[:count] if table.bits else answer.registers
    cells.update({(function, start + n): int(cell) for n, cell in enumerate(content)})
    return True


def _cut(span: Span, cells: Cells) -> list[int]:
    """Return the cells at `span`, nothing if they are missing."""
    places = [(span.function, span.start + n) for n in range(span.length)]
    return [cells[place] for place in places if place in cells]


def _value(register: Register, cells: list[int]) -> int | float | None:
    """Return the number in a register, in the unit of readings; None if it is not known."""
    if not cells:
        return None
    if register.type is None:
        return cells[0]
    return decode(struct.pack(f">{len(cells)}H", *cells), register)


def _text(point: Point, value: int | float) -> str:
    if point.kind == "timestamp":
        return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(value))
    if point.states:
        return point.states.get(int(value), str(value))
    power = units.exponent(point.counted_in or "", point.unit or "") or 0
    return f"{units.scale(value, power):.3f}"
