import asyncio
import random

import pytest

from bacnet.link.station import Station, interface
from bacnet.network.wire import OWN, OWN_MAC, PEER, Site, note
from submeter.bacnet.link import bvll
from submeter.bacnet.link.link import Link
from submeter.bacnet.network.messages import Message
from submeter.bacnet.network.network import Network
from submeter.bacnet.network.npdu import REPLY_EXPECTED, Npdu, encode
from submeter.bacnet.peer import GLOBAL, Peer
from submeter.errors import ConfigError, FrameError

READ, WHO_IS, I_AM = b"\x00\x05\x01\x0c", b"\x10\x08", b"\x10\x00\xc4"
STATION, ONE, TWO, LONG = b"", b"\x01", b"\x02", b"\x01\x02"
ALL = [STATION, ONE, TWO, LONG]
BEHIND = [ONE, TWO, LONG]


@pytest.mark.parametrize("control", range(8))
@pytest.mark.parametrize("broadcast", [False, True])
def test_plain_apdus_are_for_the_station(control: int, broadcast: bool) -> None:
    site = Site()
    site.take(bytes((1, control)) + READ, broadcast)
    assert site.got == [(READ, Peer(PEER), broadcast)]
    assert site.who == [STATION]


@pytest.mark.parametrize("data", [b"", b"\x01", b"\x01\x00", b"\x02\x00\x10", b"\x01\x40\x10"])
def test_broken_packets(data: bytes) -> None:
    site = Site()
    with pytest.raises(FrameError):
        site.take(data)
    assert site.who == []


def test_source_behind_a_router() -> None:
    site = Site()
    site.take(encode(Npdu(READ, REPLY_EXPECTED, None, (5, b"\x0a\x0b"))))
    assert site.got == [(READ, Peer(PEER, 5, b"\x0a\x0b"), False)]


@pytest.mark.parametrize(
    ("number", "destination", "hops", "who", "everybody"),
    [
        (None, (GLOBAL, b""), 255, ALL, True),
        (None, (GLOBAL, b""), 2, ALL, True),
        (None, (GLOBAL, b""), 1, [STATION], True),
        (None, (GLOBAL, b""), 0, [STATION], True),
        (None, (2001, b""), 255, BEHIND, True),
        (None, (2001, TWO), 255, [TWO], False),
        (None, (2001, LONG), 255, [LONG], False),
        (None, (2001, TWO), 1, [], False),
        (None, (2001, b"\x09"), 255, [], False),
        (None, (7, b""), 255, [], True),
        (7, (7, b""), 255, [STATION], True),
        (7, (7, OWN_MAC), 1, [STATION], False),
        (7, (7, b"\x01"), 255, [], False),
        (7, (GLOBAL, b""), 255, ALL, True),
    ],
)
@pytest.mark.parametrize("broadcast", [False, True])
def test_whom_a_packet_reaches(
    number: int | None,
    destination: tuple[int, bytes],
    hops: int,
    who: list[bytes],
    everybody: bool,
    broadcast: bool,
) -> None:
    site = Site(number=number)
    site.take(encode(Npdu(READ, 4, destination, (5, b"\x0a"), hops)), broadcast)
    assert site.who == who
    for got in [site.got, *site.behind.values()]:
        assert got in ([], [(READ, Peer(PEER, 5, b"\x0a"), everybody)])


@pytest.mark.parametrize("broadcast", [False, True])
def test_network_that_nobody_knows(broadcast: bool) -> None:
    site = Site(number=7)
    site.take(encode(Npdu(READ, 4, (9, b"\x01"), (5, b"\x0a"))), broadcast)
    reject = Npdu(b"\x01\x00\x09", destination=(5, b"\x0a"), message=Message.REJECT)
    assert site.wire.taken() == ([] if broadcast else [(reject, PEER)])
    alone = Site(virtual=None)
    alone.take(encode(Npdu(READ, 4, (9, b"\x01"))), broadcast)
    assert alone.wire.taken() == []
    assert alone.who == site.who == []


@pytest.mark.parametrize("broadcast", [False, True])
@pytest.mark.parametrize(
    ("announce", "apdu", "who"),
    [
        (True, WHO_IS, ALL),
        (True, WHO_IS + b"\x09\x01\x19\x02", ALL),
        (False, WHO_IS, [STATION]),
        (True, READ, [STATION]),
        (True, b"\x10\x07\x3d\x02\x00X", ALL),
        (False, b"\x10\x07\x3d\x02\x00X", [STATION]),
        (True, b"\x10\x08", ALL),
        (True, b"\x10\x06", [STATION]),
    ],
)
def test_who_is_for_the_ip_network_only(
    announce: bool, apdu: bytes, who: list[bytes], broadcast: bool
) -> None:
    site = Site(announce=announce)
    site.take(b"\x01\x00" + apdu, broadcast)
    assert site.who == who
    for mac in who:
        assert (site.behind[mac] if mac else site.got) == [(apdu, Peer(PEER), broadcast)]


def test_station_sends() -> None:
    site = Site()
    site.station.send(READ, Peer(PEER))
    site.station.send(READ, Peer(PEER), reply_expected=True, priority=2)
    site.station.send(READ, Peer(PEER, 5, b"\x0a"), reply_expected=True)
    assert site.wire.sent[:2] == [(b"\x01\x00" + READ, PEER), (b"\x01\x06" + READ, PEER)]
    assert site.wire.taken()[2] == (Npdu(READ, 4, (5, b"\x0a"), None, 255), PEER)


def test_node_sends() -> None:
    site = Site()
    site.nodes[TWO].send(READ, Peer(PEER), reply_expected=True)
    site.nodes[TWO].send(READ, Peer(PEER, 5, b"\x0a"), priority=3)
    assert site.wire.taken() == [
        (Npdu(READ, 4, None, (2001, TWO)), PEER),
        (Npdu(READ, 3, (5, b"\x0a"), (2001, TWO), 255), PEER),
    ]


@pytest.mark.parametrize(
    ("network", "out", "who"),
    [
        (GLOBAL, (GLOBAL, b""), BEHIND),
        (0, None, []),
        (7, None, []),
        (9, (9, b""), []),
        (2001, "nothing", BEHIND),
    ],
)
async def test_station_broadcasts(network: int, out: object, who: list[bytes]) -> None:
    site = Site(number=7)
    site.station.broadcast(WHO_IS, network, priority=1)
    assert site.who == []  # not before what is under way is done
    await asyncio.sleep(0)
    assert site.who == who
    for mac in who:
        assert site.behind[mac] == [(WHO_IS, Peer(OWN), True)]
    sent = site.wire.taken()
    if out == "nothing":
        assert sent == []
    else:
        assert sent == [(Npdu(WHO_IS, 1, out), None)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("network", "out", "who"),
    [
        (GLOBAL, (GLOBAL, b""), [STATION, ONE, LONG]),
        (0, "nothing", [ONE, LONG]),
        (2001, "nothing", [ONE, LONG]),
        (7, None, [STATION]),
        (9, (9, b""), []),
    ],
)
async def test_node_broadcasts(network: int, out: object, who: list[bytes]) -> None:
    site = Site(number=7)
    site.nodes[TWO].broadcast(WHO_IS, network)
    await asyncio.sleep(0)
    assert site.who == who
    for mac in who:
        assert (site.behind[mac] if mac else site.got) == [(WHO_IS, Peer(OWN, 2001, TWO), True)]
    sent = site.wire.taken()
    if out == "nothing":
        assert sent == []
    else:
        assert sent == [(Npdu(WHO_IS, 0, out, (2001, TWO)), None)]  # type: ignore[arg-type]


async def test_our_own_i_am_is_for_others() -> None:
    site = Site(announce=True)
    site.nodes[TWO].broadcast(I_AM)
    site.station.broadcast(I_AM)
    await asyncio.sleep(0)
    assert site.who == []
    assert site.wire.taken() == [
        (Npdu(I_AM, 0, (GLOBAL, b""), (2001, TWO)), None),
        (Npdu(I_AM, 0, (GLOBAL, b"")), None),
    ]


@pytest.mark.parametrize("head", [b"\x01\x00", b"\x01\x08\x00\x05\x01\x0a"])
def test_who_passed_a_packet_on(head: bytes) -> None:
    site = Site(announce=True)
    via = ("192.0.2.77", 47808)
    site.take(head + WHO_IS, broadcast=True, via=via)
    site.take(encode(Npdu(WHO_IS, 0, (GLOBAL, b""))), broadcast=True, via=via)
    for got in (site.got, site.behind[ONE]):
        assert [peer.via for _, peer, _ in got] == [via, via]


async def test_nodes_and_station_talk_without_a_wire() -> None:
    site = Site()
    turns: list[str] = []

    def station(apdu: bytes, peer: Peer, broadcast: bool) -> None:
        turns.append(f"station has {apdu!r}")
        site.station.send(b"answer", peer)
        turns.append("station done")

    def node(apdu: bytes, peer: Peer, broadcast: bool) -> None:
        turns.append(f"node has {apdu!r} of {peer.network}")

    site.station.receiver, site.nodes[ONE].receiver = station, node
    site.nodes[ONE].send(b"ask", Peer(OWN))
    site.nodes[TWO].send(b"hello", Peer(OWN, 2001, ONE))
    site.station.send(b"lost", Peer(OWN, 2001, b"\x09"))
    assert turns == []
    await asyncio.sleep(0.01)
    assert turns == [
        "station has b'ask'",
        "station done",
        "node has b'hello' of 2001",
        "node has b'answer' of 0",
    ]
    assert site.wire.sent == []


def test_answer_finds_the_way_back() -> None:
    site = Site()
    site.nodes[TWO].receiver = lambda apdu, peer, broadcast: site.nodes[TWO].send(b"\x30", peer)
    site.take(encode(Npdu(READ, 4, (2001, TWO), (5, b"\x0a"))))
    site.take(encode(Npdu(READ, 4, (2001, TWO))))
    assert site.wire.taken() == [
        (Npdu(b"\x30", 0, (5, b"\x0a"), (2001, TWO)), PEER),
        (Npdu(b"\x30", 0, None, (2001, TWO)), PEER),
    ]


def test_same_number_on_both_sides() -> None:
    with pytest.raises(ConfigError, match="are both 7"):
        Site(virtual=7, number=7)


def test_places_stay_the_same() -> None:
    site = Site()
    assert site.network.station() is site.station
    far = site.network.virtual(2002, announce=False)
    assert far.node(ONE) is far.node(ONE)


def test_nobody_listens() -> None:
    network = Network(Site().wire)
    network._receive(b"\x01\x00\x10\x08", PEER, True, None)
    network.station().send(b"x", Peer(PEER))
    network._receive(b"\x01\x00\x10\x08", PEER, True, None)


async def test_random_packets_raise_frame_error_only() -> None:
    site = Site(number=7, announce=True)
    chance = random.Random(3)
    good = [
        Npdu(WHO_IS, 0, (GLOBAL, b"")),
        Npdu(READ, 4, (2001, ONE), (5, b"\x0a")),
        Npdu(READ, 4, (7, OWN_MAC), (5, b"\x0a")),
        Npdu(b"\x07\xd1", message=Message.WHO_IS_ROUTER),
        Npdu(b"\x00", source=(5, b"\x01"), message=Message.INITIALIZE_ROUTING_TABLE),
        Npdu(b"\x00\x09\x01", message=Message.NETWORK_NUMBER_IS),
    ]
    wrong = 0
    for _ in range(5000):
        packet = bytearray(encode(chance.choice(good)))
        for _ in range(chance.randint(0, 3)):
            packet[chance.randrange(len(packet))] = chance.randrange(256)
        if chance.random() < 0.2:
            packet = packet[: chance.randrange(len(packet))]
        try:
            site.take(bytes(packet), chance.random() < 0.5)
        except FrameError:
            wrong += 1
    assert wrong > 500
    assert len(site.wire.taken()) < 5000
    assert site.network.number == 7


async def test_over_real_sockets() -> None:
    link = Link(interface(), 0)
    network = Network(link, 7)
    station = network.station()
    node = network.virtual(2001, announce=True).node(b"\x05")
    got = note(node)
    station.receiver = lambda apdu, peer, broadcast: station.send(b"\x30\x01\x0c", peer)
    await link.open()
    with Station(link.port) as client:
        client.send(bvll.encode(0x0A, b"\x01\x04" + READ), link.place)
        assert await client.receive() == bytes.fromhex("810a00090100") + b"\x30\x01\x0c"
        ask = encode(Npdu(READ, 4, (2001, b"\x05")))
        client.send(bvll.encode(0x0A, ask), link.place)
        client.send(bvll.encode(0x0A, b"\x02\x00\x10"), link.place)
        assert await client.silent(0.05)
        assert got == [(READ, Peer(client.place), False)]
        assert link.malformed == 1
        node.send(b"\x30", got[0][1])
        answer = encode(Npdu(b"\x30", 0, None, (2001, b"\x05")))
        assert await client.receive() == bvll.encode(0x0A, answer)
        node.broadcast(I_AM)
        packet, _ = await client.hear()
        assert packet == bvll.encode(0x0B, encode(Npdu(I_AM, 0, (GLOBAL, b""), (2001, b"\x05"))))
    await link.close()


def test_what_somebody_passes_on_is_a_broadcast_whoever_it_names() -> None:
    site = Site(number=7)
    via = ("192.0.2.77", 47808)
    for destination in ((2001, TWO), (7, OWN_MAC)):
        site.take(encode(Npdu(READ, 0, destination)), broadcast=True, via=via)
    for got in (site.got, site.behind[TWO]):
        assert [broadcast for _, _, broadcast in got] == [True]
