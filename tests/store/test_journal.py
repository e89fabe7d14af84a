"""What is committed when, what is shown then, and what a failure loses: nothing."""

import asyncio

import pytest

from store.journals import BEGIN, ENERGY, ERROR, WH, Bench, at
from submeter.errors import StoreError
from submeter.meter.instant import Instant
from submeter.meter.meter import values
from submeter.meter.reading import Quality
from submeter.store.backlog import MOST_SAMPLES
from submeter.store.journal import MOST_WAITING
from submeter.store.page import AnswerRow


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
    assert [entry.event for entry in page.audits] == ["swap", "store_failed"]


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


async def test_an_answer_is_written_with_what_was_done() -> None:
    bench = Bench()
    await bench.run(-5, 3)
    pages = len(bench.disk.pages)
    bench.ask(7)
    bench.ask(8, "wrong")
    await bench.run(3, 4)
    (page,) = bench.disk.pages[pages:]
    assert page.answers == [AnswerRow(7, "done", True), AnswerRow(8, "that cannot be", False)]
    assert [entry.event for entry in page.audits] == ["swap"]


async def test_a_request_is_obeyed_once_whatever_the_disk_does() -> None:
    bench = Bench()
    await bench.run(-5, 3)
    bench.disk.error = StoreError("the disk is full")
    bench.ask(7)
    await bench.run(3, 40)
    assert [each.id for each in bench.asked] == [7]
    assert bench.disk.answers == []
    bench.disk.error = None
    await bench.run(40, 60)
    assert [each.id for each in bench.asked] == [7]
    assert bench.disk.answers == [AnswerRow(7, "done", True)]
    assert bench.events().count("swap") == 1


async def test_a_request_that_comes_back_is_answered_again_and_not_obeyed() -> None:
    bench = Bench()
    await bench.run(-5, 3)
    bench.ask(7)
    await bench.run(3, 5)
    bench.ask(7)
    await bench.run(5, 20)
    assert len(bench.asked) == 1
    assert bench.disk.answers == [AnswerRow(7, "done", True)] * 2


async def test_what_was_forgotten_but_waits_is_not_obeyed_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("submeter.store.journal.MOST_REMEMBERED", 1)
    bench = Bench()
    await bench.run(-5, 3)
    bench.disk.error = StoreError("the disk is full")
    bench.ask(7)
    bench.ask(8)
    await bench.run(3, 10)
    assert len(bench.asked) == 2


async def test_requests_wait_while_too_many_answers_do() -> None:
    bench = Bench()
    await bench.run(-5, 3)
    bench.disk.error = StoreError("the disk is full")
    for number in range(MOST_WAITING + 5):
        bench.ask(number)
    await bench.run(3, 8)
    assert len(bench.asked) == MOST_WAITING
    bench.disk.error = None
    await bench.run(8, 30)
    assert [each.id for each in bench.asked] == list(range(MOST_WAITING + 5))
    assert len(bench.disk.answers) == MOST_WAITING + 5


async def test_a_request_that_breaks_us_is_answered(caplog: pytest.LogCaptureFixture) -> None:
    bench = Bench()
    await bench.run(-5, 3)
    bench.ask(7, "broken")
    bench.ask(8)
    await bench.run(3, 20)
    failed, done = bench.disk.answers
    assert failed == AnswerRow(7, "failed: KeyError('a fault of ours')", False)
    assert done.ok
    assert caplog.text.count("event=request_failed id=7") == 1


async def test_notes_are_written_when_they_change() -> None:
    bench = Bench(every=1.0)
    await bench.run(0, 5)
    assert [page.notes for page in bench.disk.pages if page.notes] == [{"key": "text"}]
    bench.memory = {"key": "other"}
    await bench.run(5, 8)
    assert [page.notes for page in bench.disk.pages if page.notes][1:] == [{"key": "other"}]


async def test_repeated_refusals_are_counted_over_the_commits_of_a_minute(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bench = Bench()
    for second in range(100):
        bench.audit.note("write_refused", "one", "modbus 192.0.2.7", at=at(second), point="X")
        await bench.run(second, second + 1)
    monkeypatch.setattr(Instant, "now", lambda: at(100))
    await bench.journal.close()
    told = [e for page in bench.disk.pages for e in page.audits if e.event == "write_refused"]
    assert [entry.detail for entry in told] == ["point=X", "point=X count=59", "point=X",
        "point=X count=39"]  # fmt: skip


async def test_stopped_is_the_last_row_of_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Instant, "now", lambda: at(9))
    bench = Bench()
    bench.disk.gate = asyncio.Event()
    running = asyncio.ensure_future(bench.journal.commit(at(0)))
    await asyncio.sleep(0)
    closing = asyncio.ensure_future(bench.journal.close())
    await asyncio.sleep(0)
    for minutes in (5, 6, 7):
        bench.audit.note("setting_changed", "one", "modbus a", at=at(1), point="X", new=minutes)
    bench.disk.gate.set()
    await asyncio.gather(running, closing)
    told = [(entry.event, entry.detail) for entry in bench.disk.pages[-1].audits]
    assert told == [
        ("setting_changed", "point=X new=5"),
        ("setting_changed", "point=X new=7 count=2"),
        ("stopped", ""),
    ]
    assert bench.events().count("stopped") == 1
