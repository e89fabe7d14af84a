"""The packets of the network layer (ASHRAE 135, 6.2)."""

from typing import NamedTuple

from submeter.bacnet.peer import GLOBAL
from submeter.errors import FrameError

VERSION = 1
MOST_HOPS = 255
LONGEST_MAC = 7  # octets: that of LonTalk (135, 6.2.2)

REPLY_EXPECTED = 0x04
_MESSAGE, _DESTINATION, _SOURCE = 0x80, 0x20, 0x08
_RESERVED = 0x50
_PRIORITY = 0x03
_PROPRIETARY = 0x80
_TRUNCATED = "an NPDU is cut off"

Address = tuple[int, bytes]
"""A network number and a MAC address on it, which is empty for all stations."""

PLAIN = tuple(bytes((VERSION, control)) for control in range(8))
"""What stands before an APDU from one station of a network to another, by control octet."""


class Npdu(NamedTuple):
    """A packet. `body` is an APDU, or the content of the network layer `message` of that type.

    `control` is the network priority, 0 to 3, and REPLY_EXPECTED. Without a `destination` it is for
    the network that it is seen on, without a `source` it comes from there.
    """

    body: bytes
    control: int = 0
    destination: Address | None = None
    source: Address | None = None
    hops: int = MOST_HOPS
    message: int | None = None


def encode(npdu: Npdu) -> bytes:
    """Return a packet's octets; `hops` stands only with a destination."""
    control = npdu.control
    rest = b""
    if npdu.destination:
        control |= _DESTINATION
        rest += _address(npdu.destination)
    if npdu.source:
        control |= _SOURCE
        rest += _address(npdu.source)
    if npdu.destination:
        rest += bytes((npdu.hops,))
    if npdu.message is not None:
        control |= _MESSAGE
        rest += bytes((npdu.message,))
    return bytes((VERSION, control)) + rest + npdu.body


def decode(data: bytes) -> Npdu:
    """Return what `data` says; raises FrameError."""
    if len(data) < 3 or data[0] != VERSION:
        raise FrameError("an NPDU is of another version, or empty")
    control = data[1]
    if control & _RESERVED:
        raise FrameError("an NPDU sets reserved bits")
    at = 2
    destination, source, hops, message = None, None, MOST_HOPS, None
    if control & _DESTINATION:
        destination, at = _destination(data, at)
    if control & _SOURCE:
        source, at = _source(data, at)
    if control & _DESTINATION:
        hops, at = _octet(data, at), at + 1
    if control & _MESSAGE:
        message, at = _octet(data, at), at + 1
    body = data[at:]
    # An APDU has an octet at least, and a message of a vendor the vendor's id.
    least = 1 if message is None else 2 if message >= _PROPRIETARY else 0
    if len(body) < least:
        raise FrameError(_TRUNCATED)
    return Npdu(body, control & (_PRIORITY | REPLY_EXPECTED), destination, source, hops, message)


def _address(address: Address) -> bytes:
    network, mac = address
    return network.to_bytes(2, "big") + bytes((len(mac),)) + mac


def _destination(data: bytes, at: int) -> tuple[Address, int]:
    (network, mac), end = _read(data, at)
    if network == 0:
        raise FrameError("an NPDU is for network 0")
    # Some senders repeat an address; everybody is meant all the same.
    return (network, b"" if network == GLOBAL else mac), end


def _source(data: bytes, at: int) -> tuple[Address, int]:
    (network, mac), end = _read(data, at)
    if network in (0, GLOBAL) or not mac:
        raise FrameError("an NPDU comes from no station")
    return (network, mac), end


def _read(data: bytes, at: int) -> tuple[Address, int]:
    length = _octet(data, at + 2)
    if length > LONGEST_MAC:
        raise FrameError("an NPDU names a station by more octets than any has")
    end = at + 3 + length
    if end > len(data):
        raise FrameError(_TRUNCATED)
    return (data[at] << 8 | data[at + 1], data[at + 3 : end]), end


def _octet(data: bytes, at: int) -> int:
    if at >= len(data):
        raise FrameError(_TRUNCATED)
    return data[at]
