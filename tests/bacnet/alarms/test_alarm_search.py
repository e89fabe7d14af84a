import asyncio

import pytest
from bacpypes3.basetypes import AddressBinding
from bacpypes3.pdu import PDUData
from bacpypes3.primitivedata import ObjectIdentifier, TagList
from hypothesis import given
from hypothesis import strategies as st

from submeter.bacnet import encoding
from submeter.bacnet.alarms import search
from submeter.bacnet.alarms.recipient import Recipient
from submeter.bacnet.alarms.search import Search
from submeter.bacnet.peer import Peer
from submeter.bacnet.settings import RecipientSettings
from submeter.errors import FrameError
from tooling.alarm_station import FakeSender

HERE = Peer(("192.0.2.20", 47809))
FAR = Peer(("192.0.2.1", 47808), 5, b"\x07")


def i_am(device: int, kind: int = 8) -> bytes:
    rest = encoding.unsigned(1476) + encoding.enumerated(0) + encoding.unsigned(999)
    return encoding.identifier(kind, device) + rest


def make(*devices: int | None) -> tuple[FakeSender, Search, list[Recipient]]:
    sender = FakeSender()
    recipients = [
        Recipient(
            sender,
            RecipientSettings(device=each)
            if each is not None
            else RecipientSettings(address="192.0.2.9"),
        )
        for each in devices
    ]
    return sender, Search(sender, recipients), recipients


def asked(sender: FakeSender) -> list[tuple[int, int]]:
    found = []
    for each in sender.unconfirmed:
        assert (each.service, each.to) == (8, None)
        request = each.decoded
        low, high = request.deviceInstanceRangeLowLimit, request.deviceInstanceRangeHighLimit
        found.append((int(low), int(high)))
    return found


async def test_looks_for_devices_only() -> None:
    sender, looking, _ = make(20, None, 30, 20)
    assert sorted(looking.devices) == [20, 30]
    looking.start()
    assert asked(sender) == [(20, 20), (30, 30)]
    looking.close()


async def test_found_by_i_am() -> None:
    _, looking, recipients = make(20, None, 30, 20)
    looking.i_am(i_am(20), HERE, True)
    looking.i_am(i_am(30), FAR, False)
    looking.i_am(i_am(40), FAR, True)
    looking.i_am(i_am(20, kind=3), FAR, True)
    assert [each.peer for each in recipients] == [HERE, Peer(("192.0.2.9", 47808)), FAR, HERE]


async def test_a_stranger_does_not_take_the_place_of_one_that_is_found() -> None:
    _, looking, (one, other) = make(20, 20)
    looking.i_am(i_am(20), HERE, True)
    looking.i_am(i_am(20), FAR, False)
    assert (one.peer, other.peer) == (HERE, HERE)
    one.peer = None  # it answered no more: both are where it is now
    looking.i_am(i_am(20), FAR, True)
    assert [each.peer for each in (one, other)] == [FAR, FAR]


@given(st.binary(max_size=12))
def test_any_i_am(body: bytes) -> None:
    _, looking, recipients = make(20)
    try:
        looking.i_am(body, HERE, True)
    except FrameError:
        assert body[:1] != b"\xc4" or len(body) < 5
    assert recipients[0].peer is None or body[:5] == encoding.identifier(8, 20)


def test_bindings() -> None:
    _, looking, _ = make(20, 30, 40)
    assert looking.bindings() == b""
    looking.i_am(i_am(20), HERE, True)
    looking.i_am(i_am(40), FAR, True)
    tags = TagList.decode(PDUData(looking.bindings()))
    found = []
    while tags:
        binding = AddressBinding.decode(tags)
        address = binding.deviceAddress
        number, mac = int(address.networkNumber), bytes(address.macAddress)
        found.append((binding.deviceObjectIdentifier, number, mac))
    assert found == [
        (ObjectIdentifier(("device", 20)), 0, b"\xc0\x00\x02\x14\xba\xc1"),
        (ObjectIdentifier(("device", 40)), 5, b"\x07"),
    ]


def test_bindings_seen_from_another_network() -> None:
    _, _, recipients = make(20, 30)
    number = 0
    looking = Search(FakeSender(), recipients, lambda: number)
    looking.i_am(i_am(20), HERE, True)
    looking.i_am(i_am(30), FAR, True)
    for number in (0, 77):
        tags = TagList.decode(PDUData(looking.bindings()))
        near, far = AddressBinding.decode(tags), AddressBinding.decode(tags)
        assert int(near.deviceAddress.networkNumber) == number
        assert int(far.deviceAddress.networkNumber) == 5


async def test_asks_again_until_all_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "PAUSE", 0.02)
    monkeypatch.setattr(search, "LONGEST_PAUSE", 0.02)
    sender, looking, _ = make(20, 30)
    looking.start()
    looking.i_am(i_am(20), HERE, True)
    async with asyncio.timeout(5):
        while len(sender.unconfirmed) < 4:
            await asyncio.sleep(0.005)
    assert asked(sender)[2:] == [(30, 30)] * (len(sender.unconfirmed) - 2)
    looking.i_am(i_am(30), HERE, True)
    before = len(sender.unconfirmed)
    await asyncio.sleep(0.06)
    assert len(sender.unconfirmed) == before


async def test_pause_grows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "PAUSE", 0.01)
    sender, looking, _ = make(20)
    looking.start()
    await asyncio.sleep(0.2)  # at 0, 10, 30, 70 and 150 ms
    assert 2 <= len(sender.unconfirmed) <= 5
    looking.close()


async def test_lost_ones_are_looked_for_no_sooner_than_after_a_pause(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(search, "PAUSE", 0.1)
    sender, looking, recipients = make(20)
    looking.start()
    for _ in range(50):
        looking.i_am(i_am(20), HERE, True)
        recipients[0].peer = None
        looking.start()
    assert len(sender.unconfirmed) == 1
    async with asyncio.timeout(5):
        while len(sender.unconfirmed) < 2:
            await asyncio.sleep(0.01)
    looking.close()


async def test_one_that_was_passed_on_is_an_answer_or_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(search, "SOON", 0.02)
    passed_on = HERE._replace(via=("192.0.2.66", 47808))
    _, looking, (recipient,) = make(20)

    def told() -> Peer | None:
        looking.i_am(i_am(20), passed_on, True)
        return recipient.peer

    assert told() is None  # nobody has asked
    looking.start()
    await asyncio.sleep(0.05)
    assert told() is None  # nor now
    monkeypatch.setattr(search, "SOON", 10.0)
    assert told() == HERE
    looking.close()
