"""Who may subscribe to what, for how long, and how many."""

import asyncio
import logging
import math
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bacnet.cov.subscriber import cancel, increment, of_property, subscribe
from bacnet.cov.watched import (
    ACCUMULATOR,
    AI,
    BI,
    DEVICE,
    MSV,
    PROPERTY,
    SUBSCRIBE,
    Cov,
    values,
)
from bacnet.stage import DEVICE_ID, FLAGS, PEER
from submeter.bacnet import encoding, fault
from submeter.bacnet.answer import Reason, RefusedError, Rejected
from submeter.bacnet.cov import subscriptions as cov
from submeter.bacnet.cov.share import CovShare
from submeter.bacnet.cov.subscription import Subscription
from submeter.bacnet.cov.subscriptions import Subscriptions
from submeter.bacnet.objects.served import Listener, ServedObject
from submeter.bacnet.peer import Peer
from submeter.bacnet.settings import CovSettings

OTHER = Peer(("192.0.2.10", 47808))
FAR = Peer(("192.0.2.1", 47808), 5, b"\x07")


@pytest.fixture
async def made() -> Cov:
    return Cov()


async def test_first_notification(made: Cov) -> None:
    (told,) = await made.ask(SUBSCRIBE, subscribe(AI, 1, 60, process=300))
    assert told.subscriberProcessIdentifier == 300
    assert str(told.initiatingDeviceIdentifier) == f"device,{DEVICE_ID}"
    assert str(told.monitoredObjectIdentifier) == "analog-input,1"
    assert told.timeRemaining == 60
    assert values(told) == {"present-value": encoding.real(1.0), "status-flags": FLAGS}


async def test_it_goes_to_the_subscriber(made: Cov) -> None:
    for peer in (PEER, OTHER, FAR):
        made.subscriptions.confirmed[SUBSCRIBE](subscribe(AI, 1), peer)
    await asyncio.sleep(0)
    assert [each.to for each in made.stage.carrier.take()] == [PEER, OTHER, FAR]


@pytest.mark.parametrize("lifetime", [0, None])
async def test_for_ever(made: Cov, lifetime: int | None) -> None:
    (told,) = await made.ask(SUBSCRIBE, subscribe(AI, 1, lifetime))
    assert told.timeRemaining == 0
    assert made.subscriptions._timer is None


async def test_renewal_replaces(made: Cov) -> None:
    await made.ask(SUBSCRIBE, subscribe(AI, 1, 60))
    (told,) = await made.ask(SUBSCRIBE, subscribe(AI, 1, 600))
    assert told.timeRemaining == 600
    (told,) = await made.ask(SUBSCRIBE, subscribe(AI, 1))
    assert told.timeRemaining == 0
    assert len(made.subscriptions) == 1
    made.stage.set("Power", encoding.real(2.0))
    assert len(made.take()) == 1


async def test_what_makes_a_subscription_another(made: Cov) -> None:
    for peer in (PEER, OTHER):
        await made.ask(SUBSCRIBE, subscribe(AI, 1), peer)
    await made.ask(SUBSCRIBE, subscribe(AI, 1, process=8))
    await made.ask(PROPERTY, of_property(subscribe(AI, 1), 85))
    await made.ask(PROPERTY, of_property(subscribe(AI, 1), 28))
    await made.ask(PROPERTY, of_property(subscribe(AI, 1), 28))
    assert len(made.subscriptions) == 5
    made.stage.set("Power", encoding.real(2.0))
    assert len(made.take()) == 4


async def test_cancellation(made: Cov) -> None:
    await made.ask(SUBSCRIBE, subscribe(AI, 1, 60))
    await made.ask(PROPERTY, of_property(subscribe(AI, 1), 85))
    assert await made.ask(SUBSCRIBE, cancel(AI, 1)) == []
    assert len(made.subscriptions) == 1
    assert await made.ask(SUBSCRIBE, cancel(AI, 1)) == []
    assert await made.ask(SUBSCRIBE, cancel(AI, 999)) == []
    assert await made.ask(PROPERTY, of_property(cancel(AI, 1), 85)) == []
    assert made.subscriptions.idle
    made.stage.set("Power", encoding.real(2.0))
    assert made.take() == []


async def test_cancelled_before_the_first_notification(made: Cov) -> None:
    made.subscriptions.confirmed[SUBSCRIBE](subscribe(AI, 1), PEER)
    made.subscriptions.confirmed[SUBSCRIBE](cancel(AI, 1), PEER)
    await asyncio.sleep(0)
    assert made.take() == []


async def test_listeners_are_there_only_while_they_are_needed(made: Cov) -> None:
    heard: list[ServedObject] = []
    made.stage.objects["Power"].listeners = (heard.append,)

    def listeners() -> list[Listener]:
        return list(made.stage.objects["Power"].listeners)

    await made.ask(SUBSCRIBE, subscribe(AI, 1))
    await made.ask(SUBSCRIBE, subscribe(AI, 1, process=8))
    assert len(listeners()) == 2
    assert listeners()[0] == heard.append
    await made.ask(SUBSCRIBE, cancel(AI, 1))
    assert len(listeners()) == 2
    await made.ask(SUBSCRIBE, cancel(AI, 1, process=8))
    assert listeners() == [heard.append]


async def test_expiry(made: Cov, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cov, "SWEEP", 0.01)
    await made.ask(SUBSCRIBE, subscribe(AI, 1, 3600))
    await made.ask(SUBSCRIBE, subscribe(AI, 1, 1, process=8))
    await made.ask(SUBSCRIBE, subscribe(BI, 1, 1))
    await asyncio.sleep(0.5)
    (told,) = await made.ask(SUBSCRIBE, subscribe(BI, 1, 1))
    assert told.timeRemaining == 1
    await asyncio.sleep(0.7)
    assert len(made.subscriptions) == 2
    await asyncio.sleep(0.5)
    assert len(made.subscriptions) == 1
    made.stage.set("Power", encoding.real(2.0))
    (told,) = made.take()
    assert 3597 <= told.timeRemaining < 3600
    made.subscriptions.close()
    assert made.subscriptions.idle


async def test_what_takes_no_cov(made: Cov) -> None:
    assert made.refused(SUBSCRIBE, subscribe(ACCUMULATOR, 1)) == fault.NO_COV_OF_OBJECT
    assert made.refused(SUBSCRIBE, subscribe(DEVICE, DEVICE_ID)) == fault.NO_COV_OF_OBJECT
    assert made.refused(SUBSCRIBE, subscribe(AI, 999)) == fault.UNKNOWN_OBJECT
    assert made.refused(PROPERTY, of_property(subscribe(AI, 999), 85)) == fault.UNKNOWN_OBJECT
    assert made.subscriptions.idle


@pytest.mark.parametrize(
    ("service", "body", "reason"),
    [
        (SUBSCRIBE, b"", Reason.MISSING_PARAMETER),
        (SUBSCRIBE, cancel(AI, 1)[:2], Reason.MISSING_PARAMETER),
        (SUBSCRIBE, cancel(AI, 1) + encoding.context_unsigned(3, 60), Reason.MISSING_PARAMETER),
        (SUBSCRIBE, cancel(AI, 1) + encoding.context_unsigned(2, 2), Reason.INVALID_DATA_TYPE),
        (SUBSCRIBE, subscribe(AI, 1) + b"\x49\x01", Reason.TOO_MANY_ARGUMENTS),
        (PROPERTY, subscribe(AI, 1), Reason.MISSING_PARAMETER),
        (PROPERTY, subscribe(AI, 1) + b"\x4e\x09\x55", Reason.INVALID_TAG),
        (PROPERTY, of_property(subscribe(AI, 1), 85) + b"\x59\x01", Reason.INVALID_DATA_TYPE),
        (
            PROPERTY,
            of_property(subscribe(AI, 1), 85, increment=increment(-1)),
            Reason.OUT_OF_RANGE,
        ),
        (
            PROPERTY,
            of_property(subscribe(AI, 1), 85, increment=increment(math.nan)),
            Reason.OUT_OF_RANGE,
        ),
    ],
)
async def test_malformed(made: Cov, service: int, body: bytes, reason: Reason) -> None:
    with pytest.raises(Rejected) as rejection:
        made.subscriptions.confirmed[service](body, PEER)
    assert rejection.value.reason == reason
    assert made.subscriptions.idle


@given(st.sampled_from([SUBSCRIBE, PROPERTY]), st.binary(max_size=40), st.integers(0, 20))
async def test_any_octets(service: int, junk: bytes, cut: int) -> None:
    made = Cov()
    body = of_property(subscribe(AI, 1, 60), 85, increment=increment(1))
    try:
        made.subscriptions.confirmed[service](body[:cut] + junk, PEER)
    except (Rejected, RefusedError):
        assert made.subscriptions.idle
    made.subscriptions.close()
    assert made.subscriptions.idle


async def test_limits(caplog: pytest.LogCaptureFixture) -> None:
    made = Cov(subscriptions=6, of_one_client=4)
    for process in range(4):
        await made.ask(SUBSCRIBE, subscribe(AI, 1, process=process))
    for process in range(4, 50):
        assert made.refused(SUBSCRIBE, subscribe(AI, 1, process=process)) == fault.NO_SPACE
    await made.ask(SUBSCRIBE, subscribe(AI, 1, 60, process=3))  # to renew is no matter of room
    for process in range(2):
        await made.ask(SUBSCRIBE, subscribe(AI, 1, process=process), OTHER)
    assert len(made.subscriptions) == 6
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    await made.ask(SUBSCRIBE, cancel(AI, 1, process=0))
    await made.ask(SUBSCRIBE, subscribe(AI, 1, process=3), OTHER)


async def test_a_client_is_an_address() -> None:
    """A port, or the station behind a router, is whatever the sender says that it is."""
    made = Cov(subscriptions=100, of_one_client=4)
    host = PEER.place[0]
    for number in range(2):
        await made.ask(SUBSCRIBE, subscribe(AI, 1), Peer((host, 1000 + number)))
        await made.ask(SUBSCRIBE, subscribe(AI, 1), Peer((host, 47808), 5, bytes([number])))
    for peer in (
        PEER,
        Peer((host, 1)),
        Peer((host, 47808), 5, b"\x09"),
        Peer((host, 1), 6, b"\x01"),
    ):
        assert made.refused(SUBSCRIBE, subscribe(AI, 1), peer) == fault.NO_SPACE
    await made.ask(SUBSCRIBE, subscribe(AI, 1), OTHER)


async def test_the_one_with_the_most_makes_room(caplog: pytest.LogCaptureFixture) -> None:
    made = Cov(subscriptions=6, of_one_client=6)
    await made.ask(SUBSCRIBE, subscribe(AI, 1, confirmed=True, process=0))
    await made.ask(SUBSCRIBE, subscribe(AI, 1, 600, process=1))
    for process in range(2, 6):
        await made.ask(SUBSCRIBE, subscribe(AI, 1, process=process))
    await made.ask(SUBSCRIBE, subscribe(AI, 1, process=2))  # is the newest then
    for process in range(3):
        await made.ask(SUBSCRIBE, subscribe(AI, 1, process=process), OTHER)
    assert made.refused(SUBSCRIBE, subscribe(AI, 1, process=3), OTHER) == fault.NO_SPACE
    left = [(key.peer, key.process) for key in made.subscriptions._all]
    assert left == [(PEER, 0), (PEER, 1), (PEER, 2), (OTHER, 0), (OTHER, 1), (OTHER, 2)]
    told = [record.getMessage().split()[:2] for record in caplog.records]
    assert told == [["event=cov_evicted", "client=192.0.2.9"], ["event=cov_full", "of=all"]]
    made.subscriptions.close()
    assert not made.subscriptions._clients


async def test_what_ends_by_itself_makes_no_room() -> None:
    made = Cov(subscriptions=4, of_one_client=4)
    for process in range(4):
        confirmed = process % 2 == 0
        lifetime = 0 if confirmed else 3600
        await made.ask(SUBSCRIBE, subscribe(AI, 1, lifetime, confirmed=confirmed, process=process))
    assert made.refused(SUBSCRIBE, subscribe(AI, 1), OTHER) == fault.NO_SPACE
    await made.ask(SUBSCRIBE, subscribe(AI, 1, 2**31, process=3))  # as good as for ever
    await made.ask(SUBSCRIBE, subscribe(AI, 1), OTHER)
    assert len(made.subscriptions) == 4


async def test_the_points_of_many_meters_by_default(made: Cov) -> None:
    for process in range(5000):
        made.subscriptions.confirmed[SUBSCRIBE](subscribe(AI, 1, process=process), PEER)
    assert len(made.subscriptions) == 5000
    assert made.refused(SUBSCRIBE, subscribe(AI, 1, process=5000)) == fault.NO_SPACE


async def test_a_subscriber_on_the_ip_network_seen_from_behind_a_router() -> None:
    made, number = Cov(), [0]
    table = made.stage.application
    subscriptions = Subscriptions(table, CovShare(CovSettings()), lambda: number[0])
    for peer in (PEER, FAR):
        subscriptions.confirmed[SUBSCRIBE](subscribe(AI, 1), peer)
    for learnt in (0, 77):
        number[0] = learnt
        await asyncio.sleep(0.15)  # the list is kept for a moment
        addresses = [each.recipient.recipient.address for each in made.active()]
        assert [each.networkNumber for each in addresses] == [learnt, 5]
        assert bytes(addresses[0].macAddress) == bytes((192, 0, 2, 9, 0xBA, 0xC0))
    subscriptions.close()


async def test_none_at_all() -> None:
    made = Cov(subscriptions=0)
    assert made.refused(SUBSCRIBE, subscribe(AI, 1)) == fault.NO_SPACE


async def test_active_subscriptions_are_not_listed_for_each_of_many_reads(
    made: Cov, monkeypatch: pytest.MonkeyPatch
) -> None:
    await made.ask(SUBSCRIBE, subscribe(AI, 1, 60))
    asked = []

    def counted(*_: object) -> bytes:
        asked.append(1)
        return b"listed"

    monkeypatch.setattr(Subscription, "listed", counted)
    device = made.stage.application.table.device
    assert {device.read(152) for _ in range(700)} == {b"listed"}
    assert len(asked) < 100


async def test_the_list_is_never_behind_an_answer(made: Cov) -> None:
    assert made.active() == []
    await made.ask(SUBSCRIBE, subscribe(AI, 1, 60))
    assert [each.timeRemaining for each in made.active()] == [60]
    await made.ask(SUBSCRIBE, subscribe(AI, 1, 600))
    assert [each.timeRemaining for each in made.active()] == [600]
    await made.ask(SUBSCRIBE, cancel(AI, 1))
    assert made.active() == []


async def test_active_subscriptions(made: Cov) -> None:
    assert made.active() == []
    await made.ask(SUBSCRIBE, subscribe(AI, 1, 60, process=300))
    await made.ask(PROPERTY, of_property(subscribe(MSV, 1, confirmed=True), 110, 2), FAR)
    first, second = made.active()
    address = first.recipient.recipient.address
    assert address.networkNumber == 0
    assert bytes(address.macAddress) == bytes((192, 0, 2, 9, 0xBA, 0xC0))
    assert first.recipient.processIdentifier == 300
    assert str(first.monitoredPropertyReference.objectIdentifier) == "analog-input,1"
    assert str(first.monitoredPropertyReference.propertyIdentifier) == "present-value"
    assert first.monitoredPropertyReference.propertyArrayIndex is None
    assert not first.issueConfirmedNotifications
    assert first.timeRemaining == 60
    assert first.covIncrement == pytest.approx(0.1)
    address = second.recipient.recipient.address
    assert (address.networkNumber, bytes(address.macAddress)) == (5, b"\x07")
    assert second.monitoredPropertyReference.propertyArrayIndex == 2
    assert second.issueConfirmedNotifications
    assert second.timeRemaining == 0
    assert second.covIncrement is None
    made.subscriptions.close()
    assert made.active() == []


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    caplog.set_level(logging.INFO)
    yield
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
