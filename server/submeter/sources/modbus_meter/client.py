"""The client's side of a read request, without I/O: its bytes, and what comes back.

Source: Modbus Application Protocol V1.1b3, 4.1, 6.1 to 6.4 and 7; Messaging on TCP/IP V1.0b, 3.1.3;
Modbus over Serial Line V1.02, 2.5.1.
"""

import struct
from typing import NamedTuple, Protocol

from submeter.modbus_crc import seal, sealed
from submeter.pointmap.spans import Span

MOST = 2048
"""Bytes that are listened to for one answer; the longest one has 260."""
_ERROR = 0x80
_ERROR_SIZE = 5  # of an exception on a line: unit, function, code, CRC
_WORDS = {
    1: "illegal function",
    2: "illegal data address",
    3: "illegal data value",
    4: "device failure",
    5: "acknowledge, working on it",
    6: "device busy",
    8: "memory parity error",
    10: "gateway path unavailable",
    11: "gateway target does not respond",
}


class Refused(NamedTuple):
    """The meter, or the gateway before it, answered with this exception."""

    code: int

    def __str__(self) -> str:
        return f"exception {self.code:02X}, {_WORDS.get(self.code, 'unknown')}"


class Data(NamedTuple):
    """What stands at the addresses that were asked for; `frame` is the answer as it came."""

    data: bytes
    frame: bytes


Answer = Data | Refused


class Call(Protocol):
    """One request and the wait for its answer; a repetition needs a new one."""

    @property
    def request(self) -> bytes:
        """The frame to send."""

    @property
    def longest(self) -> int:
        """The bytes of the answer."""

    @property
    def heard(self) -> int:
        """The bytes that were received."""

    @property
    def garbled(self) -> bool:
        """Whether something began like the answer, and its checksum was wrong."""

    @property
    def excess(self) -> bool:
        """Whether more came with the answer, behind it."""

    def feed(self, data: bytes) -> Answer | None:
        """Take in received bytes; return the answer once it is whole, and raise nothing."""


def pdu(span: Span) -> bytes:
    """Return the request for `span` without unit and checksum."""
    return struct.pack(">BHH", span.function, span.start, span.length)


def size(span: Span) -> int:
    """Return the bytes of data that answer a request for `span`."""
    return (span.length + 7) // 8 if span.bits else 2 * span.length


class TcpCall:
    """A request on TCP: what answers it has its transaction id, unit, function and length.

    Everything else, such as the late answer to an earlier request, is passed over.
    """

    garbled = False
    excess = False

    def __init__(self, span: Span, unit: int, transaction: int) -> None:
        count = size(span)
        body = pdu(span)
        head = struct.pack(">HH", transaction & 0xFFFF, 0)
        self.request = head + struct.pack(">HB", len(body) + 1, unit) + body
        self.longest = 9 + count
        self._good = head + struct.pack(">HBBB", 3 + count, unit, span.function, count)
        self._bad = head + struct.pack(">HBB", 3, unit, span.function | _ERROR)
        self._buffer = bytearray()

    @property
    def heard(self) -> int:
        """The bytes that were received."""
        return len(self._buffer)

    def feed(self, data: bytes) -> Answer | None:
        """Take in received bytes; return the answer once it is whole."""
        self._buffer += data[: MOST - len(self._buffer)]
        start = self._buffer.find(self._bad)
        if 0 <= start < len(self._buffer) - len(self._bad):
            return Refused(self._buffer[start + len(self._bad)])
        start = self._buffer.find(self._good)
        frame = bytes(self._buffer[start : start + self.longest])
        if start < 0 or len(frame) < self.longest:
            return None
        return Data(frame[len(self._good) :], frame)


class RtuCall:
    """A request on a serial line: what answers it has its unit, function, length and a good CRC.

    Its own echo, noise before the answer, and frames of others are passed over.
    """

    def __init__(self, span: Span, unit: int) -> None:
        count = size(span)
        body = bytes([unit]) + pdu(span)
        self.request = seal(body)
        self.longest = 5 + count
        self.garbled = False
        self.excess = False
        self._good = bytes([unit, span.function, count])
        self._bad = bytes([unit, span.function | _ERROR])
        self._buffer = bytearray()
        self._passed = 0  # up to where no answer begins

    @property
    def heard(self) -> int:
        """The bytes that were received."""
        return len(self._buffer)

    def feed(self, data: bytes) -> Answer | None:
        """Take in received bytes; return the answer once it is whole."""
        self._buffer += data[: MOST - len(self._buffer)]
        if self._passed == 0 and self._buffer.startswith(self.request):
            self._passed = len(self.request)
        while (start := self._next()) >= 0:
            good = self._buffer.startswith(self._good, start)
            frame = bytes(self._buffer[start : start + (self.longest if good else _ERROR_SIZE)])
            if len(frame) < (self.longest if good else _ERROR_SIZE):
                return None
            if sealed(frame):
                self.excess = len(self._buffer) > start + len(frame)
                return Data(frame[3:-2], frame) if good else Refused(frame[2])
            self.garbled = True
            self._passed = start + 1
        return None

    def _next(self) -> int:
        """Return where the next thing begins that may be the answer, -1 if there is none."""
        found = (self._buffer.find(each, self._passed) for each in (self._good, self._bad))
        return min((start for start in found if start >= 0), default=-1)
