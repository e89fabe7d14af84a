"""A device's place on a network of ours."""

from collections.abc import Callable
from typing import Protocol

from submeter.bacnet.network.npdu import PLAIN, REPLY_EXPECTED, Address
from submeter.bacnet.peer import GLOBAL, Peer, Place

Receiver = Callable[[bytes, Peer, bool], None]
"""Gets an APDU, who sent it, and whether it was a broadcast."""


class Roads(Protocol):
    """What takes the APDUs of a node further."""

    def direct(self, npdu: bytes, place: Place) -> None:
        """Send an NPDU to a station of the IP network."""

    def route(self, apdu: bytes, source: Address | None, to: Peer, control: int) -> None:
        """Send an APDU of the node `source`, None for the station, wherever `to` is."""

    def spread(self, apdu: bytes, source: Address | None, network: int, control: int) -> None:
        """Send it to every station of `network`: GLOBAL for all."""


class Node:
    """A Carrier; `receiver` gets what is sent to it.

    `address` is its network and MAC on a virtual network, None for the station of the IP network.
    """

    __slots__ = ("_roads", "address", "receiver")

    def __init__(self, roads: Roads, address: Address | None = None) -> None:
        self.address = address
        self.receiver: Receiver = lambda apdu, peer, broadcast: None
        self._roads = roads

    def send(
        self, apdu: bytes, to: Peer, *, reply_expected: bool = False, priority: int = 0
    ) -> None:
        """Send `apdu` to one station; `priority` is the network's: 0 normal to 3 life safety."""
        control = priority | REPLY_EXPECTED if reply_expected else priority
        if self.address is None and to.network == 0:
            self._roads.direct(PLAIN[control] + apdu, to.place)
        else:
            self._roads.route(apdu, self.address, to, control)

    def broadcast(self, apdu: bytes, network: int = GLOBAL, *, priority: int = 0) -> None:
        """Send `apdu` to every station of `network`: GLOBAL for all, 0 for our own."""
        own = self.address[0] if self.address else 0
        self._roads.spread(apdu, self.address, network or own, priority)


class VirtualNetwork:
    """The devices behind our router, by their MAC addresses.

    With `announce` they also get each Who-Is and Who-Has that is for the IP network only.
    """

    def __init__(self, roads: Roads, number: int, announce: bool) -> None:
        self.number = number
        self.announce = announce
        self.nodes: dict[bytes, Node] = {}
        self._roads = roads

    def node(self, mac: bytes) -> Node:
        """Return the place of the device with the address `mac`, which is not empty."""
        return self.nodes.setdefault(mac, Node(self._roads, (self.number, mac)))
