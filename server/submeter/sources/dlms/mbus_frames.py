"""M-Bus long frames that carry DLMS, as Austrian meters push them (EN 13757-2, EN 13757-3, 5).

    68 | L | L | 68 | C | A | CI | STSAP | DTSAP | data | checksum | 16

L counts from C to the data; the checksum is their sum mod 256. C is 53 or 73. The low four bits of
CI number the parts of a message from 0, 0x10 marks the last one.
"""

from typing import NamedTuple

from submeter.sources.dlms.framing import Scanner

_START, _STOP = 0x68, 0x16
_CONTROLS = (0x53, 0x73)
_HEAD = 5  # C, A, CI, STSAP, DTSAP
_KNOWN = 7  # from the first 68 to CI, by which a frame is recognised
_AROUND = 6  # 68 L L 68, checksum, 16
_LAST = 0x10


class Part(NamedTuple):
    """One part of a message: its number, whether it is the last, what it carries, and its frame."""

    number: int
    last: bool
    data: bytes
    raw: bytes = b""
    broken: bool = False


class Decoder:
    """Turns the bytes of a line into parts whose lengths and checksum are right.

    Some meters send frames of 263 octets, whose length does not fit into L: it overflows to 1.
    """

    def __init__(self) -> None:
        self._scanner = Scanner(_START, _sized, _valid, head=_KNOWN)

    @property
    def bad(self) -> int:
        """Frames dropped so far."""
        return self._scanner.bad

    def feed(self, data: bytes) -> list[Part]:
        """Take in the next bytes, return the parts that they complete; raises nothing."""
        return [
            Part(octets[6] & 0x0F, bool(octets[6] & _LAST), octets[9:-2], octets, broken)
            for octets, broken in self._scanner.feed(data)
        ]


def encode(part: Part) -> bytes:
    """Return the frame of `part`, from management (1) to public access (103)."""
    inner = bytes([0x53, 0xFF, part.number | (_LAST if part.last else 0), 1, 103]) + part.data
    size = len(inner) & 0xFF
    return bytes([_START, size, size, _START]) + inner + bytes([sum(inner) & 0xFF, _STOP])


def _sized(octets: bytearray, start: int) -> int | None:
    """Return the size of the frame that starts at `start`; see `Sized`."""
    head = octets[start : start + _KNOWN]
    if len(head) > 3 and (head[1] != head[2] or head[3] != _START):
        return 0
    if len(head) < _KNOWN:
        return None
    right = head[4] in _CONTROLS and head[6] <= 0x1F
    size = head[1] if head[1] >= _HEAD else 0x100 + head[1]
    return size + _AROUND if right else 0


def _valid(octets: bytes) -> bool:
    return octets[-1] == _STOP and sum(octets[4:-2]) & 0xFF == octets[-2]
