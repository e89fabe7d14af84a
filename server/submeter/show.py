"""The live view of `submeter show`."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from pymodbus.client import ModbusTcpClient
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from submeter import plan, source_states
from submeter.config import Loaded
from submeter.errors import ConfigError
from submeter.meter.derived import RULES
from submeter.pointmap import meter_map
from submeter.poller import View, read
from submeter.source_states import SourceState

_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}
_DERIVED = {rule.point for rule in RULES}
_FRAME = 8  # lines of a table besides its points

Poll = Callable[[], list[SourceState]]


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
    """Show the meters of a running server until interrupted; raises NoAnswerError, ConfigError."""
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
    shown = [view.entry.name for view in views]

    def poll() -> list[SourceState]:
        read(client, views)
        return source_states.ask(loaded, client, shown, local=wish.host is None)

    try:
        states = poll()
        if wish.once or not console.is_terminal:
            _print(console, poll, states, views, wish)
        else:
            _refresh(console, poll, states, views, wish)
    except KeyboardInterrupt:
        return
    finally:
        client.close()  # type: ignore[no-untyped-call]


def _print(
    console: Console, poll: Poll, states: list[SourceState], views: list[View], wish: Wish
) -> None:
    """Print the readings, into a file or a pipe again and again."""
    console.print(_screen(views, states, wish.everything))
    while not wish.once:
        time.sleep(wish.every)
        states = poll()
        console.print(_screen(views, states, wish.everything))


def _refresh(
    console: Console, poll: Poll, states: list[SourceState], views: list[View], wish: Wish
) -> None:
    """Show the readings in place."""
    with Live(console=console, auto_refresh=False, screen=True) as live:
        while True:
            rows = _fitting(console.height - len(states), len(views))
            live.update(_screen(views, states, wish.everything, rows), refresh=True)
            time.sleep(wish.every)
            states = poll()


def _fitting(height: int, meters: int) -> int:
    """Return how many points of each meter fit into `height` lines."""
    return max(1, height // meters - _FRAME)


def _screen(
    views: list[View], states: list[SourceState], everything: bool, rows: int | None = None
) -> Group:
    parts: list[Table | Text] = []
    for view in views:
        parts.append(_table(view, everything, rows))
        # In place there is one line for each; a reason may be longer.
        fit: Literal["ellipsis", "fold"] = "fold" if rows is None else "ellipsis"
        own = [str(state) for state in states if state.meter == view.entry.name]
        parts += [Text(line, no_wrap=rows is not None, overflow=fit) for line in own]
    return Group(*parts)


def _table(view: View, everything: bool, rows: int | None) -> Table:
    now = time.monotonic()
    table = Table(title=f"{view.entry.name} (unit {view.entry.unit_id})", title_justify="left")
    table.add_column("point")
    table.add_column("value", justify="right")
    for heading in ("unit", "quality", "age"):
        table.add_column(heading)
    points = [p for p in view.map.points if everything or view.lines[p.name].known is not None]
    for point in points[:rows]:
        line = view.lines[point.name]
        quality = "valid" if line.valid else "unknown"
        age = line.age(now, view.max_age, point.name in _DERIVED)
        table.add_row(point.name, line.value, point.unit or "", quality, age)
    notes = []
    # Few meters have any of the extension points: none is missed.
    shown = {point.name for point in points}
    missed = [p for p in view.map.points if p.name not in shown and p.group != "extension"]
    if hidden := len(missed):
        notes.append(f"{hidden} points are not known (--all)")
    if rows is not None and len(points) > rows:
        notes.append(f"{len(points) - rows} do not fit here (--once)")
    table.caption = "\n".join(notes)
    return table
