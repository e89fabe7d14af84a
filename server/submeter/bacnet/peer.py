"""Who sent a message or gets one: a station on the IP network, or one behind a router on it."""

import socket
from typing import NamedTuple

Place = tuple[str, int]
"""The IPv4 address of a B/IP station as text, and its UDP port."""

GLOBAL = 0xFFFF
"""The network number that stands for all networks (ASHRAE 135, 6.3.2)."""


class Peer(NamedTuple):
    """A station. On another network than ours, `place` is the router that leads to it.

    `network` is 0 and `mac` empty for a station of the IP network itself. `via` is the station
    that passed its message on to us in B/IP (a BBMD, or a foreign device to us as its BBMD), and
    says that it comes from `place`; None for what `place` itself sent.
    """

    place: Place
    network: int = 0
    mac: bytes = b""
    via: Place | None = None

    def __str__(self) -> str:
        far = f" net {self.network} mac {self.mac.hex()}" if self.network else ""
        return f"{self.place[0]}:{self.place[1]}{far}"


def octets(place: Place) -> bytes:
    """Return `place` as its MAC address of 6 octets: IP address and port (135, J.1.2)."""
    return socket.inet_aton(place[0]) + place[1].to_bytes(2, "big")
