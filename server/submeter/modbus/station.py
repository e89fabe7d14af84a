"""All units behind one listener on TCP: bytes of requests in, bytes of answers out."""

import struct
from collections.abc import Callable, Mapping
from typing import NamedTuple

from submeter.errors import FrameError
from submeter.meter.instant import Instant
from submeter.modbus import dispatch, framing, reading
from submeter.modbus.exceptions import NO_SUCH_UNIT, exception
from submeter.modbus.framing import Adu
from submeter.modbus.tables import Registers
from submeter.modbus.unit import Answer, Peer, Pending, Unit

REMEMBERED = 1024
"""Requests whose check is remembered; a poller has a few dozen."""
TURN = 32
"""What one call may cost: a read costs 1 and any other request DEAR.

Reads that are remembered are free, for a buffer full of them is no dearer than all this.
"""
DEAR = 4

_Known = tuple[bytes, Registers, int, int]
# A request of function 3 or 4: its transaction id, and the rest.
_unpack = struct.Struct("2s10s").unpack_from


class PendingFrame(NamedTuple):
    """An answer that waits for `work`, which may run in another thread.

    `finish` turns the result of `work` into the frame of the answer.
    """

    work: Callable[[], bool]
    finish: Callable[[bool], bytes]


# A plain tuple: one with names takes a third of the time of a whole answer to make.
Step = tuple[bytes, int, bool, PendingFrame | None]
"""What became of the bytes so far: answers, used, sound, pending.

The answers are those to the first `used` bytes, in order. Unless sound the rest can never become a
request: send the answers and close the connection. With a pending frame the last request is not
answered yet, and nothing after it may be looked at before it is.

A call does a bounded amount of work, and so may leave whole requests behind what it used. Whoever
calls lets others have their turn and calls again, with nothing new if need be, until none is used:
then the rest is not complete.
"""


class Station:
    """The units by their ids, and counts of what was asked.

    `requests` counts every frame, `exceptions` those that were refused, `silent` those that got no
    answer because the map wants it so, `broken` the streams that stopped being Modbus.
    """

    def __init__(
        self, units: Mapping[int, Unit], clock: Callable[[], Instant] = Instant.now
    ) -> None:
        self.requests = 0
        self.exceptions = 0
        self.silent = 0
        self.broken = 0
        self._units = dict(units)
        self._clock = clock
        # What a request for registers may read never changes, only what stands there: by the
        # request without its transaction id, the answer's head, the block and the slice of it.
        self._known: dict[bytes, _Known] = {}

    def for_client(self) -> "Station":
        """Return what answers one client: nothing of it is kept from one read to the next."""
        return self

    def answers(self, buffer: bytes | bytearray, end: int, peer: Peer) -> Step:
        """Answer the complete requests of `peer` in `buffer` before `end`, in order.

        `framing` and `dispatch` say what an answer is; a read of registers that they once allowed
        is only sliced, unless some value in it is not to be served now. What other requests cost is
        bounded by TURN.
        """
        if end == 12:  # what most pollers send, and wait for its answer
            transaction, request = _unpack(buffer)
            known = self._known.get(request)
            if known:
                head, block, start, stop = known
                if block.denied is None or _served(block.denied, start, stop):
                    self.requests += 1
                    return transaction + head + block.content[start:stop], 12, True, None
        at, count, left, sound = 0, 0, TURN, True
        pending = None
        parts: list[bytes] = []
        try:
            while at < end:
                if end - at >= 12:
                    transaction, request = _unpack(buffer, at)
                    known = self._known.get(request)
                    if known:
                        head, block, start, stop = known
                        if block.denied is None or _served(block.denied, start, stop):
                            parts += (transaction, head, block.content[start:stop])
                            at += 12
                            count += 1
                            continue
                adu = framing.take(buffer, at, end)
                if adu is None:
                    break
                at += adu.size
                count += 1
                reply = self._respond(adu, peer)
                if isinstance(reply, PendingFrame):
                    pending = reply
                    break
                parts.append(reply)
                left -= 1 if adu.pdu[0] in reading.FUNCTIONS else DEAR
                if left <= 0:
                    break
        except FrameError:
            self.broken += 1
            sound = False
        self.requests += count
        return b"".join(parts), at, sound, pending

    def _respond(self, request: Adu, peer: Peer) -> bytes | PendingFrame:
        unit = self._units.get(request.unit)
        reply: Answer = exception(request.pdu[0], NO_SUCH_UNIT)
        if unit:
            reply = dispatch.answer(unit, request.pdu, peer, self._clock())
        if isinstance(reply, Pending):
            return self._later(request, reply)
        frame = self._frame(request, reply)
        if unit and reply and not reply[0] & 0x80:
            self._remember(unit, request, frame)
        return frame

    def _later(self, request: Adu, pending: Pending) -> PendingFrame:
        def finish(right: bool) -> bytes:
            return self._frame(request, pending.finish(right))

        return PendingFrame(pending.work, finish)

    def _frame(self, request: Adu, reply: bytes | None) -> bytes:
        """Return the frame of `reply`, nothing for silence; count it."""
        if reply is None:
            self.silent += 1
            return b""
        if reply[0] & 0x80:
            self.exceptions += 1
        return framing.pack(request._replace(pdu=reply))

    def _remember(self, unit: Unit, request: Adu, answer: bytes) -> None:
        """Note where the data of `answer` to the allowed `request` stands."""
        if request.pdu[0] not in reading.FUNCTIONS:
            return
        block = unit.image.blocks[request.pdu[0]]
        address, count = reading.span(request.pdu)
        # What only a read of exactly this count sees does not stand in the block's content.
        if isinstance(block, Registers) and block.read_alone(address, count) is None:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            key = framing.pack(request)[2:]
            self._known[key] = (answer[2:9], block, *block.span(address, count))


def _served(denied: bytes, start: int, stop: int) -> bool:
    """Tell whether no register is denied of those in these bytes of a block's content."""
    return not denied[start // 2 : stop // 2].strip(b"\0")
