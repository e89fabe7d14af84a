"""Frames of the M-Bus link layer (EN 13757-2, format class FT 1.2), without I/O."""

from collections.abc import Iterator
from dataclasses import dataclass

from submeter.errors import FrameError

SND_NKE = 0x40
SND_UD = 0x53
REQ_UD2 = 0x5B
FCB = 0x20
FROM_MASTER = 0x40  # of the control field: what has it set is a request, or the echo of one

SELECTED = 253  # whoever was selected by its secondary address
TEST = 254  # everyone, and everyone answers
BROADCAST = 255  # everyone, and nobody answers
LAST_PRIMARY = 250

ACK = b"\xe5"
LONGEST = 261  # bytes of a frame

_SHORT, _LONG, _ACK, _STOP = 0x10, 0x68, 0xE5, 0x16
_MORE = None  # a frame that is not complete yet


@dataclass(frozen=True, slots=True)
class Ack:
    """The single character E5: done."""

    def encode(self) -> bytes:
        """Return its byte."""
        return ACK


@dataclass(frozen=True, slots=True)
class Short:
    """`10 C A checksum 16`: a request without data."""

    control: int
    address: int

    def encode(self) -> bytes:
        """Return its five bytes."""
        body = bytes((self.control, self.address))
        return bytes((_SHORT, *body, checksum(body), _STOP))


@dataclass(frozen=True, slots=True)
class Long:
    """`68 L L 68 C A CI data checksum 16`; without data it is the control frame."""

    control: int
    address: int
    ci: int
    data: bytes = b""

    def encode(self) -> bytes:
        """Return its bytes; raises FrameError with more than 252 bytes of data."""
        body = bytes((self.control, self.address, self.ci)) + self.data
        if len(body) > 255:
            raise FrameError(f"{len(self.data)} bytes do not fit into a frame")
        length = len(body)
        return bytes((_LONG, length, length, _LONG)) + body + bytes((checksum(body), _STOP))


Frame = Ack | Short | Long


def checksum(body: bytes) -> int:
    """Return the sum of all bytes from the control field on, modulo 256."""
    return sum(body) & 0xFF


class Decoder:
    """Finds the frames in a stream of bytes, however it is cut.

    `junk` counts bytes that belong to no frame. At most one frame's bytes are kept.
    """

    def __init__(self) -> None:
        self.junk = 0
        self._rest = bytearray()

    @property
    def pending(self) -> bool:
        """Whether the last bytes may be the beginning of a frame."""
        return bool(self._rest)

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Take `data`, and yield the frames that it completes."""
        for start in range(0, len(data), LONGEST):
            self._rest += data[start : start + LONGEST]
            yield from self._frames(whole=False)

    def silence(self) -> Iterator[Frame]:
        """Yield what is left once the line is silent: a frame that began is given up."""
        yield from self._frames(whole=True)

    def _frames(self, *, whole: bool) -> Iterator[Frame]:
        rest, start = self._rest, 0
        found = []
        while start < len(rest):
            length = _extent(rest, start)
            if length is _MORE and not whole:
                break
            frame = _frame(bytes(rest[start : start + length])) if length else None
            if frame:
                found.append(frame)
            else:
                self.junk += 1
            start += length if frame and length else 1
        del rest[:start]
        yield from found


def _extent(rest: bytearray, start: int) -> int | None:
    """Return the length of the frame that begins at `start`, 0 for none, None if it may still."""
    have = len(rest) - start
    match rest[start]:
        case 0xE5:
            return 1
        case 0x10:
            return 5 if have >= 5 else _MORE
        case 0x68:
            if have >= 2 and rest[start + 1] < 3:
                return 0
            if have >= 3 and rest[start + 2] != rest[start + 1]:
                return 0
            if have >= 4 and rest[start + 3] != _LONG:
                return 0
            if have < 4 or have < rest[start + 1] + 6:
                return _MORE
            return rest[start + 1] + 6
    return 0


def _frame(data: bytes) -> Frame | None:
    """Return the frame that `data` is, None if its checksum or stop byte is wrong."""
    if data[0] == _ACK:
        return Ack()
    body = data[1:-2] if data[0] == _SHORT else data[4:-2]
    if data[-1] != _STOP or data[-2] != checksum(body):
        return None
    if data[0] == _SHORT:
        return Short(body[0], body[1])
    return Long(body[0], body[1], body[2], body[3:])
