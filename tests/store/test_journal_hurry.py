"""What is written at once and what is not, however often somebody asks for it."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from store.journals import Bench
from submeter.errors import StoreError
from submeter.meter.instant import Instant
from submeter.store import journal

WINDOW = "Demand_Interval"


@asynccontextmanager
async def running(bench: Bench) -> AsyncIterator[None]:
    task = asyncio.create_task(bench.journal.run())
    try:
        async with asyncio.timeout(10):
            yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def write(bench: Bench, minutes: int) -> None:
    """Write as a poller that may, by the door of the meter."""
    bench.meter.settings.set(WINDOW, minutes)
    bench.audit.note("setting_changed", "one", "modbus a", at=Instant.now(), point=WINDOW)


def on_disk(bench: Bench) -> list[float]:
    return [row.value for page in bench.disk.pages for row in page.settings if row.value]


@pytest.fixture
def slow_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing be written only because a second is over."""
    monkeypatch.setattr(journal, "SECOND", 60.0)
    monkeypatch.setattr(journal, "SOON", 0.02)


@pytest.mark.usefixtures("slow_seconds")
async def test_a_write_does_not_wait_for_the_second() -> None:
    bench = Bench()
    async with running(bench):
        for minutes in (5, 6):
            write(bench, minutes)
            while minutes not in on_disk(bench):
                await asyncio.sleep(0.001)
    assert on_disk(bench) == [5, 6]


@pytest.mark.usefixtures("slow_seconds")
async def test_a_stream_of_writes_puts_nothing_off_and_is_written_now_and_then() -> None:
    bench = Bench()
    began = time.monotonic()
    number = 0
    async with running(bench):
        while len(bench.disk.pages) < 5:
            number += 1
            write(bench, 1 + number % 60)
            await asyncio.sleep(0)
    assert len(on_disk(bench)) == 5
    assert time.monotonic() - began >= 4 * journal.SOON * 0.9
    told = [entry for page in bench.disk.pages for entry in page.audits]
    assert len(told) == 1, "the rest is counted until the minute is over"


@pytest.mark.usefixtures("slow_seconds")
async def test_what_comes_while_the_disk_writes_is_written_next() -> None:
    bench = Bench()
    bench.disk.gate = asyncio.Event()
    async with running(bench):
        write(bench, 5)
        await asyncio.sleep(0.05)
        write(bench, 6)
        bench.disk.gate.set()
        while on_disk(bench) != [5, 6]:
            await asyncio.sleep(0.001)


@pytest.mark.usefixtures("slow_seconds")
async def test_refusals_and_nothing_at_all_hurry_nothing() -> None:
    bench = Bench()
    async with running(bench):
        bench.audit.note("write_refused", "one", "modbus a", at=Instant.now(), point=WINDOW)
        bench.audit.note("write_unchanged", "one", "modbus a", at=Instant.now(), point=WINDOW)
        bench.audit.note("commanded", "one", "bacnet a", at=Instant.now(), point=WINDOW)
        bench.audit.note("relinquished", "one", "bacnet a", at=Instant.now(), point=WINDOW)
        await asyncio.sleep(0.1)
    assert bench.disk.pages == []


@pytest.mark.usefixtures("slow_seconds")
async def test_events_of_the_program_do_not_hurry_but_are_due_with_the_second() -> None:
    bench = Bench()
    async with running(bench):
        for _ in range(20):
            bench.audit.note("source_switched", "one", at=Instant.now(), point=WINDOW)
            bench.journal.note("key", "text")
            await asyncio.sleep(0.005)
        assert bench.disk.pages == []
    # Long before the next commit of `every`.
    await bench.journal.commit(Instant.now())
    bench.audit.note("source_switched", "one", at=Instant.now(), point=WINDOW)
    await bench.journal.second(Instant.now())
    assert [len(page.audits) for page in bench.disk.pages] == [20, 1]


async def test_a_disk_that_fails_is_not_asked_more_often_than_each_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(journal, "SECOND", 0.1)
    monkeypatch.setattr(journal, "SOON", 0.001)
    bench = Bench()
    bench.disk.error = StoreError("the disk is full")
    asked = 0
    commit = bench.journal.commit

    async def counted(now: Instant, *, last: bool = False) -> None:
        nonlocal asked
        asked += 1
        await commit(now, last=last)

    monkeypatch.setattr(bench.journal, "commit", counted)
    began = time.monotonic()
    async with running(bench):
        while asked < 5:
            write(bench, 1 + asked)
            await asyncio.sleep(0.001)
        assert time.monotonic() - began >= 3 * journal.SECOND * 0.9
        bench.disk.error = None
        while not on_disk(bench):
            await asyncio.sleep(0.001)


async def test_what_a_failing_disk_did_not_take_is_due_with_the_next_second() -> None:
    bench = Bench()
    write(bench, 5)
    bench.disk.error = StoreError("the disk is full")
    for _ in range(3):
        await bench.journal.second(Instant.now())
    bench.disk.error = None
    await bench.journal.second(Instant.now())
    assert on_disk(bench) == [5]
