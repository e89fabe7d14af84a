"""Answers on their way out."""

import asyncio
from collections.abc import Callable
from contextlib import ExitStack

from submeter.errors import LinkError
from submeter.modbus.rtu import timing
from submeter.modbus.rtu.line_port import LinePort
from submeter.modbus.told_once import ToldOnce

STUCK = 1.0
"""Seconds beyond its duration after which an answer that does not leave is dropped."""
_LOOK = 0.002  # s between two looks at what the driver has still to send

Lost = Callable[[LinkError], None]


class Sender:
    """Sends on `port`, and tells `lost` of a port that is gone; never waits."""

    def __init__(self, port: LinePort, baudrate: int, lost: Lost) -> None:
        self.baudrate = baudrate
        self.left = 0.0
        self._port = port
        self._lost = lost
        self._loop = asyncio.get_running_loop()
        self._rest = b""
        self._stuck = ToldOnce("rtu_stuck", "rtu_stuck_over")
        self._later: list[Callable[[], None]] = []
        self._timer: asyncio.TimerHandle | None = None

    def send(self, frame: bytes) -> float:
        """Send `frame` and return the time of the event loop at which it will have left.

        Raises LinkError.
        """
        if self._rest:
            self._drop()
        self.left = self._loop.time() + timing.duration(len(frame), self.baudrate)
        self._rest = frame[self._port.write(frame) :]
        if self._rest:
            self._loop.add_writer(self._port.descriptor, self._go_on)
            self._look_later()
        else:
            self._is_stuck(False)
        return self.left

    def when_left(self, action: Callable[[], None]) -> None:
        """Call `action` once the answer that is being made or sent has left."""
        self._later.append(action)
        self._look_later()

    def close(self) -> None:
        """Send nothing more; what waits for the last answer happens now."""
        if self._timer:
            self._timer.cancel()
        if self._rest:
            self._loop.remove_writer(self._port.descriptor)
            self._rest = b""
        self._act()

    def _go_on(self) -> None:
        try:
            self._rest = self._rest[self._port.write(self._rest) :]
        except LinkError as error:
            self._lost(error)
            return
        if not self._rest:
            self._is_stuck(False)
            self._loop.remove_writer(self._port.descriptor)

    def _look_later(self) -> None:
        # Not at once: the answer to the request that asked for this is still to be sent.
        if not self._timer:
            self._timer = self._loop.call_later(_LOOK, self._look)

    def _look(self) -> None:
        self._timer = None
        now = self._loop.time()
        try:
            waiting = now < self.left or bool(self._rest) or self._port.unsent() > 0
            if waiting and now > self.left + STUCK:
                self._drop()
                waiting = False
        except LinkError as error:
            self._lost(error)
            return
        if waiting:
            self._look_later()
        else:
            self._act()

    def _act(self) -> None:
        later, self._later = self._later, []
        with ExitStack() as all_of_them:  # whichever of them raises
            for action in reversed(later):
                all_of_them.callback(action)

    def _drop(self) -> None:
        """Drop an answer that does not leave, so that the next one is not late."""
        self._loop.remove_writer(self._port.descriptor)
        self._rest = b""
        self._is_stuck(True)
        self._port.give_up_sending()

    def _is_stuck(self, stuck: bool) -> None:
        self._stuck.change(f"port={self._port.path}", stuck)
        self._stuck.tick()
