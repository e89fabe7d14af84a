"""A link that notes what is sent, and nodes that note what they get."""

from ipaddress import IPv4Interface

from submeter.bacnet.link.link import Link
from submeter.bacnet.network.network import Network
from submeter.bacnet.network.node import Node
from submeter.bacnet.network.npdu import Npdu, decode
from submeter.bacnet.peer import Peer, Place

OWN, PEER = ("192.0.2.5", 47808), ("192.0.2.9", 47808)
OWN_MAC = b"\xc0\x00\x02\x05\xba\xc0"
Got = list[tuple[bytes, Peer, bool]]


class Wire(Link):
    """Never opened: `sent` is what went out, with None for a broadcast."""

    def __init__(self) -> None:
        super().__init__(IPv4Interface("192.0.2.5/24"), 47808)
        self.sent: list[tuple[bytes, Place | None]] = []

    def send(self, npdu: bytes, place: Place) -> None:
        self.sent.append((npdu, place))

    def broadcast(self, npdu: bytes) -> None:
        self.sent.append((npdu, None))

    def taken(self) -> list[tuple[Npdu, Place | None]]:
        """Return what went out since the last time, decoded."""
        sent, self.sent = self.sent, []
        return [(decode(data), to) for data, to in sent]


class Site:
    """A station and, with `virtual`, a network behind it with the MACs 1, 2 and 0x0102."""

    def __init__(
        self, virtual: int | None = 2001, number: int | None = None, announce: bool = False
    ) -> None:
        self.wire = Wire()
        self.network = Network(self.wire, number)
        self.station = self.network.station()
        self.got: Got = note(self.station)
        self.nodes: dict[bytes, Node] = {}
        self.behind: dict[bytes, Got] = {}
        if virtual:
            far = self.network.virtual(virtual, announce)
            for mac in (b"\x01", b"\x02", b"\x01\x02"):
                self.nodes[mac] = far.node(mac)
                self.behind[mac] = note(self.nodes[mac])

    def take(
        self,
        data: bytes,
        broadcast: bool = False,
        place: Place = PEER,
        via: Place | None = None,
    ) -> None:
        self.wire.deliver(data, place, broadcast, via)

    @property
    def who(self) -> list[bytes]:
        """Whoever got something: the station as an empty MAC."""
        own = [b""] if self.got else []
        return own + [mac for mac, got in self.behind.items() if got]


def note(node: Node) -> Got:
    got: Got = []
    node.receiver = lambda *what: got.append(what)
    return got
