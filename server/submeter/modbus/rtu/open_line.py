"""An open port on a line: what is heard and when, and whether it is for us."""

import asyncio
from collections.abc import Callable

from submeter.errors import LinkError
from submeter.meter.instant import Instant
from submeter.modbus.diagnostics import Line
from submeter.modbus.rtu import frames, timing
from submeter.modbus.rtu.echo import Echo
from submeter.modbus.rtu.line_port import LinePort
from submeter.modbus.rtu.sender import Lost, Sender
from submeter.modbus.rtu.splitter import Heard, Splitter
from submeter.modbus.unit import Peer, Pending
from submeter.modbus_crc import seal


class OpenLine:
    """Answers, on `port`, what is asked of the units of `line`; `lost` is told when it is gone.

    Everything else is listened to in silence. An answer leaves after t3.5 of silence, and only if
    nobody spoke since the request.
    """

    def __init__(
        self, port: LinePort, baudrate: int, line: Line, peer: Peer, echo: Echo, lost: Lost
    ) -> None:
        self._port = port
        self._line = line
        self._peer = peer
        self._echo = echo
        self._lost = lost
        self._loop = asyncio.get_running_loop()
        self.sender = Sender(port, baudrate, lost)
        self._splitter = Splitter()
        self._reads = 0
        self._closed = self._speaking = False
        self._last = 0.0  # when the last byte came
        self._doubt: float | None = None  # since when a frame may not be over
        self._timer: asyncio.TimerHandle | None = None
        self._working: set[asyncio.Task[None]] = set()
        self._overruns = port.overruns()
        self._set_pace(baudrate)
        self._loop.add_reader(port.descriptor, self._hear)

    def change_format(self, baudrate: int, form: str) -> None:
        """Go on at another baud rate and format, now; raises LinkError."""
        self._port.change_format(baudrate, form)
        self._splitter.give_up()
        self._set_pace(baudrate)

    def close(self) -> None:
        """Close the port; an answer on its way is given up."""
        self._loop.remove_reader(self._port.descriptor)
        if self._timer:
            self._timer.cancel()
        self._closed = True
        self.sender.close()
        self._port.close()

    def _set_pace(self, baudrate: int) -> None:
        self.sender.baudrate = baudrate
        self._silence = timing.silence(baudrate)
        self._patience = timing.patience(baudrate)
        self._longest = timing.longest(baudrate)

    def _hear(self) -> None:
        try:
            self._take()
        except LinkError as error:
            self._lost(error)

    def _take(self) -> None:
        """Take what was received and see to it that the silence after it is noticed."""
        data = self._port.read()
        if not data:
            return
        now = self._loop.time()
        if self._begins(now):
            self._doubt = None
            self._splitter.begin()
        self._last = now
        self._reads += 1
        self._splitter.feed(data)
        if not self._speaking:
            self._speaking = True
            self._wait(self._silence, self._silent)

    def _begins(self, now: float) -> bool:
        """Tell whether what comes `now` begins a frame, whatever was before it."""
        too_long = self._doubt is not None and now >= self._doubt + self._longest
        return now >= self._last + timing.PAUSE or (too_long and not self._speaking)

    def _wait(self, seconds: float, then: Callable[[], None]) -> None:
        """Call `then` `seconds` after the last byte; it replaces what was to be called."""
        if self._timer:
            self._timer.cancel()
        self._timer = self._loop.call_at(self._last + seconds, then)

    def _silent(self) -> None:
        """Act on what stands before this silence, if it is one: more may have come meanwhile."""
        try:
            self._take()
            if self._loop.time() < self._last + self._silence:
                self._wait(self._silence, self._silent)
                return
            self._speaking = False
            heard = self._splitter.silence()
            if not self._splitter.doubtful:
                self._doubt = None
            elif self._doubt is None:
                self._doubt = self._last
            if self._splitter.waiting:
                self._wait(self._patience, self._give_up)
            self._act(heard)
        except LinkError as error:
            self._lost(error)

    def _give_up(self) -> None:
        if self._splitter.give_up():
            self._broken(1)

    def _act(self, heard: Heard) -> None:
        self._broken(heard.broken)
        for place, frame in enumerate(heard.frames, 1):
            if self._echo.takes(frame, self._last):
                continue
            self._line.heard()
            final = heard.final is not None and place == len(heard.frames)
            if frames.is_answer(frame):
                continue
            if frame[0] == frames.BROADCAST:
                # Nobody waits for an answer, so another frame may have followed; but what lies
                # among rubbish is no request unless it is the last.
                if final or not heard.broken:
                    self._line.broadcast(frame[1:-2], self._peer, Instant.now())
            elif final and frame[0] in self._line.units:
                self._answer(frame)

    def _answer(self, frame: bytes) -> None:
        reply = self._line.answer(frame[0], frame[1:-2], self._peer, Instant.now())
        if isinstance(reply, Pending):
            task = self._loop.create_task(self._work(frame[0], reply))
            self._working.add(task)
            task.add_done_callback(self._working.discard)
        elif reply:
            self._send(frame[0], reply)

    async def _work(self, unit_id: int, pending: Pending) -> None:
        """Answer later, if the line stays silent so long; what was asked is done all the same."""
        reads = self._reads
        reply = pending.finish(await asyncio.to_thread(pending.work))
        if self._closed:
            return
        try:
            self._take()
            if self._reads == reads:
                self._send(unit_id, reply)
        except LinkError as error:
            self._lost(error)

    def _send(self, unit_id: int, pdu: bytes) -> None:
        frame = seal(bytes((unit_id,)) + pdu)
        left = self.sender.send(frame)
        self._line.sent(pdu)
        copied = left + timing.duration(len(frame), self.sender.baudrate)
        self._echo.sent(frame, copied + self._silence)

    def _broken(self, count: int) -> None:
        if not count:
            return
        lost, self._overruns = self._overruns, self._port.overruns()
        for _ in range(count):
            if self._overruns > lost:
                self._line.overrun()
            else:
                self._line.broken()
