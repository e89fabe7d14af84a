"""What clients and devices have together: nobody gets more by another name."""

import asyncio
import threading

import pytest

from bacnet.application.device import (
    ECHO,
    LONG,
    NOTHING,
    abort,
    application,
    left,
    piece,
    receive,
    whole,
)
from submeter.bacnet.answer import DONE, AbortReason, Ack, Pending
from submeter.bacnet.application import limits
from submeter.bacnet.application.shares import Shares
from submeter.bacnet.peer import Peer

HONEST = Peer(("192.0.2.3", 47808))
FULL = AbortReason.OUT_OF_RESOURCES


def invented(number: int) -> Peer:
    """Return a station behind a router that needs nobody there to say so."""
    return Peer(("192.0.2.9", 40000 + number), 600 + number % 7, number.to_bytes(2, "big"))


async def test_invented_stations_of_one_address_are_one_client() -> None:
    made, notes = application()
    for number in range(limits.MOST_TRANSACTIONS):
        receive(made, piece(0, b"x"), invented(number))
    assert made.transactions == limits.MOST_OF_ONE
    notes.take()
    receive(made, whole(body=LONG, code=0, segments=0), HONEST)
    assert notes.take()[0][0] == 0x3C
    made.close()
    assert left(made) == NOTHING


async def test_they_have_the_works_of_one() -> None:
    made, notes = application()
    gate = threading.Event()
    made.confirmed[ECHO] = lambda body, peer: Pending(lambda: gate.wait(5), lambda done: DONE)
    for number in range(20):
        receive(made, whole(), invented(number))
    assert notes.take() == [abort(FULL)] * (20 - limits.MOST_WORKS_OF_ONE)
    receive(made, whole(), HONEST)
    assert notes.take() == []
    gate.set()
    while left(made) != NOTHING:
        await asyncio.sleep(0.002)


async def test_they_get_the_requests_of_one() -> None:
    made, _ = application()
    begun = [
        made.outgoing.request(1, b"", invented(number), lambda heard: None) for number in range(200)
    ]
    assert sum(begun) == limits.MOST_REQUESTS_TO_ONE
    assert made.outgoing.request(1, b"", HONEST, lambda heard: None)
    made.close()
    assert left(made) == NOTHING


async def test_devices_of_one_face_have_one_share(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_ANSWERED", 1000)
    shares = Shares()
    devices = [application(shares=shares) for _ in range(3)]
    answers = []
    for made, notes in devices:
        made.confirmed[ECHO] = lambda body, peer: Ack(LONG[:450])
        for number in range(limits.MOST_OF_ONE):
            receive(made, piece(0, b"x", invoke_id=number))
        receive(made, whole(code=0, segments=0), HONEST)
        answers.append(notes.take()[-1])
    assert sum(made.transactions for made, _ in devices) == limits.MOST_OF_ONE + 2
    assert [each[0] for each in answers] == [0x3C, 0x3C, 0x71]
    for made, _ in devices[:2]:
        made.close()
    receive(devices[2][0], whole(code=0, segments=0), HONEST)
    assert devices[2][1].take()[-1][0] == 0x3C
    devices[2][0].close()
    assert [left(made) for made, _ in devices] == [NOTHING] * 3


async def test_requests_of_all_devices_have_one_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_REQUESTS", 10)
    shares = Shares()
    devices = [application(shares=shares)[0] for _ in range(3)]
    begun = [
        made.outgoing.request(1, b"", Peer((f"192.0.2.{number}", 1)), lambda heard: None)
        for made in devices
        for number in range(6)
    ]
    assert sum(begun) == 10
    for made in devices:
        made.close()
    assert len(shares.stations) == 0
