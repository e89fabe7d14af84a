"""One client of a listener: its bytes, and how much of them may wait."""

import asyncio
from collections.abc import Callable
from typing import Protocol, cast

from submeter.meter.access import Who
from submeter.modbus.station import PendingFrame, Step
from submeter.modbus.unit import Peer

RECEIVED = 4096
"""Bytes of requests that a connection holds; their answers are at most 90 kB."""
UNSENT = 256 * 1024
"""Bytes of answers a client may leave unread before its requests are left unread too."""
ENDING = 30.0
"""Seconds for a client to read its last answers, once it is to be closed."""


class Answers(Protocol):
    """What makes answers of the requests of one client: see `submeter.modbus.station.Station`."""

    def answers(self, buffer: bytearray, end: int, peer: Peer) -> Step:
        """Return the answers to the complete requests in `buffer` before `end`."""


class Answering(Protocol):
    """What answers the clients of a listener."""

    def for_client(self) -> Answers:
        """Return what answers one more client."""

    @property
    def requests(self) -> int:
        """How many requests came, exceptions and silence included."""

    @property
    def exceptions(self) -> int:
        """How many of them were answered with an exception."""

    @property
    def broken(self) -> int:
        """How many clients sent what cannot be Modbus."""


class Connection(asyncio.BufferedProtocol):
    """One client.

    A buffered protocol, so that one read takes in RECEIVED bytes at most: a client that sends much
    and reads nothing costs a bounded amount of memory. One that sends much keeps nobody waiting:
    once there may be more to answer than one turn is for, nothing is read until later turns of the
    event loop have worked it off. `asked` is set by each request, for whoever counts the `silent`
    seconds; `on_lost` is called once. With TLS `on_made` has to open or abort the client.
    """

    def __init__(self, station: Answers, on_lost: Callable[["Connection"], None]) -> None:
        self.asked = True
        self.silent = 0
        self.on_made: Callable[[asyncio.Transport], None] | None = None
        self._station = station
        self._on_lost = on_lost
        self._stream: asyncio.Transport | None = None
        self._peer = _NOBODY
        self._write: Callable[[bytes], None] = _nowhere
        self._buffer = bytearray(RECEIVED)
        self._view = memoryview(self._buffer)
        self._filled = 0
        self._blocked = False
        self._turn: asyncio.Handle | None = None
        self._working: asyncio.Task[None] | None = None
        self._ending: asyncio.TimerHandle | None = None

    def open(self, stream: asyncio.Transport, peer: Peer) -> None:
        """Answer what comes on `stream`."""
        self.asked = True
        self._stream = stream
        self._peer = peer
        self._write = stream.write
        stream.set_write_buffer_limits(high=UNSENT)

    def abort(self) -> None:
        """Close at once; answers that were not read are dropped."""
        if self._stream:
            self._stream.abort()

    @property
    def opened(self) -> bool:
        """Whether it is answered, rather than still in a handshake."""
        return self._stream is not None

    @property
    def unsent(self) -> int:
        """Bytes of answers that wait for the client."""
        return self._stream.get_write_buffer_size() if self._stream else 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Let `on_made`, if there is one, `open` or refuse the client before anything is read."""
        if self.on_made:
            self.on_made(cast("asyncio.Transport", transport))

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the client."""
        self._stream = None
        self._write = _nowhere
        for planned in (self._turn, self._ending):
            if planned:
                planned.cancel()
        self._on_lost(self)

    def eof_received(self) -> None:
        """Close once the answers are sent; asyncio does, but has all the time in the world.

        What was asked before the end is answered at once: in TLS nothing can be sent later.
        """
        left = -1
        while self._filled not in (0, left) and not self._is_held():
            left = self._filled
            self.buffer_updated(0)
        self._end_later()

    def pause_writing(self) -> None:
        """Read no more requests while the client does not read its answers."""
        self._blocked = True
        if self._stream:
            self._stream.pause_reading()

    def resume_writing(self) -> None:
        """Go on with what is held, and then with reading."""
        self._blocked = False
        self._go_on_later()

    def get_buffer(self, sizehint: int) -> memoryview:
        """Return where the next bytes go."""
        return self._view[self._filled :] if self._filled else self._view

    def buffer_updated(self, nbytes: int) -> None:
        """Answer what is complete, as much of it as one turn is for."""
        end = self._filled + nbytes
        answers, used, sound, pending = self._station.answers(self._buffer, end, self._peer)
        if answers:
            self._write(answers)
        self._filled = left = end - used
        if used:
            self.asked = True
            if left:
                self._buffer[:left] = self._buffer[used:end]
        if pending:
            self._wait_for(pending)
        elif not sound:
            self._close()
        elif used and (left or end == RECEIVED):  # uvloop would read a full buffer's rest at once
            self._go_on_later()

    def _go_on_later(self) -> None:
        if self._stream and not self._turn:
            self._stream.pause_reading()
            self._turn = asyncio.get_running_loop().call_soon(self._go_on)

    def _go_on(self) -> None:
        """Answer more of what is held; read on once nothing of it can be answered."""
        self._turn = None
        if self._is_held():
            return
        self.buffer_updated(0)
        if self._stream and not self._turn and not self._is_held():
            self._stream.resume_reading()

    def _is_held(self) -> bool:
        """Tell whether something else has to come before the next request."""
        return bool(self._blocked or self._working or self._ending)

    def _wait_for(self, pending: PendingFrame) -> None:
        if self._stream:
            self._stream.pause_reading()
        self._working = asyncio.get_running_loop().create_task(self._work(pending))

    async def _work(self, pending: PendingFrame) -> None:
        """Answer a request that takes a while; what follows it waits.

        It is finished for a client that is gone, too: a wrong code stays a wrong code.
        """
        try:
            answer = pending.finish(await asyncio.to_thread(pending.work))
        except BaseException:
            self.abort()
            raise
        self._working = None
        self._write(answer)
        self._go_on_later()

    def _close(self) -> None:
        if self._stream:
            self._stream.close()
        self._end_later()

    def _end_later(self) -> None:
        if not self._ending:
            loop = asyncio.get_running_loop()
            self._ending = loop.call_later(ENDING, self.abort)


_NOBODY = Peer(Who("", ""), may_write=False)


def _nowhere(data: bytes) -> None:
    """Drop `data`: there is no client to send it to."""
