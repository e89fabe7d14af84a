"""The packets of the BACnet virtual link layer (ASHRAE 135, annex J.2)."""

import socket
from collections.abc import Iterable
from enum import IntEnum

from submeter.bacnet import peer
from submeter.bacnet.peer import Place
from submeter.errors import FrameError

_TYPE = 0x81
_HEAD = 4
_PLACE = 6
_ENTRY = 10
_WHOLE_ADDRESS = b"\xff\xff\xff\xff"
_LONGEST_TIME = 0xFFFF

SUCCESS = 0x0000


class Function(IntEnum):
    """What a packet is for: its second octet."""

    RESULT = 0x00
    WRITE_BDT = 0x01
    READ_BDT = 0x02
    READ_BDT_ACK = 0x03
    FORWARDED_NPDU = 0x04
    REGISTER_FOREIGN_DEVICE = 0x05
    READ_FDT = 0x06
    READ_FDT_ACK = 0x07
    DELETE_FDT_ENTRY = 0x08
    DISTRIBUTE_BROADCAST = 0x09
    ORIGINAL_UNICAST = 0x0A
    ORIGINAL_BROADCAST = 0x0B


REFUSALS: dict[int, int] = {
    Function.WRITE_BDT: 0x0010,
    Function.READ_BDT: 0x0020,
    Function.REGISTER_FOREIGN_DEVICE: 0x0030,
    Function.READ_FDT: 0x0040,
    Function.DELETE_FDT_ENTRY: 0x0050,
    Function.DISTRIBUTE_BROADCAST: 0x0060,
}
"""The result code that refuses each request (J.2.1.1)."""


def encode(function: int, body: bytes = b"") -> bytes:
    """Return the packet of a function: type, function, length of the whole, `body`."""
    return bytes((_TYPE, function)) + (_HEAD + len(body)).to_bytes(2, "big") + body


def decode(data: bytes) -> tuple[int, bytes]:
    """Return function and body of a packet, the function as it stands; raises FrameError."""
    if len(data) < _HEAD or data[0] != _TYPE:
        raise FrameError("no B/IP packet")
    if data[2] << 8 | data[3] != len(data):
        raise FrameError("the length of a B/IP packet does not agree")
    return data[1], data[_HEAD:]


def result(code: int) -> bytes:
    """Return the packet of a result code."""
    return encode(Function.RESULT, code.to_bytes(2, "big"))


def forwarded(origin: Place, npdu: bytes) -> bytes:
    """Return the packet of a broadcast of `origin` that somebody else passes on."""
    return encode(Function.FORWARDED_NPDU, peer.octets(origin) + npdu)


def forwarded_from(body: bytes) -> tuple[Place, bytes]:
    """Return origin and NPDU of a forwarded one; raises FrameError."""
    return place_from(body[:_PLACE]), body[_PLACE:]


def register(seconds: int) -> bytes:
    """Return the packet that registers a foreign device for as long."""
    return encode(Function.REGISTER_FOREIGN_DEVICE, seconds.to_bytes(2, "big"))


def number_from(body: bytes) -> int:
    """Return the result code or the time to live, in seconds, of a body; raises FrameError."""
    if len(body) != 2:
        raise FrameError("a B/IP packet has another size than its function")
    return int.from_bytes(body, "big")


def broadcast_table(places: Iterable[Place]) -> bytes:
    """Return the answer to Read-BDT; every entry is reached by unicast, in two hops (J.4.3.2)."""
    entries = (peer.octets(place) + _WHOLE_ADDRESS for place in places)
    return encode(Function.READ_BDT_ACK, b"".join(entries))


def broadcast_table_from(body: bytes) -> list[tuple[Place, bytes]]:
    """Return place and mask of each entry; raises FrameError."""
    return [(place_from(entry[:_PLACE]), entry[_PLACE:]) for entry in _entries(body)]


def foreign_table(entries: Iterable[tuple[Place, int, int]]) -> bytes:
    """Return the answer to Read-FDT: place, time to live and time that is left, in seconds."""
    octets = (
        peer.octets(place) + ttl.to_bytes(2, "big") + min(left, _LONGEST_TIME).to_bytes(2, "big")
        for place, ttl, left in entries
    )
    return encode(Function.READ_FDT_ACK, b"".join(octets))


def foreign_table_from(body: bytes) -> list[tuple[Place, int, int]]:
    """Return the entries that `foreign_table` puts in; raises FrameError."""
    return [
        (place_from(entry[:_PLACE]), number_from(entry[6:8]), number_from(entry[8:]))
        for entry in _entries(body)
    ]


def place_from(octets: bytes) -> Place:
    """Return the place that a B/IP address names; raises FrameError."""
    if len(octets) != _PLACE:
        raise FrameError("a B/IP address has another size than six octets")
    return socket.inet_ntoa(octets[:4]), int.from_bytes(octets[4:], "big")


def _entries(body: bytes) -> list[bytes]:
    if len(body) % _ENTRY:
        raise FrameError("a table of B/IP addresses ends within an entry")
    return [body[at : at + _ENTRY] for at in range(0, len(body), _ENTRY)]
