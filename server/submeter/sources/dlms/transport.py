"""From the bytes of a push to whole messages (APDUs), whatever they are wrapped in.

HDLC frames, whose segments are put together, with or without LLC; or M-Bus long frames, whose parts
are. In either, a message may come in blocks (general-block-transfer, IEC 62056-5-3 9.3.4):

    E0 | last (0x80), streaming (0x40), window | number (2) | acknowledged (2) | length | data
"""

from typing import NamedTuple

from submeter.errors import FrameError
from submeter.sources.dlms import axdr, hdlc, mbus_frames

LARGEST = 32_768
"""Octets of a message; a longer one is dropped."""

_LLC = (b"\xe6\xe7\x00", b"\xe6\xe6\x00")
_BLOCK = b"\xe0"
_PUSHED = (b"\x0f", b"\xdb", b"\xdc", b"\xdd", b"\xdf", b"\xe0")
"""What a message without LLC begins with; anything else is the rest of one."""
_LAST = 0x80


class Apdu(NamedTuple):
    """A whole message, the frames that it came in, and whether a mere checksum guards those."""

    data: bytes
    raw: bytes
    weak: bool = False


class Transport:
    """Turns the bytes of one line into messages; any split of them gives the same.

    Which framing it is shows with the first valid frame and stays for the line. A message of which
    a part is lost, doubled or out of order is dropped as a whole. `frames` counts those that were
    valid, `dropped` frames and messages that were not.
    """

    def __init__(self) -> None:
        self.frames = 0
        self._hdlc: hdlc.Decoder | None = hdlc.Decoder()
        self._mbus: mbus_frames.Decoder | None = mbus_frames.Decoder()
        self._lost = 0
        self._parts = _Assembly()
        self._blocks = _Assembly()
        self._line: tuple[bytes, bytes, int] | None = None  # of the first segment of HDLC

    @property
    def dropped(self) -> int:
        """Frames and messages dropped so far."""
        # As long as both listen, each takes the other's frames for damage.
        if self._hdlc and self._mbus:
            return self._lost
        return (
            self._lost
            + (self._hdlc.bad if self._hdlc else 0)
            + (self._mbus.bad if self._mbus else 0)
        )

    @property
    def framing(self) -> str | None:
        """`hdlc` or `mbus`, None while nothing was understood."""
        if self._hdlc and self._mbus:
            return None
        return "hdlc" if self._hdlc else "mbus"

    def feed(self, data: bytes) -> list[Apdu]:
        """Take in the next bytes, return the messages that they complete; raises nothing."""
        messages: list[Apdu] = []
        start = 0
        while self._hdlc and self._mbus and start < len(data):
            # Byte by byte, so that the framing does not depend on how the bytes were split.
            self._step(data[start : start + 1], messages)
            start += 1
        if start < len(data):
            self._step(data[start:], messages)
        return messages

    def give_up(self) -> None:
        """Drop what a message has so far: the line rested, and the next byte is another's."""
        self._drop(self._parts)
        self._drop(self._blocks)

    def _step(self, data: bytes, messages: list[Apdu]) -> None:
        frames = self._hdlc.feed(data) if self._hdlc else []
        parts = self._mbus.feed(data) if self._mbus else []
        self.frames += len(frames) + len(parts)
        if frames:
            self._mbus = None
        elif parts:
            self._hdlc = None
        for frame in frames:
            self._segment(frame, messages)
        for part in parts if self._mbus else []:
            self._part(part, messages)

    def _segment(self, frame: hdlc.Frame, messages: list[Apdu]) -> None:
        line = (frame.destination, frame.source, frame.control)
        if frame.broken or line != self._line:
            self.give_up()
        if frame.info.startswith(_LLC):
            self._drop(self._parts)
        self._line = line
        self._lost += not self._parts.add(frame.info, frame.raw)
        if not frame.segmented:
            whole = self._parts.taken()
            data = whole.data[3:] if whole.data.startswith(_LLC) else whole.data
            if data is whole.data and data[:1] not in _PUSHED:
                self._lost += bool(data)
            else:
                self._block(Apdu(data, whole.raw), messages)

    def _part(self, part: mbus_frames.Part, messages: list[Apdu]) -> None:
        if part.broken:
            self.give_up()
        if part.number == 0 or part.number != self._parts.count:
            self._drop(self._parts)
        if part.number != self._parts.count:
            self._lost += 1
            return
        self._lost += not self._parts.add(part.data, part.raw)
        if part.last:
            self._block(self._parts.taken()._replace(weak=True), messages)

    def _block(self, apdu: Apdu, messages: list[Apdu]) -> None:
        """Take a message, or a block of one."""
        if apdu.data[:1] != _BLOCK:
            self._drop(self._blocks)
            if apdu.data:
                messages.append(apdu)
            return
        try:
            data, end = axdr.counted(apdu.data, 6)
        except FrameError:
            data, end = b"", -1
        number = int.from_bytes(apdu.data[2:4], "big")
        if number == 1:
            self._drop(self._blocks)
        if end != len(apdu.data) or number != self._blocks.count + 1:
            self._drop(self._blocks)
            self._lost += 1
            return
        self._lost += not self._blocks.add(data, apdu.raw)
        if apdu.data[1] & _LAST:
            whole = self._blocks.taken()
            if whole.data:
                messages.append(whole._replace(weak=apdu.weak))

    def _drop(self, assembly: "_Assembly") -> None:
        self._lost += bool(assembly)
        assembly.taken()


class _Assembly:
    """The parts of a message so far."""

    def __init__(self) -> None:
        self.count = 0
        self._data = bytearray()
        self._raw = bytearray()

    def __bool__(self) -> bool:
        return self.count > 0

    def add(self, data: bytes, raw: bytes) -> bool:
        """Take the next part; False, and nothing is left, if the message becomes too large."""
        self.count += 1
        self._data += data
        self._raw += raw
        if len(self._raw) > 2 * LARGEST or len(self._data) > LARGEST:
            self.taken()
            return False
        return True

    def taken(self) -> Apdu:
        """Return what there is, and begin anew."""
        whole = Apdu(bytes(self._data), bytes(self._raw))
        self.count = 0
        self._data.clear()
        self._raw.clear()
        return whole
