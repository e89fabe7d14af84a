"""Modbus TCP frames: the MBAP header and what follows it.

Big-endian: transaction id (2 bytes), protocol id (2, always 0), length of what follows (2), unit id
(1), PDU (1 to 253). Modbus Messaging on TCP/IP Implementation Guide V1.0b, 3.1.3.
"""

import struct
from typing import NamedTuple

from submeter.errors import FrameError

Buffer = bytes | bytearray | memoryview

PREFIX = 6
"""Bytes up to and with the length."""
SHORTEST, LONGEST = 2, 254
"""Values of the length: unit id and function code alone, and the largest PDU."""

_prefix = struct.Struct(">HHH")
_header = struct.Struct(">HHHB")


class Adu(NamedTuple):
    """One request or answer: whose it is, and its PDU (function code and data)."""

    transaction: int
    unit: int
    pdu: bytes

    @property
    def size(self) -> int:
        """Bytes on the wire."""
        return PREFIX + 1 + len(self.pdu)


def take(buffer: Buffer, start: int, end: int) -> Adu | None:
    """Return the frame of `buffer` at `start`; None if it is not complete before `end`.

    Raises FrameError when no frame can begin with these bytes: the protocol id is not 0 or the
    length is outside 2 to 254. Where the next frame begins is then unknown; close the connection.
    """
    if end - start < PREFIX:
        return None
    transaction, protocol, length = _prefix.unpack_from(buffer, start)
    if protocol:
        raise FrameError(f"protocol id {protocol} instead of 0")
    if not SHORTEST <= length <= LONGEST:
        raise FrameError(f"length {length} instead of {SHORTEST} to {LONGEST}")
    body = start + PREFIX
    if end - body < length:
        return None
    return Adu(transaction, buffer[body], bytes(buffer[body + 1 : body + length]))


def pack(adu: Adu) -> bytes:
    """Return the frame of `adu`."""
    return _header.pack(adu.transaction, 0, 1 + len(adu.pdu), adu.unit) + adu.pdu
