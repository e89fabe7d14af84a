"""A board with the real firmware core, whose time goes when it is told to."""

import json
import zlib
from collections.abc import Callable
from typing import Any, NamedTuple

from tooling.firmware import load

TURN = 4_000  # us


class Line(NamedTuple):
    """A line as it was sent: its tag, and its object."""

    tag: str
    said: dict[str, Any]


class Host:
    """The other end of the USB port; `room` is how many bytes it takes at a time."""

    def __init__(self) -> None:
        self.room = 1 << 20
        self.waiting = b""
        self.sent = b""
        self.slow: Callable[[], None] = lambda: None

    def read(self) -> bytes:
        """Give what was said to the board."""
        data, self.waiting = self.waiting[:64], self.waiting[64:]
        return data

    def write(self, data: bytes) -> int:
        """Take what the board says."""
        self.slow()
        taken = bytes(data[: self.room])
        self.sent += taken
        return len(taken)

    def wait(self, milliseconds: int) -> None:
        """Do not wait."""


class VirtualBoard:
    """A simulated board of `profile`, run by `go`; `settings` are those that were kept."""

    def __init__(
        self, profile: str = "steady", settings: dict[str, Any] | None = None, wave: Any = None
    ) -> None:
        self.host = Host()
        self.clock = load("hal_sim.clock").VirtualClock()
        self.clock.now = 123
        self.hal = load("hal_sim.hal").Hal(profile, self.host, self.clock, "e66001", 1)
        if wave is not None:
            self.hal.sampler = load("hal_sim.sampler").Sampler(wave, self.clock)
        if settings is not None:
            self.hal.save(settings)
        self.board = load("core.board").Board(self.hal)

    def go(self, seconds: float, turn: int = TURN) -> list[Line]:
        """Let time pass, return what was sent in it."""
        end = self.clock.now + int(seconds * 1_000_000)
        while self.clock.now < end:
            self.clock.now = min(end, self.clock.now + turn)
            self.board.step()
        return self.lines()

    def ask(self, command: str, seconds: float = 0.02) -> list[Line]:
        """Send a command, return what was sent after it."""
        self.host.waiting += command.encode() + b"\r\n"
        return self.go(seconds)

    def lines(self) -> list[Line]:
        """Return what was sent since the last call; whatever is no sound line fails."""
        *whole, self.host.sent = self.host.sent.split(b"\r\n")
        return [read(each) for each in whole]


def read(line: bytes) -> Line:
    """Check a line without its end, byte by byte, and return it."""
    assert line[:1] == b"$", line
    assert line[-9:-8] == b"*", line
    assert int(line[-8:], 16) == zlib.crc32(line[1:-9]), line
    assert len(line) < 4096
    tag, _, said = line[1:-9].decode("ascii").partition(" ")
    return Line(tag, json.loads(said, parse_float=_no_float))


def only(lines: list[Line], tag: str) -> list[dict[str, Any]]:
    """Return the objects of the lines with that tag."""
    return [each.said for each in lines if each.tag == tag]


def _no_float(text: str) -> float:
    raise AssertionError(f"{text} is no whole number")
