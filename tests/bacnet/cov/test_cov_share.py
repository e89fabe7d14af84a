"""What the devices of a face share: room for subscriptions, and turns of the event loop."""

import asyncio
import logging

import pytest

from bacnet.cov.subscriber import increment, of_property, subscribe
from bacnet.cov.watched import AI, PROPERTY, SUBSCRIBE, Cov
from bacnet.stage import PEER
from submeter.bacnet import encoding, fault
from submeter.bacnet.cov import clients as cov_clients
from submeter.bacnet.cov import pace as cov_pace
from submeter.bacnet.cov.share import CovShare
from submeter.bacnet.peer import Peer
from submeter.bacnet.settings import CovSettings

A_TURN = cov_pace.A_TURN // (cov_pace.A_LOOK + cov_pace.A_NOTIFICATION)


def share(**settings: int) -> CovShare:
    return CovShare(CovSettings(**settings))


def client(number: int) -> Peer:
    return Peer((f"198.51.100.{number}", 47808))


def fill(made: Cov, peer: Peer, count: int, lifetime: int = 0, confirmed: bool = False) -> None:
    for process in range(count):
        body = subscribe(AI, 1, lifetime, confirmed=confirmed, process=process)
        made.subscriptions.confirmed[SUBSCRIBE](body, peer)


def held(made: Cov, peer: Peer) -> list[int]:
    return [key.process for key in made.subscriptions._all if key.peer == peer]


async def test_one_bound_for_all_devices() -> None:
    own = share(subscriptions=10, of_one_client=4)
    one, two = Cov(own), Cov(own)
    fill(one, PEER, 2)
    fill(two, PEER, 2)
    for each in (one, two):
        assert each.refused(SUBSCRIBE, subscribe(AI, 1, process=9)) == fault.NO_SPACE
    one.subscriptions.close()
    assert one.subscriptions.idle
    assert len(own.clients) == len(two.subscriptions) == 2
    fill(two, PEER, 4)


async def test_another_device_makes_room() -> None:
    own = share(subscriptions=4, of_one_client=4)
    one, two = Cov(own), Cov(own)
    fill(one, PEER, 4)
    fill(two, client(1), 1)
    assert held(one, PEER) == [1, 2, 3]
    one.stage.set("Power", encoding.real(2.0))
    await asyncio.sleep(0)
    assert 0 not in [each.subscriberProcessIdentifier for each in one.take()]
    two.subscriptions.close()
    one.subscriptions.close()
    assert not own.clients


@pytest.mark.parametrize(("lifetime", "refused"), [(86_400, False), (3601, False), (3600, True)])
async def test_a_long_lifetime_is_as_good_as_for_ever(lifetime: int, refused: bool) -> None:
    made = Cov(subscriptions=4, of_one_client=4)
    fill(made, PEER, 4, lifetime)
    fill(made, PEER, 4, lifetime)  # renewed
    if refused:
        assert made.refused(SUBSCRIBE, subscribe(AI, 1), client(1)) == fault.NO_SPACE
    else:
        fill(made, client(1), 1)
    made.subscriptions.close()


async def test_one_with_less_than_the_most_makes_room() -> None:
    made = Cov(subscriptions=9, of_one_client=9)
    fill(made, client(1), 5, confirmed=True)
    fill(made, client(2), 3)
    fill(made, client(3), 1, 60)
    fill(made, client(4), 1)
    assert held(made, client(2)) == [1, 2]
    assert len(held(made, client(1))) == 5
    assert made.refused(SUBSCRIBE, subscribe(AI, 1, process=1), client(4)) == fault.NO_SPACE
    made.subscriptions.close()


async def test_each_client_that_loses_is_named_once(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cov_clients, "MOST_NAMED", 2)
    caplog.set_level(logging.WARNING)
    made = Cov(subscriptions=12, of_one_client=12)
    for number in (1, 2, 3):
        fill(made, client(number), 4)
    for number in range(4, 10):
        fill(made, client(number), 1)
    assert [len(held(made, client(number))) for number in (1, 2, 3)] == [2, 2, 2]
    told = [each.getMessage() for each in caplog.records]
    assert told == [
        f"event=cov_evicted client=198.51.100.{number} count=4 process=0 object=Power"
        for number in (1, 2)
    ]
    made.subscriptions.close()


async def test_a_change_that_many_are_told_of_takes_many_turns() -> None:
    own = share()
    devices = [Cov(own) for _ in range(2)]
    for made in devices:
        for process in range(200):
            body = of_property(subscribe(AI, 1, process=process), 85, increment=increment(0))
            made.subscriptions.confirmed[PROPERTY](body, PEER)
    counts = await turns(devices)
    assert sum(counts) == 400
    assert max(counts) <= A_TURN
    for made in devices:
        made.stage.set("Power", encoding.real(2.0))
    assert sum(len(made.stage.carrier.sent) for made in devices) == A_TURN
    devices[0].stage.set("Power", encoding.real(3.0))
    counts = await turns(devices)
    # Those who were told of 2.0 in the first turn are told of 3.0; the others of the latest only.
    assert sum(counts) == 400 + A_TURN
    assert max(counts[1:]) <= A_TURN
    assert not own.pace


async def test_one_that_is_over_has_no_turn() -> None:
    own = share()
    made = Cov(own)
    fill(made, PEER, 200)
    await turns([made])
    made.stage.set("Power", encoding.real(2.0))
    assert len(own.pace) == 200 - A_TURN
    made.subscriptions.close()
    assert not own.pace
    assert await turns([made]) == [A_TURN, 0, 0, 0]


async def turns(devices: list[Cov]) -> list[int]:
    """Return how many notifications there are, turn by turn, until there are none."""
    counts = [sum(len(made.stage.carrier.take()) for made in devices)]
    while len(counts) < 4 or any(counts[-3:]):
        await asyncio.sleep(0)
        counts.append(sum(len(made.stage.carrier.take()) for made in devices))
    return counts
