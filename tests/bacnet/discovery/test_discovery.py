import asyncio
import logging

import pytest

from bacnet.stage import DEVICE_ID, PEER, Stage, stage
from submeter.bacnet import encoding
from submeter.bacnet.discovery import budget, discovery
from submeter.bacnet.discovery.budget import Budget
from submeter.bacnet.discovery.discovery import Discovery
from submeter.bacnet.peer import GLOBAL, Peer

ANALOG_INPUT, DEVICE = 0, 8
WILDCARD = 4194303


@pytest.fixture
async def here() -> Stage:
    made = stage()
    made.application.unconfirmed |= Discovery(made.application, 999).unconfirmed
    return made


def limits(low: int, high: int) -> bytes:
    return encoding.context_unsigned(0, low) + encoding.context_unsigned(1, high)


def by_name(name: str, characters: str = "utf-8", number: int = 0) -> bytes:
    return encoding.context(3, bytes((number,)) + name.encode(characters))


def by_identifier(kind: int, instance: int) -> bytes:
    return encoding.context(2, encoding.identifier_content(kind, instance))


def ask(here: Stage, service: int, body: bytes = b"", peer: Peer = PEER) -> list[bytes]:
    """Return the answers, all of which went to `peer`."""
    here.application.receive(bytes((0x10, service)) + body, peer, True)
    answers = here.carrier.take()
    assert all(each.to == peer for each in answers)
    return [each.apdu for each in answers]


I_AM = b"\x10\x00" + encoding.identifier(DEVICE, DEVICE_ID) + b"\x22\x05\xc4\x91\x00\x22\x03\xe7"


def i_have(kind: int, instance: int, name: str) -> bytes:
    own = encoding.identifier(DEVICE, DEVICE_ID)
    return b"\x10\x01" + own + encoding.identifier(kind, instance) + encoding.text(name)


async def test_who_is_is_answered_to_the_one_who_asks(here: Stage) -> None:
    assert ask(here, 8) == [I_AM]
    assert ask(here, 8, peer=Peer(("192.0.2.1", 47808), 5, b"\x07")) == [I_AM]


async def test_what_bacpypes3_reads_in_it(here: Stage) -> None:
    here.application.receive(b"\x10\x08", PEER, True)
    decoded = here.carrier.take()[0].decoded
    assert str(decoded.iAmDeviceIdentifier) == f"device,{DEVICE_ID}"
    assert decoded.maxAPDULengthAccepted == 1476
    assert str(decoded.segmentationSupported) == "segmented-both"
    assert decoded.vendorID == 999


async def test_announcement(here: Stage) -> None:
    Discovery(here.application, 999).announce()
    (sent,) = here.carrier.take()
    assert (sent.apdu, sent.to, sent.network) == (I_AM, None, GLOBAL)


async def test_silence(here: Stage) -> None:
    here.application.silence = "disable-initiation"
    Discovery(here.application, 999).announce()
    assert not here.carrier.take()
    assert ask(here, 8) == [I_AM]
    here.application.silence = "disable"
    assert ask(here, 8, peer=Peer(("192.0.2.1", 1))) == []


@pytest.mark.parametrize(
    ("low", "high", "meant"),
    [
        (0, WILDCARD, True),
        (DEVICE_ID, DEVICE_ID, True),
        (DEVICE_ID + 1, WILDCARD, False),
        (0, DEVICE_ID - 1, False),
        (DEVICE_ID, WILDCARD + 1, False),
        (5000, 3000, False),
    ],
)
async def test_limits(here: Stage, low: int, high: int, meant: bool) -> None:
    assert ask(here, 8, limits(low, high)) == [I_AM] * meant
    found = ask(here, 7, limits(low, high) + by_identifier(ANALOG_INPUT, 1))
    assert found == [i_have(ANALOG_INPUT, 1, "Power")] * meant


@pytest.mark.parametrize(
    ("service", "body"),
    [
        (8, encoding.context_unsigned(0, 1)),
        (8, encoding.context_unsigned(1, WILDCARD)),
        (8, limits(0, WILDCARD) + b"\x00"),
        (8, b"\x0d"),
        (7, b""),
        (7, encoding.context_unsigned(0, 1) + by_name("Power")),
        (7, by_name("Power") + b"\x00"),
        (7, by_name("Power", "utf-8", 9)),
        (7, encoding.context(3, b"")),
        (7, encoding.context(3, b"\x00\xff")),
        (7, encoding.context(2, b"\x00")),
    ],
)
async def test_malformed(here: Stage, service: int, body: bytes) -> None:
    assert ask(here, service, body) == []
    assert here.application.malformed == 1


async def test_who_has(here: Stage) -> None:
    assert ask(here, 7, by_identifier(ANALOG_INPUT, 1)) == [i_have(ANALOG_INPUT, 1, "Power")]
    assert ask(here, 7, by_name("Alarm")) == [i_have(3, 1, "Alarm")]
    assert ask(here, 7, by_name("Alarm", "utf-16-be", 4)) == [i_have(3, 1, "Alarm")]
    assert ask(here, 7, by_name("Alarm", "latin-1", 5)) == [i_have(3, 1, "Alarm")]
    assert ask(here, 7, by_name("Submeter")) == [i_have(DEVICE, DEVICE_ID, "Submeter")]
    assert ask(here, 7, by_identifier(DEVICE, WILDCARD)) == [i_have(DEVICE, DEVICE_ID, "Submeter")]


async def test_who_has_what_is_not_here(here: Stage) -> None:
    assert ask(here, 7, by_identifier(ANALOG_INPUT, 999)) == []
    assert ask(here, 7, by_name("power")) == []
    assert here.application.malformed == 0


async def test_a_question_that_is_repeated_at_once(here: Stage) -> None:
    assert ask(here, 8) == [I_AM]
    assert ask(here, 8) == []
    assert ask(here, 8, peer=Peer(("192.0.2.8", 47808))) == [I_AM]
    await asyncio.sleep(discovery.SAME * 1.5)
    assert ask(here, 8, peer=Peer(("192.0.2.8", 47808))) == [I_AM]


async def test_a_question_that_comes_on_the_wire_and_from_a_bbmd(here: Stage) -> None:
    passed_on = PEER._replace(via=("192.0.2.1", 47808))
    here.application.receive(b"\x10\x08", PEER, True)
    here.application.receive(b"\x10\x08", passed_on, True)
    assert len(here.carrier.take()) == 1


async def test_a_flood(
    here: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(budget, "CALM", 0.1)
    answered = sum(
        len(ask(here, 8, peer=Peer(("192.0.2.8", 1000 + number)))) for number in range(1000)
    )
    # The flood may take long enough for some more to be poured in.
    burst = budget.BURST + budget.BURST_OF_DEVICE
    assert burst <= answered <= burst + 20
    await asyncio.sleep(0.3)
    assert ask(here, 8) == [I_AM]
    told = [record.getMessage().split()[0] for record in caplog.records]
    assert told == ["event=discovery_flood", "event=discovery_flood_over"]


async def test_closing_in_a_flood(here: Stage, caplog: pytest.LogCaptureFixture) -> None:
    made = Discovery(here.application, 999)
    here.application.unconfirmed |= made.unconfirmed
    for number in range(100):
        ask(here, 8, peer=Peer(("192.0.2.8", 1000 + number)))
    for number in range(300):
        ask(here, 7, by_name("Power"), Peer(("192.0.2.8", 1000 + number)))
    made.close()
    assert made._budget.who_is._watch is made._budget.who_has._watch is None
    assert len(caplog.records) == 2


async def test_a_client_that_looks_for_many_names(here: Stage) -> None:
    """As one that binds its points by their names: each question is another."""
    for number in range(100):
        for name in ("Power", "Alarm"):
            question = encoding.context_unsigned(0, 0) + encoding.context_unsigned(1, 9000 + number)
            assert len(ask(here, 7, question + by_name(name))) == 1
    assert ask(here, 8) == [I_AM]


async def test_the_devices_of_a_wire_share_its_budget() -> None:
    one, two = stage(), stage()
    shared = Budget("here", 2)
    for each in (one, two):
        each.application.unconfirmed |= Discovery(each.application, 999, shared).unconfirmed
    answered = [0, 0]
    for number in range(100):
        peer = Peer(("192.0.2.8", 1000 + number))
        for place, each in enumerate((one, two)):
            answered[place] += len(ask(each, 8, peer=peer))
    assert min(answered) >= budget.BURST // 2
    burst = budget.BURST + 2 * budget.BURST_OF_DEVICE
    assert burst <= sum(answered) <= burst + 20
    shared.close()


async def test_a_global_question_is_answered_by_each_of_many_devices() -> None:
    shared = Budget("here", 300)
    assert all(shared.who_is.grant() for _ in range(300))
    assert all(shared.who_has.grant() for _ in range(300))
