import asyncio

import pytest

from submeter.bacnet import encoding
from submeter.bacnet.alarms import recipient
from submeter.bacnet.alarms.recipient import AT_ONCE, MOST_WAITING, Recipient
from submeter.bacnet.peer import Peer
from submeter.bacnet.settings import RecipientSettings
from tooling.alarm_station import FakeSender

HERE = Peer(("192.0.2.20", 47808))
FAR = Peer(("192.0.2.1", 47808), 5, b"\x07")
PROCESS = encoding.context_unsigned(0, 77)


def make(sender: FakeSender, **changed: object) -> Recipient:
    known: dict[str, object] = {"address": "192.0.2.20", "process": 77}
    settings = RecipientSettings(**{**known, **changed})  # type: ignore[arg-type]
    return Recipient(sender, settings, lambda: pytest.fail("an address is never looked for"))


def device(sender: FakeSender, lost: list[int], confirmed: bool = True) -> Recipient:
    settings = RecipientSettings(device=20, process=77, confirmed=confirmed)
    return Recipient(sender, settings, lambda: lost.append(20))


def number(notice: int) -> bytes:
    return notice.to_bytes(2, "big")


async def test_confirmed_ones_go_one_after_the_other() -> None:
    sender = FakeSender()
    told = make(sender)
    for n in range(3):
        told.tell(0, number(n), n)
    sent = sender.outgoing.sent
    assert [(each.service, each.to, each.body) for each in sent] == [(2, HERE, PROCESS + number(0))]
    sent[0].done(True)
    sent[1].done(True)
    sent[2].done(True)
    assert [(each.body, each.priority) for each in sent] == [
        (PROCESS + number(n), n) for n in range(3)
    ]


async def test_unconfirmed_ones_go_at_once() -> None:
    sender = FakeSender()
    told = make(sender, confirmed=False)
    told.tell(1, number(1), 3)
    told.tell(1, number(2), 0)
    assert [(each.service, each.to, each.body, each.priority) for each in sender.unconfirmed] == [
        (3, HERE, PROCESS + number(1), 3),
        (3, HERE, PROCESS + number(2), 0),
    ]


async def test_only_wanted_transitions() -> None:
    sender = FakeSender()
    told = make(sender, transitions=["fault"], confirmed=False)
    for which in range(3):
        told.tell(which, number(which), 0)
    assert [each.body for each in sender.unconfirmed] == [PROCESS + number(1)]


async def test_what_is_not_acknowledged_is_given_up(caplog: pytest.LogCaptureFixture) -> None:
    sender = FakeSender()
    told = make(sender)
    for n in range(4):
        told.tell(0, number(n), 0)
    sent = sender.outgoing.sent
    for n, acknowledged in enumerate((False, False, True)):
        sent[n].done(acknowledged)
    assert [each.body for each in sent] == [PROCESS + number(n) for n in range(4)]
    assert [each.to for each in sent] == [HERE] * 4, "an address stays"
    assert [record.getMessage() for record in caplog.records] == [
        "event=bacnet_alarm_recipient state=silent recipient=192.0.2.20",
        "event=bacnet_alarm_recipient state=answers recipient=192.0.2.20",
    ]


async def test_no_invoke_id_now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recipient, "AGAIN", 0.01)
    sender = FakeSender()
    sender.outgoing.full = True
    told = make(sender)
    told.tell(0, number(1), 2)
    told.tell(0, number(2), 2)
    sender.outgoing.full = False
    async with asyncio.timeout(5):
        while not sender.outgoing.sent:
            await asyncio.sleep(0.005)
    assert [each.body for each in sender.outgoing.sent] == [PROCESS + number(1)]


async def test_many_unconfirmed_ones_are_spread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recipient, "PAUSE", 0.01)
    sender = FakeSender()
    lost: list[int] = []
    told = device(sender, lost, confirmed=False)
    for n in range(2 * AT_ONCE + 1):
        told.tell(0, number(n), 0)
    told.found(FAR)
    assert len(sender.unconfirmed) == AT_ONCE
    async with asyncio.timeout(5):
        while len(sender.unconfirmed) <= 2 * AT_ONCE:
            await asyncio.sleep(0.005)
    bodies = [each.body for each in sender.unconfirmed]
    assert bodies == [PROCESS + number(n) for n in range(2 * AT_ONCE + 1)]


async def test_waits_for_its_device() -> None:
    sender, lost = FakeSender(), list[int]()
    told = device(sender, lost)
    told.tell(0, number(1), 0)
    assert not sender.outgoing.sent
    told.found(FAR)
    assert [each.to for each in sender.outgoing.sent] == [FAR]


async def test_device_that_does_not_answer_is_looked_for() -> None:
    sender, lost = FakeSender(), list[int]()
    told = device(sender, lost)
    told.found(FAR)
    told.tell(0, number(1), 0)
    told.tell(0, number(2), 0)
    sender.outgoing.sent[0].done(False)
    assert lost == [20]
    assert told.peer is None
    assert len(sender.outgoing.sent) == 1
    told.found(HERE)
    sent = sender.outgoing.sent
    assert (sent[1].to, sent[1].body) == (HERE, PROCESS + number(1)), "nothing is lost by a move"
    sent[1].done(True)
    assert (sent[2].to, sent[2].body) == (HERE, PROCESS + number(2))


async def test_what_a_device_does_not_confirm_where_it_is_found_again_is_given_up() -> None:
    sender, lost = FakeSender(), list[int]()
    told = device(sender, lost)
    told.found(FAR)
    told.tell(0, number(1), 5)
    told.tell(0, number(2), 6)
    sent = sender.outgoing.sent
    for n in range(4):
        sent[n].done(False)
        told.found(HERE)
    assert [(each.body, each.priority) for each in sent] == [
        (PROCESS + number(1), 5),
        (PROCESS + number(1), 5),
        (PROCESS + number(2), 6),
        (PROCESS + number(2), 6),
    ]
    assert lost == [20] * 4


async def test_one_that_would_be_too_much_is_not_sent_again() -> None:
    sender, lost = FakeSender(), list[int]()
    told = device(sender, lost)
    told.found(FAR)
    for n in range(MOST_WAITING + 1):
        told.tell(0, number(n), 0)
    sent = sender.outgoing.sent
    sent[0].done(False)
    told.found(HERE)
    assert [each.body for each in sent] == [PROCESS + number(0), PROCESS + number(1)]


async def test_oldest_goes_when_there_is_too_much(caplog: pytest.LogCaptureFixture) -> None:
    sender, lost = FakeSender(), list[int]()
    told = device(sender, lost)
    for n in range(MOST_WAITING + 5):
        told.tell(0, number(n), 0)
    told.found(FAR)
    for n in range(MOST_WAITING):
        sender.outgoing.sent[n].done(True)
    bodies = [each.body for each in sender.outgoing.sent]
    assert bodies == [PROCESS + number(n) for n in range(5, MOST_WAITING + 5)]
    assert [record.getMessage() for record in caplog.records] == [
        "event=bacnet_alarms_dropped recipient=device-20"
    ]


async def test_silenced() -> None:
    sender = FakeSender()
    told = make(sender)
    told.tell(0, number(1), 0)
    told.tell(0, number(2), 0)
    sender.silenced = True
    told.tell(0, number(3), 0)
    sender.outgoing.sent[0].done(True)
    sender.silenced = False
    told.tell(0, number(4), 0)
    bodies = [each.body for each in sender.outgoing.sent]
    assert bodies == [PROCESS + number(1), PROCESS + number(4)], "nothing is sent later"


async def test_close() -> None:
    sender, lost = FakeSender(), list[int]()
    told = device(sender, lost)
    told.found(FAR)
    told.tell(0, number(1), 0)
    told.tell(0, number(2), 0)
    told.close()
    sender.outgoing.sent[0].done(False)
    assert not lost
    assert len(sender.outgoing.sent) == 1
