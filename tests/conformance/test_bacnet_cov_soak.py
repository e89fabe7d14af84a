"""Fifty subscribers that come and go: those who stay are told, those who went leave no trace."""

import asyncio
import gc
import logging
import os
import random
import sys
from collections.abc import AsyncIterator, Callable, Sequence

import pytest

from bacnet.client import read
from tooling import bacnet_site
from tooling.bacnet_requests import ACTIVE_SUBSCRIPTIONS, DEVICE
from tooling.bacnet_site import DEVICE_ID, Site
from tooling.bacnet_subscriber import Own, Subscriber
from tooling.bacnet_talker import ERROR, SIMPLE, Talker
from tooling.fuzz import SEED
from tooling.program import loopback
from tooling.resources import open_files

TURNS = int(os.environ.get("SUBMETER_COV_TURNS", "300"))
WARM = 20
SUBSCRIBERS = 50
OBJECTS = {(0, number): f"Active_Power_{name}" for number, name in enumerate(("L1", "L2", "L3"), 2)}
CHANGE = 5.0  # kW, more than any increment
SHORT, LONG = 1, 3600  # s
SOON = 3.0  # s
MOST_BLOCKS = 3000
MOST_LINES = 30
MOST = 5000  # subscriptions: those who vanish leave theirs for a moment

pytestmark = pytest.mark.timeout(90 + TURNS)


class Crowd:
    """The subscribers there are; `wanted` tells until when each hears of which object."""

    def __init__(self, site: Site) -> None:
        self.there: list[Subscriber] = []
        self.wanted: dict[tuple[Subscriber, Own], float] = {}
        self._site = site
        self._dice = random.Random(SEED)
        self._process = 0

    async def turn(self) -> None:
        """Let some come, renew, cancel or vanish; then change a value, and see who hears."""
        while len(self.there) < SUBSCRIBERS:
            await self._come()
        for _ in range(6):
            await self._dice.choice((self._renew, self._renew, self._cancel, self._vanish))()
        changed = self._dice.choice(list(OBJECTS))
        value = self._dice.randrange(10, 60) * CHANGE
        now = asyncio.get_running_loop().time()
        hear = [who for (who, own), until in self.wanted.items() if own == changed and until > now]
        self._site.show(**{OBJECTS[changed]: value})
        told = self._site.meter.readings[OBJECTS[changed]].value
        await until(lambda: all(who.told.get(changed) == told for who in hear))

    async def leave(self) -> None:
        """Let everybody cancel."""
        for who, own in list(self.wanted):
            assert (await who.subscribe(own, None, None))[0] >> 4 == SIMPLE
            del self.wanted[who, own]

    async def close(self) -> None:
        """Close every socket."""
        while self.there:
            self.there.pop().close()
        await asyncio.sleep(0)

    async def _come(self) -> None:
        self._process += 1
        who = Subscriber(self._process)
        await who.open((self._site.host, self._site.port), loopback(20 + self._process % 200))
        self.there.append(who)
        await self._subscribe(who)

    async def _subscribe(self, who: Subscriber) -> None:
        own = self._dice.choice(list(OBJECTS))
        lifetime = self._dice.choice((None, SHORT, LONG, LONG))
        answer = await who.subscribe(own, self._dice.random() < 0.5, lifetime)
        assert answer[0] >> 4 == SIMPLE, answer.hex()
        # A little less than it is: it may end while a value changes.
        for_seconds = 1e9 if lifetime is None else lifetime - 0.3
        self.wanted[who, own] = asyncio.get_running_loop().time() + for_seconds

    async def _renew(self) -> None:
        await self._subscribe(self._dice.choice(self.there))

    async def _cancel(self) -> None:
        who, own = self._dice.choice(list(self.wanted))
        assert (await who.subscribe(own, None, None))[0] >> 4 == SIMPLE
        del self.wanted[who, own]

    async def _vanish(self) -> None:
        """Go without a word: with a lifetime, or after it never answered again."""
        who = self._dice.choice(self.there)
        for mine, own in list(self.wanted):
            if mine is who:
                await who.subscribe(own, False, SHORT)
                del self.wanted[mine, own]
        self.there.remove(who)
        who.close()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(SOON):
        while not condition():
            await asyncio.sleep(0.002)


@pytest.fixture
async def site(caplog: pytest.LogCaptureFixture) -> AsyncIterator[Site]:
    caplog.set_level(logging.INFO, "submeter")
    async with bacnet_site.served(cov={"subscriptions": MOST}) as opened:
        yield opened
    assert len(caplog.records) <= MOST_LINES, caplog.text[:4000]
    assert not [each for each in caplog.records if each.levelno >= logging.ERROR], caplog.text


async def listed(site: Site) -> bytes:
    """Return what is read as Active_COV_Subscriptions."""
    asked = read(DEVICE, DEVICE_ID, ACTIVE_SUBSCRIPTIONS)
    with Talker((site.host, site.port), loopback(10)) as talker:
        answer = await talker.ask(12, asked)
    assert answer[3 : 3 + len(asked)] == asked
    return answer[4 + len(asked) : -1]


async def test_fifty_come_and_go(site: Site) -> None:
    crowd = Crowd(site)
    before = await go_round(site, crowd, WARM)
    after = await go_round(site, crowd, TURNS)
    assert after[:2] == before[:2], "open files, tasks"
    assert after[2] - before[2] < MOST_BLOCKS
    assert not site.moved


async def go_round(site: Site, crowd: Crowd, turns: int) -> tuple[int, int, int]:
    """Return files, tasks and blocks once all of them have come, and gone again."""
    try:
        for _ in range(turns):
            await crowd.turn()
        await crowd.leave()
    finally:
        await crowd.close()
    await asyncio.sleep(SHORT + 0.5)
    assert await listed(site) == b""
    gc.collect()
    return open_files(), len(asyncio.all_tasks()), sys.getallocatedblocks()


async def test_a_confirmed_one_that_never_answers_is_dropped(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After some notifications that nobody received, even one without an end is given up."""
    monkeypatch.setattr("submeter.bacnet.application.limits.APDU_TIMEOUT", 30)
    monkeypatch.setattr("submeter.bacnet.cov.delivery.REST", 0.05)
    deaf = Subscriber(1)
    await deaf.open((site.host, site.port), loopback(20))
    deaf.deaf = True
    await deaf.subscribe((0, 2), True, None)
    assert await listed(site) != b""
    async with asyncio.timeout(SOON):
        value = 10.0
        while await listed(site):
            value += CHANGE
            site.show(Active_Power_L1=value)
            await asyncio.sleep(0.05)
    deaf.close()


async def test_there_is_a_limit() -> None:
    """One more than allowed is refused for want of space, others are not touched."""
    cov = {"subscriptions": 20, "of_one_client": 10}
    async with bacnet_site.served(cov=cov) as site:
        first = [await subscribed(site, octet, 11) for octet in (21, 22, 23)]
        assert [outcomes.count(SIMPLE) for outcomes in first] == [10, 10, 0]
        assert await listed(site)


async def subscribed(site: Site, octet: int, count: int) -> Sequence[int]:
    """Subscribe to `count` objects from one address; return the kinds of the answers."""
    kinds = []
    who = Subscriber(octet)
    await who.open((site.host, site.port), loopback(octet))
    for number in range(1, count + 1):
        answer = await who.subscribe((0, number), False, LONG)
        kinds.append(answer[0] >> 4)
        if kinds[-1] == ERROR:
            assert answer[3:] == bytes((0x91, 3, 0x91, 19)), "no-space-to-add-list-element"
    who.close()
    return kinds
