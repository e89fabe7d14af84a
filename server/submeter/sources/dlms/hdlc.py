"""HDLC frames of format type 3 (ISO/IEC 13239 4.9; IEC 62056-46 6.4).

    7E | A0 + S + length (2) | destination | source | control | HCS (2) | info | FCS (2) | 7E

The length is that of all between the flags; S (0x08) says that the next frame goes on. An address
has 1, 2 or 4 octets, the last one odd. A frame without info has no HCS. There is no octet
transparency: 7E may stand within.
"""

import binascii
from dataclasses import dataclass, field

from submeter.sources.dlms.framing import Scanner

_FLAG = 0x7E
_SHORTEST = 7  # between the flags: format, two addresses, control, FCS
_MIRROR = bytes(int(f"{n:08b}"[::-1], 2) for n in range(256))


@dataclass(frozen=True, slots=True)
class Frame:
    """One valid frame: addresses as octets, `control` as sent, `info` with what it carries.

    With `segmented` its info goes on in the next frame. Of a received one, `raw` are its octets
    with both flags, and `broken` says that bytes stood before it which were no frame.
    """

    destination: bytes
    source: bytes
    control: int
    info: bytes = b""
    segmented: bool = False
    raw: bytes = field(default=b"", compare=False)
    broken: bool = field(default=False, compare=False)


class Decoder:
    """Turns the bytes of a line into frames whose HCS and FCS are right.

    Any split of the bytes gives the same frames. After damage the next good frame is found,
    wherever its flag stands.
    """

    def __init__(self) -> None:
        self._scanner = Scanner(_FLAG, _sized, _valid, shared=1)

    @property
    def bad(self) -> int:
        """Frames dropped so far."""
        return self._scanner.bad

    def feed(self, data: bytes) -> list[Frame]:
        """Take in the next bytes, return the frames that they complete; raises nothing."""
        return [_frame(octets, broken) for octets, broken in self._scanner.feed(data)]


def encode(frame: Frame) -> bytes:
    """Return `frame` with both flags; raises ValueError if it is too long for one."""
    head = frame.destination + frame.source + bytes([frame.control])
    length = 2 + len(head) + 2 + (len(frame.info) + 2 if frame.info else 0)
    if length > 0x7FF:
        raise ValueError(f"{len(frame.info)} octets do not fit into a frame; segment them")
    octets = (0xA000 | frame.segmented << 11 | length).to_bytes(2, "big") + head
    octets += fcs(octets).to_bytes(2, "little")
    if frame.info:
        octets += frame.info
        octets += fcs(octets).to_bytes(2, "little")
    return bytes([_FLAG]) + octets + bytes([_FLAG])


def fcs(data: bytes) -> int:
    """Return the check sequence of `data`, sent low octet first (ISO/IEC 13239: CRC-16, 0x8408)."""
    # The library has this polynomial with the bits the other way round.
    mirrored = binascii.crc_hqx(data.translate(_MIRROR), 0xFFFF) ^ 0xFFFF
    return _MIRROR[mirrored & 0xFF] << 8 | _MIRROR[mirrored >> 8]


def _sized(octets: bytearray, start: int) -> int | None:
    """Return the size of the frame whose flag is at `start`, flags included; see `Sized`."""
    if len(octets) < start + 3:
        known = len(octets) < start + 2 or octets[start + 1] & 0xF0 == 0xA0
        return None if known else 0
    length = (octets[start + 1] & 0x07) << 8 | octets[start + 2]
    if octets[start + 1] & 0xF0 != 0xA0 or length < _SHORTEST:
        return 0
    control = _control(octets, start + 3)
    if not control:
        return control
    check = control + 1
    if len(octets) < check + 2:
        return None
    head = bytes(octets[start + 1 : check])
    # Without info the sequence after the control octet is the FCS, and with it at least one octet.
    bare = start + 1 + length == check + 2
    whole = bare or start + 1 + length > check + 4
    right = fcs(head) == octets[check] | octets[check + 1] << 8
    return length + 2 if whole and right else 0


def _control(octets: bytes | bytearray, start: int) -> int | None:
    """Return where the control octet stands after two addresses; 0 and None as `Sized` has it."""
    place = start
    for _ in range(2):
        size = 1
        while place + size <= len(octets) and not octets[place + size - 1] & 1:
            size += 1
            if size > 4:
                return 0
        if place + size > len(octets):
            return None
        if size == 3:
            return 0
        place += size
    return place


def _valid(octets: bytes) -> bool:
    inner = octets[1:-3]
    return octets[-1] == _FLAG and fcs(inner) == int.from_bytes(octets[-3:-1], "little")


def _frame(octets: bytes, broken: bool) -> Frame:
    control = _control(octets, 3) or 0
    source = 3
    while not octets[source] & 1:
        source += 1
    source += 1
    return Frame(
        destination=octets[3:source],
        source=octets[source:control],
        control=octets[control],
        info=octets[control + 3 : -3],
        segmented=bool(octets[1] & 0x08),
        raw=octets,
        broken=broken,
    )
