"""The network layer of a station that may be the router to a virtual network (ASHRAE 135, 6)."""

import asyncio
from collections.abc import Callable

from submeter.bacnet.link.link import Link
from submeter.bacnet.network.messages import UNKNOWN_NETWORK, Message, Messages, NumberQuality
from submeter.bacnet.network.node import Node, VirtualNetwork
from submeter.bacnet.network.npdu import Address, Npdu, decode, encode
from submeter.bacnet.peer import GLOBAL, Peer, Place, octets
from submeter.errors import ConfigError

_HIGHEST_PLAIN = 7
_I_AM = b"\x10\x00"
_LOOKED_FOR = (b"\x10\x08", b"\x10\x07")  # Who-Is, Who-Has


class Network:
    """Hands the packets of `link` to the nodes that they are for, and theirs to `link`.

    `number` is that of the IP network, if it is configured; else it is learnt. The nodes are made
    before the link is opened. `ready` is called when others can hear us: once the link is open or
    the BBMD knows us, and again after that was not so.
    """

    def __init__(self, link: Link, number: int | None = None) -> None:
        self._link = link
        self._messages = Messages(number, link.broadcast, self._answer)
        self.ready: Callable[[], None] = lambda: None
        self._station: Node | None = None
        self._virtual: VirtualNetwork | None = None
        link.deliver = self._receive
        link.ready = self._begin

    @property
    def number(self) -> int | None:
        """The number of the IP network; None if nobody has said it."""
        return self._messages.number

    @property
    def number_quality(self) -> NumberQuality:
        """How that number is known."""
        return self._messages.quality

    def station(self) -> Node:
        """Return the place of the device on the IP network itself; there is one at most."""
        if self._station is None:
            self._station = Node(self)
        return self._station

    def virtual(self, number: int, announce: bool) -> VirtualNetwork:
        """Return the network behind us, of which there is one at most.

        Raises ConfigError when the IP network has the same number.
        """
        if number == self._messages.number:
            raise ConfigError(
                f"bacnet: 'network_number' and 'ip_network_number' are both {number}; "
                "take a number for the virtual network that no other has"
            )
        self._messages.virtual = number
        self._virtual = VirtualNetwork(self, number, announce)
        return self._virtual

    def close(self) -> None:
        """Send nothing more of our own accord."""
        self._messages.close()

    def direct(self, npdu: bytes, place: Place) -> None:
        """Send an NPDU to a station of the IP network."""
        self._link.send(npdu, place)

    def route(self, apdu: bytes, source: Address | None, to: Peer, control: int) -> None:
        """Send an APDU of the node `source` to a station anywhere, ourselves included."""
        if self._virtual and to.network == self._virtual.number:
            self._inside(self._virtual.nodes.get(to.mac), apdu, source, False)
        elif to.network == 0 and to.place == self._link.place:
            self._inside(self._station, apdu, source, False)
        else:
            far = (to.network, to.mac) if to.network else None
            self._link.send(encode(Npdu(apdu, control, far, source)), to.place)

    def spread(self, apdu: bytes, source: Address | None, network: int, control: int) -> None:
        """Send an APDU of the node `source` to every station of `network`: GLOBAL for all.

        0 is the IP network, as is its number. What we say of ourselves we need not hear: of many
        devices, each would hear each.
        """
        near = network in (0, self.number)
        virtual = self._virtual is not None and network == self._virtual.number
        if apdu[:2] != _I_AM:
            if self._virtual and (virtual or network == GLOBAL):
                for node in self._virtual.nodes.values():
                    self._inside(node, apdu, source, True)
            if near or network == GLOBAL:
                self._inside(self._station, apdu, source, True)
        if virtual:
            return
        far = None if near else (network, b"")
        self._link.broadcast(encode(Npdu(apdu, control, far, source)))

    def _inside(
        self, node: Node | None, apdu: bytes, source: Address | None, broadcast: bool
    ) -> None:
        """Hand an APDU to another node of ours, after all that is under way."""
        if node and node.address != source:
            peer = Peer(self._link.place, *(source or (0, b"")))
            asyncio.get_running_loop().call_soon(node.receiver, apdu, peer, broadcast)

    def _begin(self) -> None:
        self._messages.begin()
        self.ready()

    def _receive(self, data: bytes, place: Place, broadcast: bool, via: Place | None) -> None:
        """Take an NPDU of `place` that `via` passed on; raises FrameError."""
        if len(data) > 2 and data[0] == 1 and data[1] <= _HIGHEST_PLAIN:
            self._local(data[2:], Peer(place, via=via), broadcast)
            return
        npdu = decode(data)
        network, mac = npdu.source or (0, b"")
        peer = Peer(place, network, mac, via)
        if self._virtual and peer.network == self._virtual.number:
            # Ours has no other router: answers would come back to us.
            self._messages.clash(peer)
        elif npdu.message is not None:
            self._message(npdu, peer, broadcast)
        elif npdu.destination is None:
            self._local(npdu.body, peer, broadcast)
        else:
            self._routed(npdu, npdu.destination, peer, broadcast)

    def _local(self, apdu: bytes, peer: Peer, broadcast: bool) -> None:
        """Take an APDU for the IP network."""
        if self._station:
            self._station.receiver(apdu, peer, broadcast)
        if self._virtual and self._virtual.announce and apdu[:2] in _LOOKED_FOR:
            for node in self._virtual.nodes.values():
                node.receiver(apdu, peer, broadcast)

    def _routed(self, npdu: Npdu, destination: Address, peer: Peer, broadcast: bool) -> None:
        """Take an APDU for a network that it names."""
        network, mac = destination
        # Who does not know the router has everybody hear what is for one (6.5.3). What another
        # station passes on may be by anybody, whoever it names: it is a broadcast and no more.
        everybody = not mac or peer.via is not None
        if self._station and self._is_station(destination):
            self._station.receiver(npdu.body, peer, everybody)
        if self._virtual and network in (GLOBAL, self._virtual.number):
            # One hop is left to get here; the virtual network is one more (6.2.3).
            if npdu.hops > 1:
                for node in self._behind(self._virtual, mac):
                    node.receiver(npdu.body, peer, everybody)
        else:
            self._astray(network, peer, broadcast)

    def _astray(self, network: int, peer: Peer, broadcast: bool) -> None:
        """Refuse a packet that was sent to us for a network that we do not lead to."""
        ours = self._virtual and network in (GLOBAL, self.number, self._virtual.number)
        if not broadcast and not ours:
            self._messages.reject(UNKNOWN_NETWORK, network, peer)

    def _is_station(self, destination: Address) -> bool:
        network, mac = destination
        return network == GLOBAL or (network == self.number and mac in (b"", self._mac))

    @property
    def _mac(self) -> bytes:
        return octets(self._link.place)

    def _behind(self, virtual: VirtualNetwork, mac: bytes) -> list[Node]:
        if not mac:
            return list(virtual.nodes.values())
        node = virtual.nodes.get(mac)
        return [node] if node else []

    def _message(self, npdu: Npdu, peer: Peer, broadcast: bool) -> None:
        """Take a network layer message, if it is for the router itself."""
        if npdu.destination is None or self._is_station(npdu.destination):
            self._messages.take(npdu, peer, broadcast or npdu.destination == (GLOBAL, b""))
        elif npdu.message != Message.REJECT:
            self._astray(npdu.destination[0], peer, broadcast)

    def _answer(self, npdu: Npdu, peer: Peer) -> None:
        """Send a network layer message to `peer`, wherever it is."""
        far = (peer.network, peer.mac) if peer.network else None
        self._link.send(encode(npdu._replace(destination=far)), peer.place)
