"""The live view of `submeter show`: a Modbus client that reads what any poller would read."""

import math
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from pymodbus.client import ModbusTcpClient
from pymodbus.exceptions import ModbusException
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table as Grid

from submeter import plan, units
from submeter.config import Loaded, MeterEntry
from submeter.errors import ConfigError, SubmeterError
from submeter.meter.point import Point
from submeter.pointmap import meter_map
from submeter.pointmap.address import Table
from submeter.pointmap.meter_map import MeterMap, Register

LONGEST_READ = {True: 2000, False: 120}  # bits, registers
_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}
_FORMS = {"float32": ">f", "uint32": ">I", "int64": ">q"}


class ShowError(SubmeterError):
    """The server does not answer, or not as the map says."""


@dataclass
class Line:
    """A point as last read: its value as text, and whether it is known.

    `changed` and `known` are monotonic seconds of the last change and of the last valid answer that
    were seen here; None if there was none.
    """

    value: str = ""
    valid: bool = False
    changed: float | None = None
    known: float | None = None

    def take(self, value: str | None, now: float) -> None:
        """Note the answer of one poll; None if the server does not know the value."""
        if value is not None:
            if self.known is not None and value != self.value:
                self.changed = now
            self.known = now
        self.valid, self.value = value is not None, value or ""

    def age(self, now: float, max_age: float) -> str:
        """Return what is known of the age of the value.

        Modbus has no times. A valid value is not older than its last change, nor than its source
        lets a value get; one that is not valid any more is older than the last valid answer.
        """
        if self.known is None:
            return "-"
        if not self.valid:
            return f"> {now - self.known:.0f} s"
        since_change = max_age if self.changed is None else now - self.changed
        return f"< {max(1, math.ceil(min(max_age, since_change)))} s"


@dataclass
class View:
    """One meter as read over Modbus."""

    entry: MeterEntry
    map: MeterMap
    max_age: float
    lines: dict[str, Line] = field(default_factory=dict)


@dataclass(frozen=True)
class Wish:
    """What to show: the meter `name` or all, of the server at `host`, every so many seconds.

    With `everything` also the points that were never known.
    """

    name: str | None
    host: str | None
    once: bool
    every: float
    everything: bool


def run(loaded: Loaded, wish: Wish) -> None:
    """Show the meters of a running server until interrupted; raises ShowError, ConfigError."""
    tcp = loaded.config.modbus.tcp
    if tcp is None:
        raise ConfigError(f"{loaded.document.name}: 'show' needs modbus.tcp in the configuration")
    views = [
        View(entry, meter_map.load(entry.map, loaded.own_maps), plan.max_age(loaded, entry))
        for entry in loaded.config.meters
        if wish.name in (None, entry.name)
    ]
    if not views:
        names = ", ".join(entry.name for entry in loaded.config.meters)
        raise ConfigError(f"no meter '{wish.name}' in {loaded.document.name}; there are: {names}")
    address = wish.host or _ANYWHERE.get(tcp.host, tcp.host)
    client = ModbusTcpClient(address, port=tcp.port, timeout=3, retries=0)
    console = Console(highlight=False)
    try:
        read(client, views)
        if wish.once:
            console.print(_screen(views, wish.everything))
            return
        with Live(_screen(views, wish.everything), console=console, auto_refresh=False) as live:
            while True:
                time.sleep(wish.every)
                read(client, views)
                live.update(_screen(views, wish.everything), refresh=True)
    except KeyboardInterrupt:
        return
    except (ModbusException, OSError):
        raise ShowError(
            f"no answer from {address} port {tcp.port}; is 'submeter run' running there?"
        ) from None
    finally:
        client.close()  # type: ignore[no-untyped-call]


def read(client: ModbusTcpClient, views: list[View]) -> None:
    """Read every point of every view once; raises ShowError or a Modbus exception."""
    if not client.connected and not client.connect():  # type: ignore[no-untyped-call]
        raise ModbusException("no connection")
    now = time.monotonic()
    for view in views:
        cells = _cells(client, view)
        validity = view.map.validity
        for number, point in enumerate(view.map.points):
            line = view.lines.setdefault(point.name, Line())
            register = _best(view.map, point)
            value = _value(register, cells) if register else None
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
    for table, start, count in _requests(spans):
        call = {
            Table.COIL: client.read_coils,
            Table.DISCRETE: client.read_discrete_inputs,
            Table.INPUT: client.read_input_registers,
            Table.HOLDING: client.read_holding_registers,
        }[table]
        answer = call(start, count=count, device_id=view.entry.unit_id)
        if answer.isError():
            raise ShowError(
                f"unit {view.entry.unit_id} refuses {table} {start + 1} to {start + count} "
                f"(exception {getattr(answer, 'exception_code', '?')}); does the server run "
                f"with this configuration?"
            )
        content = answer.bits[:count] if table.bits else answer.registers
        cells.update({(table, start + n): int(cell) for n, cell in enumerate(content)})
    return cells


def _requests(spans: list[tuple[Table, int, int]]) -> Iterator[tuple[Table, int, int]]:
    """Join spans that one request can cover; holes between them read 0."""
    current: tuple[Table, int, int] | None = None
    for table, start, count in sorted(spans, key=lambda span: (span[0].function, span[1])):
        if current and current[0] is table:
            joined = start + count - current[1]
            near = start - current[1] - current[2] < 32
            if near and joined <= LONGEST_READ[table.bits]:
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


def _value(register: Register, cells: dict[tuple[Table, int], int]) -> int | float | None:
    if register.type is None:
        return cells[register.table, register.wire]
    words = [cells[register.table, register.wire + n] for n in range(register.words)]
    data = struct.pack(f">{len(words)}H", *words)
    number: int | float = struct.unpack(_FORMS[register.type], data)[0]
    return None if math.isnan(number) else number


def _text(point: Point, register: Register, value: int | float | None) -> str:
    if value is None:
        return ""
    if point.kind == "timestamp":
        return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(value))
    if point.states:
        return point.states.get(int(value), str(value))
    power = units.exponent(register.unit or "", point.unit or "") or 0
    return f"{units.scale(value, power):.3f}"


def _screen(views: list[View], everything: bool) -> Group:
    return Group(*(_grid(view, everything) for view in views))


def _grid(view: View, everything: bool) -> Grid:
    now = time.monotonic()
    grid = Grid(title=f"{view.entry.name} (unit {view.entry.unit_id})", title_justify="left")
    hidden = sum(line.known is None for line in view.lines.values())
    if hidden and not everything:
        grid.caption = f"{hidden} points are not known; --all shows them too"
    grid.add_column("point")
    grid.add_column("value", justify="right")
    for heading in ("unit", "quality", "age"):
        grid.add_column(heading)
    for point in view.map.points:
        line = view.lines[point.name]
        if line.known is None and not everything:
            continue
        quality = "valid" if line.valid else "unknown"
        age = line.age(now, view.max_age)
        grid.add_row(point.name, line.value, point.unit or "", quality, age)
    return grid
