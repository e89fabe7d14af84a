"""A serial line in made-up time: hours of frames and silences within seconds, and no device.

The port and the clock of `OpenLine` are replaced; all that lies between them is the real thing.
"""

import heapq
import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast
from unittest.mock import patch

from submeter.meter.access import Who
from submeter.modbus.diagnostics import Line
from submeter.modbus.rtu.echo import Echo
from submeter.modbus.rtu.open_line import OpenLine
from submeter.modbus.unit import Peer, Unit

BAUDRATE = 19200
CHARACTER = 11 / BAUDRATE
SILENCE = 3.5 * CHARACTER
PATIENCE = 0.1
"""Seconds after which nobody waits for the rest of a frame any more."""
_NODE = "/dev/made-up"
_MARGIN = 1e-6


class _Timer:
    def __init__(self, action: Callable[[], None]) -> None:
        self.action: Callable[[], None] | None = action

    def cancel(self) -> None:
        self.action = None


class _Clock:
    """What OpenLine and Sender use of an event loop."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.hear: Callable[[], None] = lambda: None
        self._due: list[tuple[float, int, _Timer]] = []
        self._number = itertools.count()

    def time(self) -> float:
        return self.now

    def call_at(self, when: float, action: Callable[[], None]) -> _Timer:
        timer = _Timer(action)
        heapq.heappush(self._due, (when, next(self._number), timer))
        return timer

    def call_later(self, delay: float, action: Callable[[], None]) -> _Timer:
        return self.call_at(self.now + delay, action)

    def add_reader(self, descriptor: int, action: Callable[[], None]) -> None:
        self.hear = action

    def remove_reader(self, descriptor: int) -> None:
        pass

    def advance(self, seconds: float) -> None:
        end = self.now + seconds
        while self._due and self._due[0][0] <= end:
            self.now, _, timer = heapq.heappop(self._due)
            if timer.action:
                timer.action()
        self.now = end


class _Port:
    """What OpenLine and Sender use of a LinePort."""

    path = _NODE
    descriptor = -1

    def __init__(self) -> None:
        self.incoming = b""
        self.outgoing = b""

    def read(self) -> bytes:
        data, self.incoming = self.incoming[:4096], self.incoming[4096:]
        return data

    def write(self, data: bytes) -> int:
        self.outgoing += data
        return len(data)

    def unsent(self) -> int:
        return 0

    def overruns(self) -> int:
        return 0

    def close(self) -> None:
        pass


class MadeUpLine:
    """The master's end of a line with `units`; `lost` has what our end complained about."""

    def __init__(self, units: dict[int, Unit]) -> None:
        self.lost: list[Exception] = []
        self._clock, self._port = _Clock(), _Port()
        with patch("asyncio.get_running_loop", lambda: self._clock):
            self.end = OpenLine(
                cast("Any", self._port),
                BAUDRATE,
                Line(units),
                Peer(Who("modbus.rtu", _NODE)),
                Echo(False, _NODE),
                self.lost.append,
            )

    def put(self, data: bytes) -> bytes:
        """Deliver `data` in one piece; return what was said while it was on the line."""
        said = self.wait(len(data) * CHARACTER)
        self.deliver(data)
        return said

    def deliver(self, data: bytes) -> None:
        """Deliver `data` right after what came before."""
        self._port.incoming += data
        while self._port.incoming:
            self._clock.hear()

    def silence(self) -> bytes:
        """Let the line be silent for t3.5; return what was said then."""
        return self.wait(SILENCE + _MARGIN)

    def wait(self, seconds: float) -> bytes:
        """Let time go by, at least until what was said has left; return that."""
        self._clock.advance(seconds)
        said, self._port.outgoing = self._port.outgoing, b""
        self._clock.advance(len(said) * CHARACTER)
        return said


@contextmanager
def made_up_line(units: dict[int, Unit]) -> Iterator[MadeUpLine]:
    """Give a line, and close it."""
    line = MadeUpLine(units)
    try:
        yield line
    finally:
        line.end.close()
