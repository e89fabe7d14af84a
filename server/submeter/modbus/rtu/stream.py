"""RTU frames in a stream of TCP: cut by their lengths and checksums, as there are no silences."""

import time
from collections.abc import Callable
from typing import NamedTuple

from submeter.meter.instant import Instant
from submeter.modbus.diagnostics import Line
from submeter.modbus.rtu import frames
from submeter.modbus.station import PendingFrame, Step
from submeter.modbus.unit import Peer, Pending
from submeter.modbus_crc import first_sealed, seal, sealed

RUBBISH = 512
"""Bytes that are no frame, beyond those that are, after which a connection is closed."""
TURN = 4096
"""Work of one call: bytes of which a checksum is made, and as much as costs the same."""
_A_PLACE, _A_REQUEST, _A_UNIT = 16, 200, 100  # what it costs to look at one, and to ask
_CHECKED = 16  # bytes whose checksum is wrong, that count as one of rubbish
RESYNC = 0.05
"""Seconds of silence after which a frame that has begun may be given up for one that follows."""


class _Rest(NamedTuple):
    """What a connection has left behind: a frame that has begun, and rubbish before it.

    It is `astray` while no frame has come since the last rubbish.
    """

    size: int = 0
    since: float = 0.0
    rubbish: int = 0
    astray: bool = False


class Streams:
    """Answers RTU frames for the units of `line`, every client by itself; counts are of all."""

    def __init__(self, line: Line, clock: Callable[[], float] = time.monotonic) -> None:
        self.broken = 0
        self.line = line
        self.clock = clock

    @property
    def requests(self) -> int:
        """How many requests to our units came, broadcasts and silence included."""
        return self.line.requests

    @property
    def exceptions(self) -> int:
        """How many of them were answered with an exception."""
        return self.line.exceptions

    def for_client(self) -> "Stream":
        """Return what answers one client."""
        return Stream(self)


class Stream:
    """The frames of one client of `streams`, answered in order.

    As on a serial line nobody answers for other units, to broadcasts or to broken frames.
    """

    def __init__(self, streams: Streams) -> None:
        self._streams = streams
        self._line = streams.line
        self._clock = streams.clock
        self._rest = _Rest()
        self._work = 0

    def answers(self, buffer: bytes | bytearray, end: int, peer: Peer) -> Step:
        """Answer the complete requests of `peer` in `buffer` before `end`, in order; work TURN."""
        data, now = bytes(buffer[:end]), self._clock()
        rest, self._rest = self._rest, _Rest()
        self._work = 0
        at, rubbish, astray = self._resume(data, rest, now), rest.rubbish, rest.astray
        parts: list[bytes] = []
        pending, waits = None, False
        while at < len(data) and pending is None and self._work < TURN:
            before = self._work
            length = self._request(data, at, exact=astray)
            if length:
                rubbish, astray = max(0, rubbish - length), self._found(astray)
                reply = self._answer(data[at : at + length], peer)
                if isinstance(reply, PendingFrame):
                    pending = reply
                else:
                    parts.append(reply)
                at += length
            elif self._may_go_on(data, at, exact=astray):
                waits = True
                break
            else:
                rubbish += 1 + (self._work - before) // _CHECKED
                self._work += _A_PLACE
                astray = True
                at += 1
        if rubbish > RUBBISH:
            self._streams.broken += 1
            return b"".join(parts), len(data), False, None
        self._rest = _Rest(len(data) - at if waits else 0, now, rubbish, astray)
        return b"".join(parts), at, True, pending

    def _resume(self, data: bytes, rest: _Rest, now: float) -> int:
        """Return where to go on: behind a frame that had begun and is not continued."""
        fresh = now - rest.since <= RESYNC or not 0 < rest.size < len(data)
        if fresh or self._request(data, 0) or not self._request(data, rest.size, exact=True):
            return 0
        self._line.broken()
        return rest.size

    def _found(self, astray: bool) -> bool:
        """Count the rubbish before a frame; return False: it ends."""
        if astray:
            self._line.broken()
        return False

    def _request(self, data: bytes, at: int, exact: bool = False) -> int:
        """Return the length of the request at `at`, 0 if there is none yet.

        Unless it must have its `exact` length, as behind rubbish, it may also be one to us of an
        unknown or a wrong length, which ends where it is sealed.
        """
        length = frames.request_length(data, at)
        whole = length and length <= frames.LARGEST and at + length <= len(data)
        if length and whole and self._sealed_at(data, at, length):
            return length
        if exact or length is None or not self._ours(data, at):
            return 0
        self._work += min(len(data) - at, frames.LARGEST)
        if frames.unfinished_request(data, at):
            return frames.remainder(data, at)
        return first_sealed(data[at : at + frames.LARGEST], frames.SMALLEST, frames.LARGEST)

    def _sealed_at(self, data: bytes, at: int, length: int) -> bool:
        self._work += length
        return sealed(data[at : at + length])

    def _may_go_on(self, data: bytes, at: int, exact: bool) -> bool:
        """Tell whether a request that begins at `at` may still become whole."""
        if frames.unfinished_request(data, at):
            return True
        unknown = frames.request_length(data, at) == 0 and data[at + 1] & 0x80 == 0
        return not exact and unknown and self._ours(data, at) and len(data) - at < frames.LARGEST

    def _ours(self, data: bytes, at: int) -> bool:
        return data[at] in self._line.units

    def _answer(self, frame: bytes, peer: Peer) -> bytes | PendingFrame:
        unit_id, pdu = frame[0], frame[1:-2]
        self._line.heard()
        self._work += _A_REQUEST
        if frames.is_answer(frame):
            return b""
        if unit_id == frames.BROADCAST:
            self._work += _A_UNIT * self._line.broadcast(pdu, peer, Instant.now())
            return b""
        reply = self._line.answer(unit_id, pdu, peer, Instant.now())
        if isinstance(reply, Pending):
            finish = reply.finish
            return PendingFrame(reply.work, lambda right: self._sealed(unit_id, finish(right)))
        return self._sealed(unit_id, reply) if reply else b""

    def _sealed(self, unit_id: int, pdu: bytes) -> bytes:
        self._line.sent(pdu)
        self._work += len(pdu)
        return seal(bytes((unit_id,)) + pdu)
