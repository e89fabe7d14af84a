import asyncio

import pytest
from bacpypes3 import npdu as library
from bacpypes3.pdu import PDU

from bacnet.network.wire import OWN_MAC, PEER, Site
from submeter.bacnet.network import messages
from submeter.bacnet.network.messages import Message, NumberQuality
from submeter.bacnet.network.npdu import Npdu, encode
from submeter.bacnet.peer import GLOBAL

VIRTUAL = b"\x07\xd1"
I_AM_ROUTER = (Npdu(VIRTUAL, message=Message.I_AM_ROUTER), None)
WHAT_IS = (Npdu(b"", message=Message.WHAT_IS_NETWORK_NUMBER), None)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "_BETWEEN_BROADCASTS", 0.02)


def say(site: Site, message: int, body: bytes = b"", broadcast: bool = False) -> None:
    site.take(encode(Npdu(body, message=message)), broadcast)


async def test_what_is_said_at_first() -> None:
    ready: list[bool] = []
    site = Site()
    site.network.ready = lambda: ready.append(True)
    site.wire.ready()
    assert site.wire.taken() == [I_AM_ROUTER, WHAT_IS]
    assert ready == [True]
    site = Site(virtual=None)
    site.wire.ready()
    assert site.wire.taken() == [WHAT_IS]
    site = Site(number=7)
    site.wire.ready()
    assert site.wire.taken() == [I_AM_ROUTER]


@pytest.mark.parametrize("broadcast", [False, True])
@pytest.mark.parametrize(
    ("asked", "answered"), [(b"", True), (VIRTUAL, True), (b"\x07\xd2", False), (b"\x07", False)]
)
async def test_who_is_router(asked: bytes, answered: bool, broadcast: bool) -> None:
    site = Site()
    say(site, Message.WHO_IS_ROUTER, asked, broadcast)
    assert site.wire.taken() == ([I_AM_ROUTER] if answered else [])


async def test_who_is_router_from_afar() -> None:
    site = Site()
    ask = Npdu(b"", destination=(GLOBAL, b""), source=(5, b"\x01"), message=Message.WHO_IS_ROUTER)
    site.take(encode(ask), True)
    assert site.wire.taken() == [I_AM_ROUTER]


async def test_storm_of_who_is_router() -> None:
    site = Site()
    for _ in range(50):
        say(site, Message.WHO_IS_ROUTER, broadcast=True)
    assert site.wire.taken() == [I_AM_ROUTER]
    await asyncio.sleep(0.1)
    assert site.wire.taken() == [I_AM_ROUTER]


def test_without_virtual_network_there_is_no_router() -> None:
    site = Site(virtual=None)
    for message in (Message.WHO_IS_ROUTER, Message.INITIALIZE_ROUTING_TABLE, 0x55):
        say(site, message, b"\x00")
    say(site, Message.WHO_IS_ROUTER)
    assert site.wire.taken() == []


def test_routing_table() -> None:
    site = Site()
    say(site, Message.INITIALIZE_ROUTING_TABLE, b"\x00")
    [(packet, to)] = site.wire.sent
    assert to == PEER
    read = library.InitializeRoutingTableAck.decode(library.NPDU.decode(PDU(packet)))
    [entry] = read.irtaTable
    assert (entry.rtDNET, entry.rtPortID, entry.rtPortInfo) == (2001, 1, b"")
    site.wire.taken()
    say(site, Message.INITIALIZE_ROUTING_TABLE, b"\x01\x00\x05\x01\x00")
    assert site.wire.taken() == [(Npdu(b"\x00", message=7), PEER)]
    say(site, Message.INITIALIZE_ROUTING_TABLE, b"")
    assert site.wire.taken() == []


def test_answer_to_one_behind_a_router() -> None:
    site = Site()
    ask = Npdu(b"\x00", source=(5, b"\x0a"), message=Message.INITIALIZE_ROUTING_TABLE)
    site.take(encode(ask))
    [(answer, to)] = site.wire.taken()
    assert (answer.destination, answer.hops, to) == ((5, b"\x0a"), 255, PEER)


async def test_network_number_is_told_if_it_is_configured() -> None:
    site = Site(number=7)
    say(site, Message.WHAT_IS_NETWORK_NUMBER, broadcast=True)
    [(packet, to)] = site.wire.sent
    assert to is None
    read = library.NetworkNumberIs.decode(library.NPDU.decode(PDU(packet)))
    assert (read.nniNet, int(read.nniFlag)) == (7, 1)
    assert (site.network.number, site.network.number_quality) == (7, NumberQuality.CONFIGURED)


def test_network_number_that_was_learnt_is_not_told() -> None:
    site = Site()
    say(site, Message.WHAT_IS_NETWORK_NUMBER, broadcast=True)
    say(site, Message.NETWORK_NUMBER_IS, b"\x00\x07\x01", broadcast=True)
    say(site, Message.WHAT_IS_NETWORK_NUMBER, broadcast=True)
    assert site.wire.taken() == []


def test_what_is_network_number_is_for_the_own_network() -> None:
    site = Site(number=7)
    what = Message.WHAT_IS_NETWORK_NUMBER
    site.take(encode(Npdu(b"", destination=(GLOBAL, b""), message=what)), True)
    site.take(encode(Npdu(b"", source=(5, b"\x01"), message=what)), True)
    assert site.wire.taken() == []


def learnt(site: Site) -> tuple[int | None, NumberQuality]:
    return site.network.number, site.network.number_quality


def test_network_number_is_learnt(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    site = Site()
    assert learnt(site) == (None, NumberQuality.UNKNOWN)
    steps = [
        (b"\x00\x07\x00", (7, NumberQuality.LEARNED)),
        (b"\x00\x08\x01", (8, NumberQuality.LEARNED_CONFIGURED)),
        (b"\x00\x07\x00", (8, NumberQuality.LEARNED_CONFIGURED)),  # less sure
        (b"\x00\x09\x01", (9, NumberQuality.LEARNED_CONFIGURED)),
        (b"\x00\x00\x01", (9, NumberQuality.LEARNED_CONFIGURED)),
        (b"\xff\xff\x01", (9, NumberQuality.LEARNED_CONFIGURED)),
        (b"\x00\x05", (9, NumberQuality.LEARNED_CONFIGURED)),
        (b"\x07\xd1\x01", (9, NumberQuality.LEARNED_CONFIGURED)),  # that is our own virtual network
    ]
    for body, expected in steps:
        say(site, Message.NETWORK_NUMBER_IS, body, broadcast=True)
        assert learnt(site) == expected
    told = [record.getMessage().split()[0] for record in caplog.records]
    assert told == ["event=bacnet_network_number", "event=bacnet_network_number_taken"]


def test_network_number_is_not_learnt_from_afar_or_in_private() -> None:
    site = Site()
    kind = Message.NETWORK_NUMBER_IS
    say(site, kind, b"\x00\x07\x01", broadcast=False)
    site.take(encode(Npdu(b"\x00\x07\x01", source=(5, b"\x01"), message=kind)), True)
    site.take(encode(Npdu(b"\x00\x07\x01", destination=(GLOBAL, b""), message=kind)), True)
    assert learnt(site) == (None, NumberQuality.UNKNOWN)


def test_configured_number_stays() -> None:
    site = Site(number=7)
    say(site, Message.NETWORK_NUMBER_IS, b"\x00\x08\x01", broadcast=True)
    assert learnt(site) == (7, NumberQuality.CONFIGURED)


@pytest.mark.parametrize("message", [0x0A, 0x14, 0x7F, 0x80, 0xFF])
def test_unknown_messages_are_rejected(message: int) -> None:
    site = Site()
    say(site, message, b"\x00\x00", broadcast=True)
    assert site.wire.taken() == []
    say(site, message, b"\x00\x00")
    [(packet, to)] = site.wire.sent
    read = library.RejectMessageToNetwork.decode(library.NPDU.decode(PDU(packet)))
    assert (read.rmtnRejectionReason, read.rmtnDNET, to) == (3, 2001, PEER)


@pytest.mark.parametrize("message", [1, 2, 3, 4, 5, 7, 8, 9])
def test_messages_of_other_routers_are_not_answered(message: int) -> None:
    site = Site()
    for body in (b"", b"\x00", b"\x01\x00\x05", b"\x00\x05\x00\x06"):
        say(site, message, body)
        say(site, message, body, broadcast=True)
    assert site.wire.taken() == []
    assert site.who == []


def test_other_router_with_our_number_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    site = Site()
    for _ in range(3):
        say(site, Message.I_AM_ROUTER, b"\x00\x05" + VIRTUAL, broadcast=True)
        site.take(encode(Npdu(b"\x10\x08", source=(2001, b"\x01"))), True)
    assert len(caplog.records) == 1
    assert "event=bacnet_network_number_taken number=2001" in caplog.records[0].getMessage()
    assert site.who == []
    assert site.wire.taken() == []


def test_messages_to_the_station_by_its_number() -> None:
    site = Site(number=7)
    ask = Npdu(b"\x00", destination=(7, OWN_MAC), message=Message.INITIALIZE_ROUTING_TABLE)
    site.take(encode(ask))
    assert len(site.wire.taken()) == 1
    site.take(encode(ask._replace(destination=(7, b"\x01"))))
    site.take(encode(ask._replace(destination=(2001, b"\x01"))))
    assert site.wire.taken() == []


def test_message_to_a_network_that_we_do_not_lead_to() -> None:
    site = Site()
    ask = Npdu(b"", destination=(9, b""), message=Message.WHO_IS_ROUTER)
    site.take(encode(ask))
    assert site.wire.taken() == [(Npdu(b"\x01\x00\x09", message=Message.REJECT), PEER)]
    site.take(encode(ask._replace(message=Message.REJECT, body=b"\x01\x00\x09")))
    site.take(encode(ask), broadcast=True)
    assert site.wire.taken() == []
