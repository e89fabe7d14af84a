from ipaddress import IPv4Interface

import pytest

from submeter.bacnet import peer
from submeter.bacnet.link import bvll
from submeter.bacnet.link.bbmd import Bbmd
from submeter.bacnet.link.bvll import Function
from submeter.bacnet.link.sockets import Sockets
from submeter.bacnet.peer import Place
from submeter.bacnet.settings import BbmdSettings
from submeter.errors import FrameError

OWN, NEAR = ("192.0.2.5", 47808), ("192.0.2.9", 47808)
PEER, OTHER = ("198.51.100.1", 47808), ("203.0.113.1", 47808)
DEVICE, SECOND, STRANGER = ("10.0.0.1", 47808), ("10.0.0.2", 47808), ("10.0.0.3", 47808)
NPDU = b"\x01\x20\xff\xff\x00\xff\x10\x08"
LOCAL = "broadcast"


class Wire(Sockets):
    """Notes what is sent instead."""

    def __init__(self) -> None:
        super().__init__(IPv4Interface("192.0.2.5/24"), 47808, lambda data, place, shouted: None)
        self.sent: list[tuple[bytes, Place | str]] = []

    def send(self, data: bytes, place: Place) -> None:
        self.sent.append((data, place))

    def broadcast(self, data: bytes) -> None:
        self.sent.append((data, LOCAL))

    def taken(self) -> list[tuple[bytes, Place | str]]:
        sent, self.sent = self.sent, []
        return sent


class Site:
    """A BBMD with two peers and room for two foreign devices, at a time that the test sets."""

    def __init__(self, most: int = 2) -> None:
        self.now = 1000.0
        self.wire = Wire()
        peers = ["198.51.100.1", "203.0.113.1:47808", "192.0.2.5", "198.51.100.1:47808"]
        settings = BbmdSettings(peers=peers, foreign_devices=most)
        self.bbmd = Bbmd(settings, self.wire, lambda: self.now)

    def register(self, *devices: Place, ttl: int = 60) -> None:
        for device in devices:
            assert self.ask(bvll.register(ttl), device) == bvll.result(0)

    def ask(self, packet: bytes, source: Place) -> bytes:
        """Return the one answer to a request about the tables."""
        self.bbmd.serve(*bvll.decode(packet), source)
        [(answer, to)] = self.wire.taken()
        assert to == source
        return answer


@pytest.fixture
def site() -> Site:
    return Site()


def test_own_broadcast_goes_to_peers_and_foreign_devices(site: Site) -> None:
    site.register(DEVICE, SECOND)
    site.bbmd.pass_own(NPDU)
    packet = bvll.forwarded(OWN, NPDU)
    assert site.wire.taken() == [(packet, to) for to in (PEER, OTHER, DEVICE, SECOND)]


def test_broadcast_of_the_subnet_goes_to_peers_and_foreign_devices(site: Site) -> None:
    site.register(DEVICE)
    site.bbmd.pass_original(NPDU, NEAR)
    packet = bvll.forwarded(NEAR, NPDU)
    assert site.wire.taken() == [(packet, to) for to in (PEER, OTHER, DEVICE)]


def test_broadcast_of_a_foreign_device_in_the_subnet_does_not_return(site: Site) -> None:
    site.register(NEAR)
    site.bbmd.pass_original(NPDU, NEAR)
    assert [to for _, to in site.wire.taken()] == [PEER, OTHER]


@pytest.mark.parametrize("source", [STRANGER, PEER])
def test_broadcast_of_elsewhere_is_not_passed_on_as_of_the_subnet(
    site: Site, source: Place
) -> None:
    site.register(DEVICE)
    site.bbmd.pass_original(NPDU, source)
    assert site.wire.taken() == []


def test_peer_in_the_subnet_passes_its_broadcasts_on_itself() -> None:
    wire = Wire()
    Bbmd(BbmdSettings(peers=["192.0.2.9", "203.0.113.1"]), wire).pass_original(NPDU, NEAR)
    assert wire.taken() == []


def test_what_a_peer_forwards_goes_to_the_subnet_and_to_foreign_devices(site: Site) -> None:
    site.register(DEVICE, SECOND)
    packet = bvll.forwarded(STRANGER, NPDU)
    site.bbmd.pass_forwarded(bvll.decode(packet)[1], PEER, shouted=False)
    assert site.wire.taken() == [(packet, LOCAL), (packet, DEVICE), (packet, SECOND)]


def test_what_a_peer_forwards_to_the_whole_subnet_is_not_repeated_there(site: Site) -> None:
    site.register(DEVICE)
    packet = bvll.forwarded(STRANGER, NPDU)
    site.bbmd.pass_forwarded(bvll.decode(packet)[1], PEER, shouted=True)
    assert site.wire.taken() == [(packet, DEVICE)]


def test_forwarded_broadcast_does_not_return_to_its_origin(site: Site) -> None:
    site.register(DEVICE, SECOND)
    packet = bvll.forwarded(DEVICE, NPDU)
    site.bbmd.pass_forwarded(bvll.decode(packet)[1], PEER, shouted=False)
    assert site.wire.taken() == [(packet, LOCAL), (packet, SECOND)]


def test_foreign_device_has_its_broadcast_distributed(site: Site) -> None:
    site.register(DEVICE, SECOND)
    assert site.bbmd.pass_distributed(NPDU, DEVICE)
    packet = bvll.forwarded(DEVICE, NPDU)
    assert site.wire.taken() == [(packet, to) for to in (LOCAL, PEER, OTHER, SECOND)]


@pytest.mark.parametrize("source", [STRANGER, PEER, NEAR])
def test_nobody_else_has(site: Site, source: Place) -> None:
    site.register(DEVICE)
    assert not site.bbmd.pass_distributed(NPDU, source)
    assert site.wire.taken() == [(bvll.result(0x60), source)]


def test_registration_ends(site: Site) -> None:
    site.register(DEVICE, ttl=60)
    site.now += 89
    assert site.bbmd.fdt() == [(DEVICE, 60, 1)]
    assert site.bbmd.pass_distributed(NPDU, DEVICE)
    site.wire.taken()
    site.now += 1
    assert site.bbmd.fdt() == []
    assert not site.bbmd.pass_distributed(NPDU, DEVICE)


def test_full_table_refuses(site: Site) -> None:
    site.register(DEVICE, SECOND)
    assert site.ask(bvll.register(60), STRANGER) == bvll.result(0x30)
    assert [place for place, _, _ in site.bbmd.fdt()] == [DEVICE, SECOND]


def test_peer_is_no_foreign_device(site: Site) -> None:
    assert site.ask(bvll.register(60), PEER) == bvll.result(0x30)


def test_tables_are_read(site: Site) -> None:
    site.register(DEVICE, ttl=300)
    site.now += 100
    body = bvll.decode(site.ask(bvll.encode(Function.READ_BDT), STRANGER))[1]
    assert [place for place, _ in bvll.broadcast_table_from(body)] == [OWN, PEER, OTHER]
    assert site.bbmd.bdt() == [OWN, PEER, OTHER]
    body = bvll.decode(site.ask(bvll.encode(Function.READ_FDT), STRANGER))[1]
    assert bvll.foreign_table_from(body) == [(DEVICE, 300, 230)]


def test_nobody_writes_the_broadcast_table(site: Site) -> None:
    entry = peer.octets(STRANGER) + b"\xff" * 4
    answer = site.ask(bvll.encode(Function.WRITE_BDT, entry), PEER)
    assert answer == bvll.result(0x10)
    assert site.bbmd.bdt() == [OWN, PEER, OTHER]


def test_foreign_device_is_deleted_once(site: Site) -> None:
    site.register(DEVICE)
    request = bvll.encode(Function.DELETE_FDT_ENTRY, peer.octets(DEVICE))
    assert site.ask(request, STRANGER) == bvll.result(0)
    assert site.ask(request, STRANGER) == bvll.result(0x50)
    assert site.bbmd.fdt() == []


@pytest.mark.parametrize(
    ("function", "body"),
    [
        (Function.REGISTER_FOREIGN_DEVICE, b""),
        (Function.REGISTER_FOREIGN_DEVICE, b"\x00\x3c\x00"),
        (Function.DELETE_FDT_ENTRY, b"\x00"),
    ],
)
def test_broken_requests_change_nothing(site: Site, function: int, body: bytes) -> None:
    with pytest.raises(FrameError):
        site.bbmd.serve(function, body, STRANGER)
    assert site.wire.taken() == []
    assert site.bbmd.fdt() == []


def test_answers_of_others_are_not_answered(site: Site) -> None:
    for function in (Function.READ_BDT_ACK, Function.READ_FDT_ACK, 0x0C, 0xFF):
        site.bbmd.serve(function, b"", PEER)
    assert site.wire.taken() == []
