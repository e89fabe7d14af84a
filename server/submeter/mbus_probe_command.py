"""`submeter probe --mbus`: searches the meters of an M-Bus line, and how to configure them."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from submeter.errors import Condition, ConfigError, LinkError
from submeter.sources import port
from submeter.sources.mbus import scan, timing
from submeter.sources.mbus.scan import Found
from submeter.sources.mbus.timing import Timing
from submeter.sources.open_port import open_port
from submeter.sources.port import Device, Line, Port, Spec
from submeter.yaml_text import quoted

DEFAULT_BAUDRATE = 2400
# The medium that a meter says (EN 13757-7), and the source map that fits most of its kind.
_MAPS = {
    **dict.fromkeys((0x02,), "mbus-electricity"),
    **dict.fromkeys((0x03,), "mbus-gas"),
    **dict.fromkeys((0x04, 0x0C, 0x0D), "mbus-heat"),
    **dict.fromkeys((0x0A, 0x0B), "mbus-cooling"),
    **dict.fromkeys((0x06, 0x07, 0x15, 0x16, 0x17), "mbus-water"),
}
_NOBODY = (
    "no meter answers at {} with {}. Check the wiring, that this is the master's adapter and has "
    "its supply, and the speed (--baudrate 300 and 9600 are usual besides 2400)"
)

_Scan = Callable[[Port, Timing, scan.Progress], Awaitable[list[Found]]]


def run(text: str, baudrate: int, primary: bool, secondary: bool) -> None:
    """Search the line, and print its meters; raises ConfigError and LinkError."""
    try:
        spec = port.parse(text, Path.cwd())
    except ValueError as error:
        raise ConfigError(str(error)) from None
    spec.check()
    line = Line(baudrate, "8E1")
    scans: list[tuple[str, _Scan]] = []
    if primary:
        scans.append(("primary addresses", scan.primary))
    if secondary:
        scans.append(("secondary addresses", scan.secondary))
    try:
        found = asyncio.run(_search(spec, line, scans))
    except KeyboardInterrupt:
        raise LinkError("interrupted") from None
    if not found:
        raise LinkError(_NOBODY.format(spec, line), Condition.SILENT)
    _print(Console(highlight=False), text, baudrate, found)


async def _search(spec: Spec, line: Line, scans: list[tuple[str, _Scan]]) -> list[Found]:
    opened = await open_port(spec, line)
    timed = timing.of(line, remote=not isinstance(spec, Device))
    found: list[Found] = []
    try:
        for name, search in scans:
            with _progress() as bar:
                task = bar.add_task(name, total=None, found=0)

                def tell(done: int, total: int, count: int) -> None:
                    bar.update(task, completed=done, total=total, found=count)  # noqa: B023

                found += await search(opened, timed, tell)
    finally:
        opened.close()
    return found


def _progress() -> Progress:
    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[found]} found"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


def _print(console: Console, text: str, baudrate: int, found: list[Found]) -> None:
    table = Table("address", "meter", "medium", "note")
    for each in found:
        note = "several meters answer here" if each.collision else each.problem or ""
        table.add_row(str(each.address), str(each.meter or ""), each.medium, note)
    console.print(table)
    usable = [each for each in found if each.meter and not each.collision]
    if usable:
        console.print("\nFor the configuration, each below a meter of its own:\n")
        for each in usable:
            console.print(entry(text, baudrate, each), markup=False, soft_wrap=True)


def entry(text: str, baudrate: int, found: Found) -> str:
    """Return the line of the configuration for a meter that was found."""
    speed = "" if baudrate == DEFAULT_BAUDRATE else f", baudrate: {baudrate}"
    secondary = found.address.secondary
    address = f'"{secondary}"' if secondary else str(found.address.primary)
    medium = found.meter.medium if found.meter else 0
    name = _MAPS.get(medium, "mbus-electricity")
    return f"      - mbus: {{port: {quoted(text)}, address: {address}, map: {name}{speed}}}"
