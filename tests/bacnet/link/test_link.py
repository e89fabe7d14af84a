import asyncio
import logging
import random
from collections.abc import AsyncIterator

import pytest

from bacnet.link.station import BROADCAST, Station, interface, until
from submeter.bacnet.link import bvll
from submeter.bacnet.link.bvll import Function
from submeter.bacnet.link.link import Link
from submeter.bacnet.peer import Place
from submeter.bacnet.settings import BbmdSettings
from submeter.errors import FrameError

NPDU = b"\x01\x00\x10\x08"
FAR = ("192.0.2.77", 47808)
UNICAST, SHOUT = Function.ORIGINAL_UNICAST, Function.ORIGINAL_BROADCAST
Heard = list[tuple[bytes, Place, bool]]


def listen(link: Link) -> Heard:
    heard: Heard = []
    link.deliver = lambda npdu, place, broadcast, via: heard.append((npdu, place, broadcast))
    return heard


@pytest.fixture
async def link() -> AsyncIterator[Link]:
    opened = Link(interface(), 0)
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
async def peer() -> AsyncIterator[Station]:
    with Station() as station:
        yield station


@pytest.fixture
async def bbmd(peer: Station) -> AsyncIterator[Link]:
    opened = Link(interface(), 0, bbmd=BbmdSettings(peers=[peer.text], foreign_devices=2))
    await opened.open()
    yield opened
    await opened.close()


async def test_where(link: Link) -> None:
    assert link.port != 0
    assert link.where == f"{link.interface.ip}:{link.port}"
    assert (link.mode, link.registered, link.bdt(), link.fdt()) == ("normal", False, [], [])


async def test_ready_once_open() -> None:
    link = Link(interface(), 0)
    ready: list[str] = []
    link.ready = lambda: ready.append(link.where)
    await link.open()
    assert ready == [link.where]
    await link.close()


async def test_originals(link: Link) -> None:
    heard = listen(link)
    everyone = (BROADCAST, link.port)
    with Station() as station:
        for function, to in [(UNICAST, link.place), (SHOUT, link.place)]:
            station.send(bvll.encode(function, NPDU), to)
        await until(lambda: len(heard) == 2)
        for function in (SHOUT, UNICAST):
            station.send(bvll.encode(function, NPDU), everyone)
        await until(lambda: len(heard) == 4)
        assert heard == [(NPDU, station.place, flag) for flag in (False, True, True, True)]


async def test_what_is_sent(link: Link) -> None:
    with Station(link.port) as station:
        link.send(NPDU, station.place)
        assert await station.receive() == bvll.encode(UNICAST, NPDU)
        link.broadcast(NPDU)
        assert await station.hear() == (bvll.encode(SHOUT, NPDU), link.place)


async def test_station_takes_forwarded_broadcasts_from_its_subnet_only(link: Link) -> None:
    heard = listen(link)
    with Station() as station:
        station.send(bvll.forwarded(FAR, b"\x01\x00no"), link.place)
        assert await station.silent()
        station.send(bvll.forwarded(FAR, NPDU), (BROADCAST, link.port))
        station.send(bvll.forwarded(link.place, NPDU), (BROADCAST, link.port))
        await until(lambda: heard)
        await asyncio.sleep(0.05)
    assert heard == [(NPDU, FAR, True)]


REQUESTS = [
    (Function.WRITE_BDT, b"", 0x10),
    (Function.READ_BDT, b"", 0x20),
    (Function.REGISTER_FOREIGN_DEVICE, b"\x00\x3c", 0x30),
    (Function.READ_FDT, b"", 0x40),
    (Function.DELETE_FDT_ENTRY, bytes(6), 0x50),
    (Function.DISTRIBUTE_BROADCAST, NPDU, 0x60),
]


@pytest.mark.parametrize(("function", "body", "code"), REQUESTS)
async def test_station_is_no_bbmd(link: Link, function: int, body: bytes, code: int) -> None:
    heard = listen(link)
    with Station(link.port) as station:
        station.send(bvll.encode(function, body), link.place)
        assert await station.receive() == bvll.result(code)
        station.send(bvll.encode(function, body), (BROADCAST, link.port))
        await station.hear()
        assert await station.silent()
    assert heard == []


async def test_bbmd_passes_on_broadcasts_of_the_subnet(bbmd: Link, peer: Station) -> None:
    heard = listen(bbmd)
    with Station() as station, Station() as device:
        device.send(bvll.register(60), bbmd.place)
        assert await device.receive() == bvll.result(0)
        station.send(bvll.encode(SHOUT, NPDU), (BROADCAST, bbmd.port))
        packet = bvll.forwarded(station.place, NPDU)
        assert await peer.receive() == packet
        assert await device.receive() == packet
        assert heard == [(NPDU, station.place, True)]
        station.send(bvll.encode(SHOUT, NPDU), bbmd.place)
        await until(lambda: len(heard) == 2)
        assert await peer.silent()


async def test_bbmd_passes_on_its_own_broadcasts(bbmd: Link, peer: Station) -> None:
    assert bbmd.mode == "bbmd"
    assert bbmd.bdt() == [bbmd.place, peer.place]
    with Station(bbmd.port) as station:
        bbmd.broadcast(NPDU)
        assert await station.hear() == (bvll.encode(SHOUT, NPDU), bbmd.place)
        assert await peer.receive() == bvll.forwarded(bbmd.place, NPDU)
        assert await station.silent()


async def test_bbmd_repeats_what_a_peer_forwards(bbmd: Link, peer: Station) -> None:
    heard = listen(bbmd)
    packet = bvll.forwarded(FAR, NPDU)
    with Station(bbmd.port) as station:
        station.send(packet, bbmd.place)
        assert await station.silent()
        assert heard == []
        peer.send(packet, bbmd.place)
        assert await station.hear() == (packet, bbmd.place)
        assert heard == [(NPDU, FAR, True)]
        assert await peer.silent()


async def test_bbmd_distributes_for_registered_devices_only(bbmd: Link, peer: Station) -> None:
    heard = listen(bbmd)
    request = bvll.encode(Function.DISTRIBUTE_BROADCAST, NPDU)
    with Station(bbmd.port) as device:
        device.send(request, bbmd.place)
        assert await device.receive() == bvll.result(0x60)
        assert heard == []
        device.send(bvll.register(60), bbmd.place)
        assert await device.receive() == bvll.result(0)
        device.send(request, bbmd.place)
        packet = bvll.forwarded(device.place, NPDU)
        assert await peer.receive() == packet
        assert await device.hear() == (packet, bbmd.place)
        assert heard == [(NPDU, device.place, True)]


async def test_two_bbmds_on_one_subnet_do_not_go_round() -> None:
    first = Link(interface(), 0)
    await first.open()
    port = first.port
    await first.close()
    ends = [interface(), interface()]
    texts = [f"{end.ip}:{port}" for end in ends]
    links = [Link(end, port, bbmd=BbmdSettings(peers=texts)) for end in ends]
    heard = [listen(link) for link in links]
    for link in links:
        await link.open()
    with Station() as station:
        station.send(bvll.encode(SHOUT, NPDU), (BROADCAST, port))
        await asyncio.sleep(0.2)
        # Each hears it itself, from the other, and from what the other repeats.
        for got in heard:
            assert set(got) == {(NPDU, station.place, True)}
            assert len(got) == 3
    for link in links:
        await link.close()


async def test_bbmds_of_two_subnets_reach_each_other() -> None:
    hub = Link(interface(), 0, bbmd=BbmdSettings(peers=[]))
    await hub.open()
    other = Link(interface(), 0, bbmd=BbmdSettings(peers=[hub.where]))
    await other.open()
    heard = listen(hub)
    other.broadcast(NPDU)
    await asyncio.sleep(0.1)
    assert heard == []  # of no peer of its own it takes nothing
    await hub.close()
    hub = Link(hub.interface, hub.port, bbmd=BbmdSettings(peers=[other.where]))
    await hub.open()
    heard = listen(hub)
    other.broadcast(NPDU)
    await until(lambda: heard)
    assert heard == [(NPDU, other.place, True)]
    await hub.close()
    await other.close()


async def test_wrong_packets_are_counted_and_told_once(
    link: Link, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    heard = listen(link)
    wrong = [
        b"\x55",
        b"",
        b"\x81\x0a\x00\x99\x01\x04",
        bvll.encode(UNICAST, NPDU) + b"\x00",
        bvll.encode(Function.FORWARDED_NPDU, b"\x7f\x00"),
        bvll.encode(Function.RESULT, b"\x00"),
    ]
    with Station() as station:
        for packet in wrong * 3:
            station.send(packet, link.place)
        await until(lambda: link.malformed == 3 * len(wrong))
        assert await station.silent(0.05)
    assert heard == []
    assert [r.getMessage() for r in caplog.records] == [
        f'event=bacnet_malformed source={station.place[0]} error="no B/IP packet"'
    ]


async def test_forwarded_from_no_station_is_wrong(link: Link) -> None:
    heard = listen(link)
    with Station() as station:
        for origin in [(BROADCAST, 47808), ("224.0.0.1", 47808), ("192.0.2.1", 0)]:
            station.send(bvll.forwarded(origin, NPDU), (BROADCAST, link.port))
        await until(lambda: link.malformed == 3)
    assert heard == []


async def test_what_the_network_layer_finds_wrong_is_counted(link: Link) -> None:
    def refuse(npdu: bytes, place: Place, broadcast: bool, via: Place | None) -> None:
        raise FrameError("an NPDU is cut off")

    link.deliver = refuse
    with Station() as station:
        station.send(bvll.encode(UNICAST, b"\x01"), link.place)
        await until(lambda: link.malformed == 1)


async def test_functions_of_later_versions_are_ignored(link: Link) -> None:
    with Station() as station:
        for function in (0x0C, 0x0D, 0xFF, Function.READ_BDT_ACK, Function.READ_FDT_ACK):
            station.send(bvll.encode(function, b"\x00\x00"), link.place)
        assert await station.silent()
    assert link.malformed == 0


async def test_survives_random_packets(bbmd: Link, peer: Station) -> None:
    chance = random.Random(5)
    heard = listen(bbmd)
    with Station() as station:
        for _ in range(2000):
            body = chance.randbytes(chance.randrange(24))
            packet = bvll.encode(chance.randrange(16), body)
            if chance.random() < 0.2:
                packet = packet[: chance.randrange(len(packet))]
            chance.choice((station, peer)).send(packet, bbmd.place)
            if chance.random() < 0.1:
                await asyncio.sleep(0)
        await asyncio.sleep(0.05)
        heard.clear()
        station.send(bvll.encode(UNICAST, NPDU), bbmd.place)
        await until(lambda: heard)
        assert heard == [(NPDU, station.place, False)]
    assert bbmd.malformed > 50
    assert bbmd.bdt() == [bbmd.place, peer.place]
    assert len(bbmd.fdt()) <= 2


async def test_who_passed_it_on_is_told(bbmd: Link, peer: Station) -> None:
    heard: list[tuple[Place, Place | None]] = []
    bbmd.deliver = lambda npdu, place, broadcast, via: heard.append((place, via))
    with Station() as station:
        station.send(bvll.register(60), bbmd.place)
        await until(lambda: bbmd.fdt())
        sent = [
            (station, bvll.encode(UNICAST, NPDU)),
            (station, bvll.encode(SHOUT, NPDU)),
            (peer, bvll.forwarded(FAR, NPDU)),
            (station, bvll.encode(Function.DISTRIBUTE_BROADCAST, NPDU)),
        ]
        for number, (sender, packet) in enumerate(sent, 1):
            sender.send(packet, bbmd.place)
            await until(lambda count=number: len(heard) == count)
        station.send(bvll.forwarded(FAR, NPDU), (BROADCAST, bbmd.port))
        await until(lambda: len(heard) == 5)
        own = station.place
        assert heard == [(own, None), (own, None), (FAR, peer.place), (own, own), (FAR, own)]
