"""`submeter capture`: what arrives at a port, and when, into a file that `replay:` plays."""

import asyncio
import contextlib
import errno
import os
import signal
import stat
import time
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import Progress, TextColumn, TimeElapsedColumn

from submeter.errors import Condition, ConfigError, LinkError, SubmeterError
from submeter.sources import port, recording
from submeter.sources.open_port import open_port
from submeter.sources.port import Line, Port
from submeter.sources.recording import Piece

GATHER_SECONDS = 0.01
"""What comes within this time is one piece; it must be less than recording.PAUSE."""

_NO_FILE = "it is no regular file"


@dataclass(frozen=True)
class Wish:
    """What to record: `text` names the port, for `seconds` or until interrupted if None."""

    text: str
    file: Path
    line: Line
    seconds: float | None
    force: bool


def run(wish: Wish) -> str:
    """Record, and return what was; raises ConfigError, LinkError or SubmeterError.

    An interruption ends it well. The file holds what came, whatever happens.
    """
    try:
        spec = port.parse(wish.text, Path.cwd())
    except ValueError as error:
        raise ConfigError(str(error)) from None
    spec.check()
    return asyncio.run(_record(wish, spec))


async def _record(wish: Wish, spec: port.Spec) -> str:
    opened = await open_port(spec, wish.line, _pace)
    try:
        date = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        with _File(wish.file, wish.force) as file, _progress(wish.seconds) as show:
            file.add(recording.header(str(spec), str(wish.line), date))
            tally = _Tally()
            await _until_told(_listen(opened, file, tally, show), wish.seconds)
    finally:
        opened.close()
    if not tally.count:
        message = f"nothing arrived at {spec}; check wiring and adapter"
        raise LinkError(message, Condition.SILENT)
    return f"{tally.count} bytes in {tally.seconds:.1f} s are in {wish.file}"


@dataclass
class _Tally:
    count: int = 0
    seconds: float = 0.0


async def _listen(opened: Port, file: "_File", tally: _Tally, show: "_Progress") -> None:
    start = time.monotonic()
    while True:
        data = await opened.read()
        tally.seconds = time.monotonic() - start
        file.add(Piece(tally.seconds, data).line())
        tally.count += len(data)
        show.heard(len(data))
        await asyncio.sleep(GATHER_SECONDS)


async def _until_told(listening: Coroutine[object, object, None], seconds: float | None) -> None:
    """Listen for so long, or until SIGINT or SIGTERM."""
    loop = asyncio.get_running_loop()
    task = loop.create_task(listening)
    numbers = (signal.SIGINT, signal.SIGTERM)
    for number in numbers:
        loop.add_signal_handler(number, task.cancel)
    try:
        await asyncio.wait({task}, timeout=seconds)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


class _File:
    """The file, to which whole lines are added: one that does not fit is not there at all."""

    def __init__(self, path: Path, force: bool) -> None:
        self._path = path
        # Without O_NONBLOCK the open of a FIFO waits for a reader, and nothing ends that.
        flags = os.O_WRONLY | os.O_CREAT | os.O_NONBLOCK | (os.O_TRUNC if force else os.O_EXCL)
        try:
            self._descriptor = os.open(path, flags, 0o644)
        except FileExistsError:
            message = f"{path} is there already; name another file, or give --force"
            raise ConfigError(message) from None
        except OSError as error:
            reason = _NO_FILE if error.errno == errno.ENXIO else error.strerror
            raise ConfigError(f"cannot write {path}: {reason}") from None
        if not stat.S_ISREG(os.fstat(self._descriptor).st_mode):
            os.close(self._descriptor)
            raise ConfigError(f"cannot write {path}: {_NO_FILE}")
        self._size = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        os.close(self._descriptor)

    def add(self, lines: bytes) -> None:
        """Write `lines` at once; raises SubmeterError."""
        try:
            left = lines
            while left:
                left = left[os.write(self._descriptor, left) :]
        except OSError as error:
            with contextlib.suppress(OSError):
                os.ftruncate(self._descriptor, self._size)
            message = f"cannot write {self._path}: {error.strerror}; it holds what came before"
            raise SubmeterError(message) from None
        self._size += len(lines)


class _Progress:
    """A line on the terminal: bytes so far, bytes a second, time."""

    def __init__(self, progress: Progress, seconds: float | None) -> None:
        self._progress = progress
        self._task = progress.add_task("", total=seconds, heard=0, rate=0.0)
        self._count = 0

    def heard(self, count: int) -> None:
        """Count `count` more bytes."""
        self._count += count
        elapsed = self._progress.tasks[self._task].elapsed or 1.0
        self._progress.update(self._task, heard=self._count, rate=self._count / max(elapsed, 1.0))


@contextlib.contextmanager
def _progress(seconds: float | None) -> Iterator[_Progress]:
    console = Console(stderr=True)
    columns = TextColumn("{task.fields[heard]} bytes, {task.fields[rate]:.0f} bytes/s")
    with Progress(
        columns,
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as progress:
        yield _Progress(progress, seconds)


def _pace(data: bytes) -> float:
    """Return the bytes a second of a recording that says nothing of it: a line of 9600 baud."""
    return 960.0
