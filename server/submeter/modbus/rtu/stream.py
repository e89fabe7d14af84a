"""RTU frames in a stream of TCP: cut by their lengths and checksums, as there are no silences."""

import time
from collections.abc import Callable
from typing import NamedTuple

from submeter.meter.instant import Instant
from submeter.modbus.diagnostics import Line
from submeter.modbus.rtu import frames
from submeter.modbus.rtu.crc import first_sealed, seal, sealed
from submeter.modbus.station import PendingFrame, Step
from submeter.modbus.unit import Peer, Pending

RUBBISH = 512
"""Bytes in a row that are no frame, after which a connection is closed."""
RESYNC = 0.05
"""Seconds of silence after which a frame that has begun may be given up for one that follows."""


class _Rest(NamedTuple):
    """What a connection has left behind: a frame that has begun, and rubbish before it."""

    size: int = 0
    since: float = 0.0
    rubbish: int = 0


class Streams:
    """Answers RTU frames for the units of `line`, every client by itself; counts are of all."""

    def __init__(self, line: Line, clock: Callable[[], float] = time.monotonic) -> None:
        self.broken = 0
        self.line = line
        self.clock = clock

    @property
    def requests(self) -> int:
        """How many requests were answered, exceptions included."""
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

    def answers(self, buffer: bytes | bytearray, end: int, peer: Peer) -> Step:
        """Answer the complete requests of `peer` in `buffer` before `end`, in order."""
        data, now = bytes(buffer[:end]), self._clock()
        rest, self._rest = self._rest, _Rest()
        at, rubbish = self._resume(data, rest, now), rest.rubbish
        parts: list[bytes] = []
        pending = None
        while at < len(data) and pending is None:
            length = self._request(data, at, exact=rubbish > 0)
            if length:
                rubbish = self._end_rubbish(rubbish)
                reply = self._answer(data[at : at + length], peer)
                if isinstance(reply, PendingFrame):
                    pending = reply
                else:
                    parts.append(reply)
                at += length
            elif self._may_go_on(data, at, exact=rubbish > 0):
                break
            else:
                rubbish += 1
                at += 1
        if rubbish > RUBBISH:
            self._streams.broken += 1
            return b"".join(parts), len(data), False, None
        self._rest = _Rest(len(data) - at, now, rubbish)
        return b"".join(parts), at, True, pending

    def _resume(self, data: bytes, rest: _Rest, now: float) -> int:
        """Return where to go on: behind a frame that had begun and is not continued."""
        fresh = now - rest.since <= RESYNC or not 0 < rest.size < len(data)
        if fresh or self._request(data, 0) or not self._request(data, rest.size, exact=True):
            return 0
        self._line.broken()
        return rest.size

    def _end_rubbish(self, rubbish: int) -> int:
        if rubbish:
            self._line.broken()
        return 0

    def _request(self, data: bytes, at: int, exact: bool = False) -> int:
        """Return the length of the request at `at`, 0 if there is none yet.

        Unless it must have its `exact` length, as behind rubbish, it may also be one to us of an
        unknown or a wrong length, which ends where it is sealed.
        """
        length = frames.request_length(data, at)
        whole = length and length <= frames.LARGEST and at + length <= len(data)
        if length and whole and sealed(data[at : at + length]):
            return length
        if exact or length is None or not self._ours(data, at):
            return 0
        if frames.unfinished_request(data, at):
            return frames.remainder(data, at)
        return first_sealed(data[at : at + frames.LARGEST], frames.SMALLEST, frames.LARGEST)

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
        if frames.is_answer(frame):
            return b""
        if unit_id == frames.BROADCAST:
            self._line.broadcast(pdu, peer, Instant.now())
            return b""
        reply = self._line.answer(unit_id, pdu, peer, Instant.now())
        if isinstance(reply, Pending):
            finish = reply.finish
            return PendingFrame(reply.work, lambda right: self._sealed(unit_id, finish(right)))
        return self._sealed(unit_id, reply) if reply else b""

    def _sealed(self, unit_id: int, pdu: bytes) -> bytes:
        self._line.sent(pdu)
        return seal(bytes((unit_id,)) + pdu)
