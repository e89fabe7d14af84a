"""Shows how far a calibration is: a bar, or lines where there is no terminal."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

EACH = 60.0  # s between two lines


class Shown:
    """Of `seconds` in all; `note` is what is known so far, `silence` what is not heard."""

    def __init__(self, bar: Progress, label: str, seconds: float) -> None:
        self.note = ""
        self._bar, self._label, self._seconds = bar, label, seconds
        self._task = bar.add_task(label, total=seconds, note="")
        self._told = 0.0
        self._silent = False

    def tell(self, text: str) -> None:
        """Take another note."""
        self.note = text

    def show(self, passed: float, silence: str) -> None:
        """Show that `passed` seconds are over."""
        self._bar.update(self._task, completed=passed, note=silence or self.note)
        if self._bar.console.is_terminal:
            return
        if bool(silence) != self._silent:
            self._silent = bool(silence)
            self.line(silence or "heard again")
        if self._told + EACH <= passed < self._seconds:
            self._told = passed
            done = f"{passed / 60:.0f} of {self._seconds / 60:.0f} min"
            self._bar.console.print(f"{self._label}: {done} {self.note}", markup=False)

    def line(self, text: str) -> None:
        """Print a line of its own."""
        self._bar.console.print(f"{self._label}: {text}", markup=False)


@contextlib.contextmanager
def progress(label: str, seconds: float) -> Iterator[Shown]:
    """Show a bar on standard error, or where there is no terminal a line each minute."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TimeRemainingColumn())
    with Progress(
        *columns,
        TextColumn("{task.fields[note]}", markup=False),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as bar:
        yield Shown(bar, label, seconds)


@contextlib.contextmanager
def first_interrupt() -> Iterator[threading.Event]:
    """Yield what is set by the first Ctrl-C; a second one raises KeyboardInterrupt as ever."""
    asked = threading.Event()

    def take(number: int, frame: FrameType | None) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    # Only the main thread hears of it.
    if threading.current_thread() is not threading.main_thread():
        yield asked
        return
    before = signal.signal(signal.SIGINT, take)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, before)
