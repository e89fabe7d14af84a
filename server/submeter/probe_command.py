"""`submeter probe`: listens at a port at every usual speed, and tells what speaks there."""

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table

from submeter import ears
from submeter.ears import BoardEar, DlmsEar, Ear, TicEar
from submeter.errors import Condition, ConfigError, LinkError
from submeter.sources import port
from submeter.sources.open_port import open_port
from submeter.sources.port import Device, Line, Numbered, Port, Spec

MORE_SECONDS = 4.0
"""Listened on once something is recognised, so that a whole frame comes."""
PATIENCE = 20.0
"""Listened where no speed can be set."""
LONGEST = 120
"""Characters that are shown of what an instrument says."""
NOTHING = (
    "nothing is heard at {}: not a byte. Check that the meter's output is switched on, the wiring "
    "(TIC: I1 and I2; a customer interface needs its own adapter), and that it is this port. An "
    "M-Bus speaks when it is asked only: submeter probe --mbus {}"
)
NOISE = (
    "{1} bytes came at {0}, but nothing that makes sense. Check the wiring and the adapter (for "
    "TIC at 9600 baud many are too slow). For a closer look record it: submeter capture {0} FILE"
)


@dataclass(frozen=True)
class Attempt:
    """A line to listen at, with what, and for how long; `line` is None where it cannot be set."""

    line: Line | None
    seconds: float
    ears: Callable[[], Iterable[Ear]]


ATTEMPTS = (
    *(Attempt(Line(rate, "7E1"), 3.0, lambda: [TicEar()]) for rate in (9600, 1200, 19200)),
    *(Attempt(Line(rate, "7E1"), 3.0, lambda: [TicEar()]) for rate in (4800, 2400)),
    # Some UARTs take 7E1 without a word, and have no parity.
    *(Attempt(Line(rate, "7E1", True), 3.0, lambda: [TicEar()]) for rate in (9600, 1200)),
    # A meter pushes every 5 to 10 s.
    Attempt(Line(2400, "8E1"), 12.0, lambda: [DlmsEar()]),
    Attempt(Line(9600, "8N1"), 12.0, lambda: [DlmsEar()]),
    Attempt(Line(115200, "8N1"), 12.0, lambda: [DlmsEar(), BoardEar()]),
)
_WHATEVER = Attempt(None, PATIENCE, ears.all_ears)


@dataclass
class Heard:
    """What was found: the line and the ear, and how many bytes came in all."""

    count: int = 0
    line: Line | None = None
    ear: Ear | None = None


def run(text: str) -> None:
    """Listen, and print what speaks at the port; raises ConfigError and LinkError."""
    try:
        spec = port.parse(text, Path.cwd())
    except ValueError as error:
        raise ConfigError(str(error)) from None
    spec.check()
    try:
        heard = asyncio.run(listen(spec))
    except KeyboardInterrupt:
        raise LinkError("interrupted") from None
    if heard.ear is None:
        told = NOISE.format(spec, heard.count) if heard.count else NOTHING.format(spec, spec)
        raise LinkError(told, Condition.NOISE if heard.count else Condition.SILENT)
    _print(Console(highlight=False), text, heard, heard.ear)


async def listen(spec: Spec) -> Heard:
    """Listen at `spec` until something is recognised; raises LinkError."""
    heard = Heard()
    console = Console(stderr=True)
    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[count]} bytes"),
        console=console, transient=True, disable=not console.is_terminal,
    )  # fmt: skip
    opened, masked = await _open(spec)
    attempts = _attempts(masked) if opened.tunable else [_WHATEVER]
    try:
        with bar:
            task = bar.add_task("", total=sum(each.seconds for each in attempts), count=0)

            def tell(name: str, seconds: float) -> None:
                bar.update(task, description=name, count=heard.count)
                bar.advance(task, seconds)

            for attempt in attempts:
                if attempt.line:
                    await opened.retune(attempt.line)
                if await _attend(opened, attempt, heard, tell):
                    break
    finally:
        opened.close()
    return heard


async def _open(spec: Spec) -> tuple[Port, bool]:
    """Open `spec`; True if it has no parity, so that it is made here."""
    try:
        return await open_port(spec, Line(9600, "7E1"), _pace), False
    except LinkError:
        if not isinstance(spec, Device | Numbered):
            raise
        return await open_port(spec, Line(9600, "7E1", masked=True), _pace), True


def _attempts(masked: bool) -> list[Attempt]:
    """Return what is tried; without parity 8E1 is none of it."""
    if not masked:
        return list(ATTEMPTS)
    lines = [(each, each.line) for each in ATTEMPTS if each.line and not each.line.masked]
    return [
        Attempt(line._replace(masked=line.format == "7E1"), each.seconds, each.ears)
        for each, line in lines
        if line.format != "8E1"
    ]


async def _attend(
    opened: Port, attempt: Attempt, heard: Heard, tell: Callable[[str, float], None]
) -> bool:
    """Listen as `attempt` says; True if something was recognised, and is in `heard`."""
    listening = list(attempt.ears())
    name = _name(attempt.line) if attempt.line else "listening"
    tell(name, 0)
    last = time.monotonic()
    end = last + attempt.seconds
    while (now := time.monotonic()) < end:
        tell(name, now - last)
        last = now
        data = await _next(opened, min(0.2, end - now))
        heard.count += len(data)
        for ear in listening:
            ear.feed(data)
            if ear.sure and heard.ear is None:
                heard.line, heard.ear = attempt.line, ear
                end = time.monotonic() + MORE_SECONDS
                if ear.question:
                    await opened.write(ear.question)
    return heard.ear is not None


async def _next(opened: Port, seconds: float) -> bytes:
    try:
        async with asyncio.timeout(seconds):
            return await opened.read()
    except TimeoutError:
        return b""


def _print(console: Console, text: str, heard: Heard, ear: Ear) -> None:
    facts = dict(ear.facts)
    if heard.line:
        facts["line"] = _name(heard.line)
    share = 100 * ear.bad / (ear.good + ear.bad)
    facts["errors"] = f"{share:.1f} % ({ear.bad} of {ear.good + ear.bad})"
    for name, value in facts.items():
        console.print(f"{name + ':':14} {escape(_printable(value))}")
    table = Table("label", "value")
    for label, value in ear.values.items():
        table.add_row(escape(label), escape(_printable(value)))
    if ear.values:
        console.print(table)
    console.print("\nFor the configuration, below its meter:\n")
    console.print(
        f"    sources:\n      - {ear.entry(text, heard.line)}", markup=False, soft_wrap=True
    )


def _name(line: Line) -> str:
    return f"{line} (parity checked here)" if line.masked else str(line)


def _printable(text: str) -> str:
    """Return `text`, up to LONGEST characters, with what no terminal should get as an escape."""
    shown = text if len(text) <= LONGEST else f"{text[:LONGEST]}..."
    return "".join(each if each.isprintable() else f"\\x{ord(each):02x}" for each in shown)


def _pace(data: bytes) -> float:
    """Return the bytes a second of a recording that says nothing of it."""
    return 960.0 if b"\t" in data else 120.0
