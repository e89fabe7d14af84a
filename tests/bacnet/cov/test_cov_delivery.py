"""How confirmed notifications are acknowledged, fail, wait for each other and for leave."""

import asyncio
import logging
from typing import Any

import pytest

from bacnet.cov.subscriber import cancel, subscribe
from bacnet.stage import PEER, Stage, real_of, stage
from submeter.bacnet import encoding
from submeter.bacnet.answer import DONE
from submeter.bacnet.application import limits
from submeter.bacnet.cov import delivery as cov_delivery
from submeter.bacnet.cov.share import CovShare
from submeter.bacnet.cov.subscriptions import Subscriptions
from submeter.bacnet.peer import Peer
from submeter.bacnet.settings import CovSettings

AI, BI = 0, 3
SUBSCRIBE = 5
OTHER = Peer(("192.0.2.10", 47808))
CONFIRMED, UNCONFIRMED = 0x00, 0x10


class Dialogue:
    """A device with subscriptions, and what its subscribers answer."""

    def __init__(self) -> None:
        self.stage: Stage = stage()
        self.subscriptions = Subscriptions(
            self.stage.application, CovShare(CovSettings(subscriptions=1000))
        )

    async def ask(self, body: bytes, peer: Peer = PEER) -> list[bytes]:
        assert self.subscriptions.confirmed[SUBSCRIBE](body, peer) == DONE
        await asyncio.sleep(0)
        return self.take()

    def take(self) -> list[bytes]:
        """Return the APDUs since the last call."""
        return [each.apdu for each in self.stage.carrier.take()]

    def acknowledge(self, apdu: bytes, peer: Peer = PEER) -> list[bytes]:
        """Acknowledge a notification and return those that follow."""
        self.stage.application.receive(bytes((0x20, apdu[2], 1)), peer, False)
        return self.take()

    def fail(self, apdu: bytes, peer: Peer = PEER) -> list[bytes]:
        """Answer with the Error unknown-subscription and return what follows."""
        error = bytes((0x50, apdu[2], 1, 0x91, 5, 0x91, 79))
        self.stage.application.receive(error, peer, False)
        return self.take()

    def set(self, value: float) -> list[bytes]:
        self.stage.set("Power", encoding.real(value))
        return self.take()


@pytest.fixture
async def made(monkeypatch: pytest.MonkeyPatch) -> Dialogue:
    monkeypatch.setattr(cov_delivery, "REST", 0.02)
    monkeypatch.setattr(cov_delivery, "RETRY", 0.01)
    return Dialogue()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for acknowledgements for a moment only."""
    monkeypatch.setattr(limits, "APDU_TIMEOUT", 20)


def value(apdu: bytes) -> float:
    """Return the present value in a confirmed notification."""
    return real_of(apdu[apdu.index(b"\x4e\x09\x55\x2e") + 4 :][:5])


async def test_what_bacpypes3_reads(made: Dialogue) -> None:
    made.subscriptions.confirmed[SUBSCRIBE](subscribe(AI, 1, 60, confirmed=True), PEER)
    await asyncio.sleep(0)
    decoded: Any = made.stage.carrier.take()[0].decoded
    assert type(decoded).__name__ == "ConfirmedCOVNotificationRequest"
    assert decoded.subscriberProcessIdentifier == 7
    assert decoded.timeRemaining == 60
    assert len(decoded.listOfValues) == 2


async def test_the_latest_value_follows(made: Dialogue) -> None:
    (first,) = await made.ask(subscribe(AI, 1, confirmed=True))
    assert value(first) == 1.0
    assert made.set(2.0) == made.set(3.0) == []
    (second,) = made.acknowledge(first)
    assert value(second) == 3.0
    assert made.acknowledge(second) == []
    (third,) = made.set(4.0)
    assert value(third) == 4.0


async def test_nothing_follows_a_value_that_came_back(made: Dialogue) -> None:
    (first,) = await made.ask(subscribe(AI, 1, confirmed=True))
    assert made.set(2.0) == made.set(1.0) == []
    assert made.acknowledge(first) == []
    assert made.subscriptions._delivery.idle


async def test_one_who_fails_again_and_again_has_vanished(
    made: Dialogue, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    (apdu,) = await made.ask(subscribe(AI, 1, confirmed=True))
    for _ in range(cov_delivery.FAILURES - 1):
        assert made.fail(apdu) == []
        await asyncio.sleep(0.05)
        (apdu,) = made.take()
        assert value(apdu) == 1.0
    assert made.fail(apdu) == []
    assert [each.getMessage().split()[0] for each in caplog.records] == [
        "event=cov_subscriber_vanished"
    ]
    await asyncio.sleep(0.03)
    assert made.subscriptions.idle


async def test_it_rests_after_a_notification_that_came_to_nothing(
    made: Dialogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cov_delivery, "REST", 0.2)
    (apdu,) = await made.ask(subscribe(AI, 1, confirmed=True))
    assert made.fail(apdu) == []
    await asyncio.sleep(0.05)
    assert made.set(2.0) == []
    await asyncio.sleep(0.3)
    assert [value(each) for each in made.take()] == [2.0]


@pytest.mark.usefixtures("impatient")
async def test_one_who_never_answers_has_vanished(made: Dialogue) -> None:
    await made.ask(subscribe(AI, 1, confirmed=True))
    await asyncio.sleep(0.6)
    assert made.subscriptions.idle
    assert len(made.take()) == (1 + limits.RETRIES) * cov_delivery.FAILURES - 1
    assert made.set(2.0) == []


async def test_failures_in_between_do_not_count(made: Dialogue) -> None:
    (apdu,) = await made.ask(subscribe(AI, 1, confirmed=True))
    for _ in range(4):
        for _ in range(cov_delivery.FAILURES - 1):
            made.fail(apdu)
            await asyncio.sleep(0.05)
            (apdu,) = made.take()
        assert made.acknowledge(apdu) == []
        (apdu,) = made.set(value(apdu) + 1)
    assert len(made.subscriptions) == 1


@pytest.mark.parametrize("lifetime", [3600, 0xFFFFFFFF])
async def test_one_with_an_end_has_vanished_as_well(made: Dialogue, lifetime: int) -> None:
    (apdu,) = await made.ask(subscribe(AI, 1, lifetime, confirmed=True))
    for _ in range(cov_delivery.FAILURES - 1):
        made.fail(apdu)
        await asyncio.sleep(0.05)
        (apdu,) = made.take()
    assert len(made.subscriptions) == 1
    made.fail(apdu)
    await asyncio.sleep(0.03)
    assert made.subscriptions.idle


async def test_a_client_gets_a_few_at_a_time(made: Dialogue) -> None:
    under_way = []
    for process in range(20):
        under_way += await made.ask(subscribe(AI, 1, confirmed=True, process=process))
    assert len(under_way) == cov_delivery.MOST_UNDER_WAY
    assert len(await made.ask(subscribe(AI, 1, confirmed=True), OTHER)) == 1
    assert await made.ask(cancel(AI, 1, process=19)) == []
    told = set()
    while under_way:
        apdu = under_way.pop(0)
        told.add(apdu[5])
        under_way += made.acknowledge(apdu)
    assert told == set(range(19))


async def test_one_that_changes_all_the_time_is_not_alone(made: Dialogue) -> None:
    under_way = []
    for process in range(10):
        under_way += await made.ask(subscribe(AI, 1, confirmed=True, process=process))
    told = set()
    for number in range(30):
        under_way += made.set(number)
        apdu = under_way.pop(0)
        told.add(apdu[5])
        under_way += made.acknowledge(apdu)
        assert len(under_way) <= cov_delivery.MOST_UNDER_WAY
    assert told == set(range(10))


@pytest.mark.parametrize("confirmed", [False, True])
async def test_silence(made: Dialogue, confirmed: bool) -> None:
    made.stage.application.silence = "disable-initiation"
    assert await made.ask(subscribe(AI, 1, confirmed=confirmed)) == []
    assert made.set(2.0) == made.set(3.0) == []
    await asyncio.sleep(0.03)
    assert made.take() == []
    made.stage.application.silence = "enable"
    await asyncio.sleep(0.03)
    (apdu,) = made.take()
    assert value(apdu) == 3.0
    assert apdu[0] & 0xF0 == (CONFIRMED if confirmed else UNCONFIRMED)


@pytest.mark.usefixtures("impatient")
async def test_silence_is_no_failure_of_the_subscriber(made: Dialogue) -> None:
    await made.ask(subscribe(AI, 1, confirmed=True))
    made.stage.application.silence = "disable-initiation"
    await asyncio.sleep(0.3)
    made.take()
    made.stage.application.silence = "enable"
    await asyncio.sleep(0.03)
    assert len(made.subscriptions) == 1
    assert value(made.take()[0]) == 1.0


async def test_no_room_for_another_request(made: Dialogue, monkeypatch: pytest.MonkeyPatch) -> None:
    application = made.stage.application
    request = application.outgoing.request
    monkeypatch.setattr(application.outgoing, "request", lambda *_, **__: False)
    assert await made.ask(subscribe(AI, 1, confirmed=True)) == []
    monkeypatch.setattr(application.outgoing, "request", request)
    await asyncio.sleep(0.03)
    assert len(made.take()) == 1


@pytest.mark.parametrize("again", [False, True])
async def test_what_is_under_way_for_one_that_was_cancelled(made: Dialogue, again: bool) -> None:
    (first,) = await made.ask(subscribe(AI, 1, confirmed=True))
    await made.ask(cancel(AI, 1))
    assert not made.subscriptions._all
    if again:
        (second,) = await made.ask(subscribe(AI, 1, confirmed=True))
        assert made.acknowledge(second) == []
    assert made.fail(first) == []
    assert len(made.subscriptions) == again
    assert made.subscriptions._delivery.idle


async def test_renewal_while_a_notification_is_under_way(made: Dialogue) -> None:
    (first,) = await made.ask(subscribe(AI, 1, confirmed=True))
    assert await made.ask(subscribe(AI, 1, 60)) == []
    (second,) = made.acknowledge(first)
    assert second[0] == UNCONFIRMED
    assert len(made.subscriptions) == 1


@pytest.mark.usefixtures("impatient")
async def test_subscribers_that_come_and_go(made: Dialogue) -> None:
    for number in range(2000):
        peer = Peer((f"192.0.2.{number % 50}", 47808 + number % 2))
        body = subscribe(number % 2 * BI, 1, 1, confirmed=number % 3 == 0, process=number % 7)
        if number % 5 == 4:
            body = cancel(number % 2 * BI, 1, number % 7)
        for apdu in await made.ask(body, peer):
            if apdu[0] == CONFIRMED and number % 2:
                made.acknowledge(apdu, peer)
        made.set(number)
    await asyncio.sleep(1.5)
    assert made.subscriptions.idle
    assert made.stage.objects["Power"].listeners == ()
    assert not len(made.stage.application.outgoing)
