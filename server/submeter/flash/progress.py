"""How far it is: a bar on a terminal, a line for each file elsewhere."""

import contextlib
import sys
from collections.abc import Iterator
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, TextColumn
from rich.progress import Progress as Bar


class Progress(Protocol):
    """Is told what is written."""

    def total(self, count: int) -> None:
        """So many bytes will be written."""

    def file(self, name: str) -> None:
        """Another file begins."""

    def advance(self, count: int) -> None:
        """So many bytes of the file are written."""


class _Lines:
    def total(self, count: int) -> None:
        print(f"writing {count} bytes", file=sys.stderr)

    def file(self, name: str) -> None:
        print(f"writing {name}", file=sys.stderr)

    def advance(self, count: int) -> None:
        return


class _Bar:
    def __init__(self, bar: Bar) -> None:
        self._bar = bar
        self._task = bar.add_task("", total=None)
        self._before = 0

    def total(self, count: int) -> None:
        self._bar.update(self._task, total=count)

    def file(self, name: str) -> None:
        self._before = 0
        self._bar.update(self._task, description=name)

    def advance(self, count: int) -> None:
        self._bar.advance(self._task, count - self._before)
        self._before = count


@contextlib.contextmanager
def shown() -> Iterator[Progress]:
    """Give what shows the progress on standard error."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _Lines()
        return
    columns = (TextColumn("{task.description:22}"), BarColumn(), DownloadColumn())
    with Bar(*columns, console=console, transient=True) as bar:
        yield _Bar(bar)
