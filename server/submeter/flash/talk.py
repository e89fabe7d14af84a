"""Finds out what runs on a board, and gets it to the prompt of its interpreter."""

import contextlib
import termios
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import serial

from submeter.errors import Condition, LinkError
from submeter.flash.facts import how_to_start, plain
from submeter.sources.board.lines import LineDecoder
from submeter.sources.device import Device

PATIENCE = 6.0
"""Seconds until a board that has just started says who it is: it begins after three."""
RESTART = 25.0
"""Seconds for a reset, the port that comes again, and the start."""
FAREWELL = 3.0
"""Seconds for a board to be at its prompt, before it is reset."""
_STEP = 0.2  # s between two looks
_WRITE = 2.0  # s, to take what is written
_ASK_AGAIN = 1.5  # s
_INTERRUPT, _FRIENDLY = b"\r\x03", b"\r\x02"
_PROMPT = b">>> "
_TAIL = 4096  # bytes kept of what is no line


class Running(NamedTuple):
    """A board whose firmware runs: unique number, and version."""

    uid: str
    version: str


class Prompt(NamedTuple):
    """A board whose interpreter waits for input."""


def ask(path: Path, seconds: float | None = None) -> Running | Prompt | None:
    """Return what runs at `path` without disturbing it; None if it does not tell in time.

    Raises LinkError when the port is gone.
    """
    heard = _Heard()
    with _opened(path) as port:
        asked = -_ASK_AGAIN
        end = time.monotonic() + (PATIENCE if seconds is None else seconds)
        while (now := time.monotonic()) < end:
            if now - asked >= _ASK_AGAIN:
                asked = now
                port.write(b"\r\n1 id\r\n")
            heard.take(port.read(4096))
            if heard.running:
                return heard.running
            if heard.prompt:
                return Prompt()
    return None


def stop(path: Path, state: Running | Prompt | None) -> None:
    """Bring the board to the prompt; raises LinkError if there is no interpreter, or no port.

    A running firmware is told to reset, as it hears no Ctrl-C; in its first seconds it does, and so
    does one that fails and resets by itself.
    """
    with _opened(path) as port:
        if isinstance(state, Running):
            port.write(b"\r\n2 reset\r\n")
    end = time.monotonic() + RESTART
    heard, taken = _Heard(), _Taken()
    while time.monotonic() < end:
        with taken, _opened(path) as port:
            while time.monotonic() < end and not heard.prompted:
                port.write(_INTERRUPT + _FRIENDLY)
                heard.take(port.read(4096))
        if heard.prompted:
            return
        time.sleep(_STEP)
    taken.prove()
    message = f"no MicroPython answers at {path}; is it a board? If it has none yet, "
    raise LinkError(message + how_to_start(), Condition.SILENT)


def reset(path: Path) -> None:
    """Let a board start anew that was stopped, or is about to be; it may be gone, too."""
    heard = _Heard()
    with contextlib.suppress(LinkError), _opened(path) as port:
        end = time.monotonic() + FAREWELL
        while time.monotonic() < end and not heard.prompted:
            port.write(_INTERRUPT + _FRIENDLY)
            heard.take(port.read(4096))
        port.write(b"import machine\r\nmachine.reset()\r\n")
        port.read(4096)


def start(path: Path) -> Running:
    """Wait until the firmware that was just started says who it is; raises LinkError."""
    end = time.monotonic() + RESTART
    told: Running | Prompt | None = None
    taken = _Taken()
    while time.monotonic() < end:
        with taken:
            told = ask(path, min(PATIENCE, end - time.monotonic()))
        if isinstance(told, Running):
            return told
        time.sleep(_STEP)
    taken.prove()
    message = f"the firmware at {path} does not start; what it says: mpremote connect {path}"
    raise LinkError(message, Condition.SILENT)


class _Taken:
    """Goes on without a port, which may come back, and knows whether another program has it."""

    def __init__(self) -> None:
        self._last: LinkError | None = None

    def __enter__(self) -> None:
        self._last = None

    def __exit__(self, kind: object, error: BaseException | None, at: object) -> bool:
        self._last = error if isinstance(error, LinkError) else None
        return self._last is not None

    def prove(self) -> None:
        """Raise LinkError if another program had the port at last."""
        if self._last and self._last.condition is Condition.BUSY:
            raise self._last


class _Heard:
    """What a board says, be it firmware or interpreter."""

    def __init__(self) -> None:
        self.running: Running | None = None
        self._lines = LineDecoder()
        self._tail = b""

    @property
    def prompt(self) -> bool:
        return self._tail.endswith(_PROMPT)

    @property
    def prompted(self) -> bool:
        """Whether a prompt came, although something may print after it."""
        return b"\n" + _PROMPT in self._tail or self.prompt

    def take(self, data: bytes) -> None:
        self._tail = (self._tail + data)[-_TAIL:]
        for said in self._lines.feed(data):
            if said.tag == "ID":
                uid, version = said.content.get("uid"), said.content.get("fw")
                self.running = Running(plain(uid), plain(version))


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[serial.Serial]:
    device = Device(path)
    device.prove_free()
    try:
        with serial.Serial(str(path), timeout=_STEP, write_timeout=_WRITE, exclusive=True) as port:
            yield port
    except OSError as error:
        raise device.lost(str(error)) from None
    except termios.error as error:
        raise device.lost(error) from None
