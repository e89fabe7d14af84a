"""What is committed when, what is shown then, and what a failure loses: nothing."""

import asyncio
import logging
from typing import Any

import pytest

from submeter.errors import StoreError, SubmeterError
from submeter.meter.audit import Audit
from submeter.meter.instant import Instant
from submeter.meter.meter import Meter, values
from submeter.meter.reading import Quality
from submeter.pointmap import points
from submeter.store.journal import MOST_SAMPLES, Journal
from submeter.store.page import Page
from submeter.store.requests import Request
from submeter.store.store import Store
from tooling import meters

ENERGY, ERROR = "Active_Energy_Import", "Meter_Error"
POINTS = tuple(points.all_points().values())
BEGIN = 1_790_000_100  # a quarter of an hour
WH = 1000


def at(second: float, step: float = 0.0) -> Instant:
    return Instant(second, BEGIN + second + step)


class Disk(Store):
    """A disk that can be full, broken or slow."""

    def __init__(self) -> None:
        self.pages: list[Page] = []
        self.asked: list[Request] = []
        self.answers: list[tuple[int, str, bool]] = []
        self.pruned: list[int] = []
        self.error: Exception | None = None
        self.gate: asyncio.Event | None = None

    async def commit(self, page: Page) -> None:
        if self.gate:
            await self.gate.wait()
        if self.error:
            raise self.error
        self.pages.append(page)

    async def requests(self) -> list[Request]:
        found, self.asked = self.asked, []
        return found

    async def answer(self, number: int, text: str, ok: bool) -> None:
        self.answers.append((number, text, ok))

    async def prune(self, before_utc: int) -> int:
        self.pruned.append(before_utc)
        return 0

    @property
    def indexes(self) -> list[int | None]:
        rows = [row for page in self.pages for row in page.indexes]
        return [row.total for row in rows if row.total is not None]


class Bench:
    """One meter, its journal, and an instrument that shows 1 Wh more each second."""

    def __init__(self, every: float = 10.0) -> None:
        self.disk, self.audit = Disk(), Audit()
        self.meter: Meter = meters.meter("one", POINTS, [ENERGY, "Active_Power_Total"], 60.0)
        self.asked: list[Request] = []
        self.memory = {"key": "text"}
        self.journal = Journal(
            self.disk, [self.meter], self.audit, self.handle, lambda: self.memory,
            every=every, sample=60, retention=2,
        )  # fmt: skip

    def handle(self, request: Request, now: Instant) -> str:
        self.asked.append(request)
        if request.action == "wrong":
            raise SubmeterError("that cannot be")
        return "done"

    async def run(self, first: int, last: int, step: float = 0.0) -> None:
        for second in range(first, last):
            numbers: dict[str, Any] = {ENERGY: (100 + second) * WH, "Active_Power_Total": 3.6}
            self.meter.update(values(numbers), at(second, step))
            self.meter.tick(at(second, step))
            await self.journal.second(at(second, step))

    @property
    def index(self) -> Any:
        return self.meter.readings[ENERGY].value


async def test_an_index_is_shown_once_it_is_on_the_disk() -> None:
    bench = Bench()
    await bench.run(0, 40)
    assert bench.index == bench.disk.indexes[-1]
    counted = bench.meter.energy.totals[ENERGY]
    assert counted is not None
    assert bench.index < counted
    assert bench.disk.indexes[0] == 100 * WH, "the first one does not wait for its turn"
    assert len(bench.disk.pages) == 1 + 1 + 3


async def test_nothing_is_shown_while_the_disk_writes() -> None:
    bench = Bench()
    await bench.run(0, 12)
    before = bench.index
    bench.disk.gate = asyncio.Event()
    commit = asyncio.ensure_future(bench.journal.commit(at(13)))
    bench.meter.update(values({ENERGY: 113 * WH}), at(13))
    await asyncio.sleep(0.01)
    assert bench.index == before
    bench.disk.gate.set()
    await commit
    assert bench.index > before


async def test_a_full_disk_loses_nothing_and_is_told(caplog: pytest.LogCaptureFixture) -> None:
    bench = Bench()
    await bench.run(-5, 30)
    stays, pages = bench.index, len(bench.disk.pages)
    bench.disk.error = StoreError("the disk is full")
    await bench.run(30, 1000)
    assert bench.index == stays
    assert bench.meter.readings[ENERGY].quality is Quality.MEASURED
    assert bench.meter.readings[ERROR].value == 1
    assert bench.meter.readings["Meter_Error_Reason"].value == 1
    bench.disk.error = None
    await bench.run(1000, 1020)
    assert bench.meter.readings[ERROR].value == 0
    page = bench.disk.pages[pages]
    assert [sample.at for sample in page.samples] == [BEGIN + 60 * n for n in range(1, 17)]
    assert [(each.start, each.end) for each in page.intervals] == [(BEGIN, BEGIN + 900)]
    assert page.indexes
    events = [entry.event for page in bench.disk.pages for entry in page.audits]
    assert events.count("store_failed") == events.count("store_good") == 1


async def test_an_error_that_nobody_expected_loses_nothing_either() -> None:
    bench = Bench()
    await bench.run(0, 30)
    bench.disk.error = RuntimeError("a fault of ours")
    bench.audit.note("swap", "one", at=at(30))
    with pytest.raises(RuntimeError):
        await bench.journal.commit(at(30))
    bench.disk.error = None
    await bench.journal.commit(at(31))
    page = bench.disk.pages[-1]
    assert [row.point for row in page.indexes] == [ENERGY]
    assert [entry.event for entry in page.audits] == ["swap"]


async def test_who_is_cancelled_does_not_take_a_commit_back() -> None:
    bench = Bench()
    await bench.run(0, 12)
    pages = len(bench.disk.pages)
    bench.disk.gate = asyncio.Event()
    task = asyncio.ensure_future(bench.journal.commit(at(13)))
    await asyncio.sleep(0)
    task.cancel()
    closing = asyncio.ensure_future(bench.journal.close())
    await asyncio.sleep(0.01)
    bench.disk.gate.set()
    await closing
    assert len(bench.disk.pages) == pages + 2
    assert bench.disk.pages[-1].notes["state"] == "stopped"
    assert bench.index == bench.disk.indexes[-1]


async def test_samples_do_not_pile_up_for_ever() -> None:
    bench = Bench()
    await bench.run(0, 12)
    bench.disk.error = StoreError("full")
    for minute in range(1, MOST_SAMPLES + 10):
        await bench.journal.second(at(60 * minute))
    bench.disk.error = None
    await bench.journal.commit(at(60 * MOST_SAMPLES + 600))
    assert len(bench.disk.pages[-1].samples) == MOST_SAMPLES


async def test_requests_are_answered_once_they_are_on_the_disk() -> None:
    bench = Bench()
    await bench.run(0, 3)
    for number, action in ((7, "set"), (8, "wrong")):
        bench.disk.asked = [Request(number, 0, "anna", action, "one", {})]
        pages = len(bench.disk.pages)
        await bench.journal.second(at(3 + number))
        assert len(bench.disk.pages) > pages
    assert bench.disk.answers == [(7, "done", True), (8, "that cannot be", False)]


async def test_notes_are_written_when_they_change() -> None:
    bench = Bench(every=1.0)
    await bench.run(0, 5)
    assert [page.notes for page in bench.disk.pages if page.notes] == [{"key": "text"}]
    bench.memory = {"key": "other"}
    await bench.run(5, 8)
    assert [page.notes for page in bench.disk.pages if page.notes][1:] == [{"key": "other"}]


async def test_a_clock_that_is_set_is_told_and_closes_no_interval_twice(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING)
    bench = Bench()
    await bench.run(-5, 1000)
    await bench.run(1000, 1100, step=-3600.0)
    assert caplog.text.count("event=clock_stepped") == 1
    assert bench.meter.readings["Meter_Error_Reason"].value == 3
    await bench.run(1100, 2000)
    assert bench.meter.readings[ERROR].value == 0
    intervals = [each for page in bench.disk.pages for each in page.intervals]
    assert [each.start for each in intervals] == [BEGIN, BEGIN + 900]
    assert [each.stepped for each in intervals] == [False, True]
    events = [entry.event for page in bench.disk.pages for entry in page.audits]
    assert events.count("clock_stepped") == 2


async def test_old_samples_are_deleted_once_an_hour() -> None:
    bench = Bench()
    await bench.journal.second(at(0))
    await bench.journal.second(at(1))
    await bench.journal.second(at(3601))
    assert bench.disk.pruned == [BEGIN - 2 * 86_400, BEGIN + 3601 - 2 * 86_400]
