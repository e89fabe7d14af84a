"""All units behind one listener: bytes of requests in, bytes of answers out."""

import struct
from collections.abc import Mapping

from submeter.errors import FrameError
from submeter.modbus import dispatch, framing
from submeter.modbus.image import Image, Registers

REMEMBERED = 1024
"""Requests whose check is remembered; a poller has a few dozen."""

_READ = struct.Struct("2s10s")  # a request of function 3 or 4: its transaction id, and the rest


class Station:
    """The images by unit id, and counts of what was asked.

    `requests` counts every answered frame, `exceptions` those that were refused, `broken` the
    streams that stopped being Modbus.
    """

    def __init__(self, units: Mapping[int, Image]) -> None:
        self.requests = 0
        self.exceptions = 0
        self.broken = 0
        self._units = dict(units)
        # What a request for registers may read never changes, only what stands there: by the
        # request without its transaction id, the answer's head, the block and the slice of it.
        self._known: dict[bytes, tuple[bytes, Registers, int, int]] = {}

    def answers(self, buffer: bytes | bytearray, end: int) -> tuple[bytes, int, bool]:
        """Return the answers to all complete requests in `buffer` before `end`, in order.

        With them come the number of bytes that they used, and whether the rest can still become a
        request; if not, send the answers and close the connection. `framing` and `dispatch` say
        what an answer is; a read of registers that they once allowed is only sliced.
        """
        at, count, sound = 0, 0, True
        parts: list[bytes] = []
        try:
            while at < end:
                if end - at >= 12:
                    transaction, request = _READ.unpack_from(buffer, at)
                    known = self._known.get(request)
                    if known:
                        head, block, start, stop = known
                        parts += (transaction, head, block.content[start:stop])
                        at += 12
                        count += 1
                        continue
                adu = framing.take(buffer, at, end)
                if adu is None:
                    break
                parts.append(self._respond(adu))
                at += adu.size
                count += 1
        except FrameError:
            self.broken += 1
            sound = False
        self.requests += count
        return b"".join(parts), at, sound

    def _respond(self, request: framing.Adu) -> bytes:
        reply = dispatch.respond(self._units, request)
        frame = framing.pack(reply)
        if reply.pdu[0] & 0x80:
            self.exceptions += 1
        else:
            self._remember(request, frame)
        return frame

    def _remember(self, request: framing.Adu, answer: bytes) -> None:
        """Note where the data of `answer` to the allowed `request` stands."""
        block = self._units[request.unit].blocks[request.pdu[0]]
        if isinstance(block, Registers):
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            address, count = dispatch.span(request.pdu)
            key = framing.pack(request)[2:]
            self._known[key] = (answer[2:9], block, 2 * address, 2 * (address + count))
