import asyncio
import logging
from collections.abc import AsyncIterator

import pytest

from bacnet.link.station import Station, interface, until
from submeter.bacnet.link import bvll, foreign
from submeter.bacnet.link.bvll import Function
from submeter.bacnet.link.link import Link
from submeter.bacnet.settings import BbmdSettings, ForeignSettings

REGISTRATION = bvll.register(30)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foreign, "_SOONEST", 0.05)
    monkeypatch.setattr(foreign, "_LATEST", 0.1)


@pytest.fixture
async def bbmd() -> AsyncIterator[Station]:
    with Station() as station:
        yield station


@pytest.fixture
async def link(bbmd: Station) -> AsyncIterator[Link]:
    opened = Link(interface(), 0, foreign=ForeignSettings(bbmd=bbmd.text, ttl=30))
    yield opened
    await opened.close()


async def test_registers_and_distributes(link: Link, bbmd: Station) -> None:
    ready: list[bool] = []
    link.ready = lambda: ready.append(link.registered)
    await link.open()
    assert await bbmd.receive() == REGISTRATION
    assert not link.registered
    assert ready == []
    bbmd.send(bvll.result(0), link.place)
    await until(lambda: link.registered)
    assert ready == [True]
    assert link.mode == "foreign"
    link.broadcast(b"\x01\x00\x10\x08")
    assert await bbmd.receive() == bvll.encode(Function.DISTRIBUTE_BROADCAST, b"\x01\x00\x10\x08")
    assert await bbmd.silent()


async def test_is_renewed_before_it_ends(
    bbmd: Station, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    link = Link(interface(), 0, foreign=ForeignSettings(bbmd=bbmd.text, ttl=30))
    assert link._foreign is not None
    monkeypatch.setattr(link._foreign, "_ttl", 0.2)
    monkeypatch.setattr(bvll, "register", lambda seconds: REGISTRATION)
    await link.open()
    for _ in range(4):
        assert await bbmd.receive() == REGISTRATION
        bbmd.send(bvll.result(0), link.place)
    await until(lambda: link.registered)
    assert [r.getMessage() for r in caplog.records] == [
        f"event=bacnet_foreign_registered bbmd={bbmd.text}"
    ]
    # The BBMD is gone: the registration lives on, then ends.
    assert await bbmd.receive() == REGISTRATION
    assert link.registered
    await until(lambda: not link.registered)
    assert await bbmd.receive() == REGISTRATION
    await asyncio.sleep(0.2)
    assert len(caplog.records) == 2
    assert 'reason="no answer"' in caplog.records[1].getMessage()
    await link.close()


async def test_goes_on_trying_and_tells_once(
    link: Link, bbmd: Station, caplog: pytest.LogCaptureFixture
) -> None:
    await link.open()
    for _ in range(4):
        assert await bbmd.receive() == REGISTRATION
        bbmd.send(bvll.result(0x30), link.place)
    assert not link.registered
    assert len(caplog.records) == 1
    assert 'reason="refused"' in caplog.records[0].getMessage()


async def test_registers_again_when_it_was_forgotten(link: Link, bbmd: Station) -> None:
    await link.open()
    await bbmd.receive()
    bbmd.send(bvll.result(0), link.place)
    await until(lambda: link.registered)
    bbmd.send(bvll.result(0x60), link.place)
    assert await bbmd.receive() == REGISTRATION
    assert not link.registered


async def test_pauses_grow_until_there_is_an_answer(link: Link, bbmd: Station) -> None:
    assert link._foreign is not None
    await link.open()
    for _ in range(3):
        await bbmd.receive()
    assert link._foreign._pause == 0.1
    bbmd.send(bvll.result(0), link.place)
    await until(lambda: link.registered)
    assert link._foreign._pause == 0.05


async def test_results_of_others_do_not_count(link: Link, bbmd: Station) -> None:
    await link.open()
    await bbmd.receive()
    with Station() as stranger:
        stranger.send(bvll.result(0), link.place)
        assert await stranger.silent()
    assert not link.registered


async def test_takes_forwarded_broadcasts_of_its_bbmd_only(link: Link, bbmd: Station) -> None:
    heard: list[object] = []
    link.deliver = lambda npdu, place, broadcast, via: heard.append((npdu, place, broadcast))
    await link.open()
    packet = bvll.forwarded(("192.0.2.1", 47808), b"\x01\x00\x10\x08")
    with Station() as stranger:
        stranger.send(packet, link.place)
        assert await stranger.silent()
        assert heard == []
    bbmd.send(packet, link.place)
    await until(lambda: heard)
    assert heard == [(b"\x01\x00\x10\x08", ("192.0.2.1", 47808), True)]


async def test_closing_ends_it(link: Link, bbmd: Station) -> None:
    await link.open()
    await bbmd.receive()
    await link.close()
    await link.close()
    assert await bbmd.silent(0.2)


async def test_with_our_own_bbmd() -> None:
    hub = Link(interface(), 0, bbmd=BbmdSettings(foreign_devices=1))
    heard: list[object] = []
    hub.deliver = lambda npdu, place, broadcast, via: heard.append((npdu, place, broadcast))
    await hub.open()
    link = Link(interface(), 0, foreign=ForeignSettings(bbmd=hub.where, ttl=30))
    link.deliver = lambda npdu, place, broadcast, via: heard.append((npdu, place, broadcast))
    await link.open()
    await until(lambda: link.registered)
    assert [(place, ttl) for place, ttl, _ in hub.fdt()] == [(link.place, 30)]
    link.broadcast(b"\x01\x00out")
    await until(lambda: heard)
    hub.broadcast(b"\x01\x00in")
    await until(lambda: len(heard) > 1)
    await asyncio.sleep(0.05)
    assert heard == [(b"\x01\x00out", link.place, True), (b"\x01\x00in", hub.place, True)]
    await link.close()
    await hub.close()


async def test_a_result_that_was_not_asked_for_changes_nothing(link: Link, bbmd: Station) -> None:
    assert link._foreign is not None
    await link.open()
    await bbmd.receive()
    bbmd.send(bvll.result(0), link.place)
    await until(lambda: link.registered)
    until_then = link._foreign._until
    for code in (0, 0x30):
        bbmd.send(bvll.result(code), link.place)
    assert await bbmd.silent()
    assert link.registered
    assert link._foreign._until == until_then
