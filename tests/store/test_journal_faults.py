"""Faults of ours: one meter that fails stops no other, and a fault is told once."""

import asyncio
import logging
from typing import Any

import pytest

from store.journals import BEGIN, ENERGY, ERROR, WH, Bench, at, shown


def refuse(*_: object, **__: object) -> Any:
    raise ZeroDivisionError("a fault of ours")


@pytest.mark.parametrize("step", ["draft", "commit", "close_interval", "instrument_time"])
async def test_a_meter_that_fails_stops_no_other(
    step: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    bench = Bench(names=("one", "two", "three"))
    await bench.run(-5, 30)
    two = bench.meters[1]
    with monkeypatch.context() as broken:
        broken.setattr(two, step, refuse)
        await bench.run(30, 1000)
        assert two.readings["Meter_Error_Reason"].value == 4
    for meter in (bench.meters[0], bench.meters[2]):
        assert shown(meter) >= (100 + 985) * WH
        assert meter.readings[ERROR].value == 0
    assert bench.intervals("three") == [(BEGIN, BEGIN + 900)]
    assert caplog.text.count("event=meter_failed") == 1
    assert caplog.text.count("event=meter_failed meter=two") == 1
    assert len(bench.disk.pages) < 130, "no faster than usual"
    await bench.run(1000, 1080)
    assert two.readings[ERROR].value == 0
    assert shown(two) >= (100 + 1060) * WH
    assert bench.intervals("two") == [(BEGIN, BEGIN + 900)]
    assert caplog.text.count("event=meter_mended meter=two") == 1


async def test_a_meter_that_fails_from_the_start_does_not_wear_the_disk(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bench = Bench(names=("one", "two"))
    monkeypatch.setattr(bench.meters[1], "commit", refuse)
    await bench.run(0, 100)
    assert len(bench.disk.pages) < 15


async def test_what_a_failing_meter_cannot_bear_out_waits_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its interval would end above its index, and its answer would be a promise."""
    bench = Bench(names=("one", "two"))
    await bench.run(-5, 890)
    with monkeypatch.context() as broken:
        broken.setattr(bench.meters[1], "draft", refuse)
        bench.ask(7, meter="two")
        bench.ask(8, meter="one")
        await bench.run(890, 930)
        assert bench.intervals("one")
        assert not bench.intervals("two")
        assert [row.request for row in bench.disk.answers] == [8]
    await bench.run(930, 950)
    assert bench.intervals("two") == [(BEGIN, BEGIN + 900)]
    assert [row.request for row in bench.disk.answers] == [8, 7]
    assert len(bench.asked) == 2


async def test_a_draft_that_may_not_be_on_the_disk_is_written_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bench = Bench(names=("one", "two"))
    await bench.run(-5, 30)
    two = bench.meters[1]

    def half(*arguments: Any, **keywords: Any) -> Any:
        type(two).draft(two, *arguments, **keywords)
        raise ZeroDivisionError

    with monkeypatch.context() as broken:
        broken.setattr(two, "draft", half)
        await bench.journal.commit(at(30))
    await bench.journal.commit(at(31))
    assert [row[:3] for row in bench.disk.pages[-1].indexes] == [("two", ENERGY, 128 * WH)]


async def test_a_failing_second_is_told_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    bench = Bench()
    monkeypatch.setattr("submeter.store.journal.SECOND", 0.001)
    monkeypatch.setattr(bench.disk, "requests", refuse)
    task = asyncio.ensure_future(bench.journal.run())
    await asyncio.sleep(0.1)
    task.cancel()
    await asyncio.wait([task])
    assert caplog.text.count("event=journal_failed") == 1


async def test_a_fault_at_each_commit_turns_meter_error_on() -> None:
    bench = Bench()
    await bench.run(-5, 30)
    bench.disk.error = RuntimeError("a fault of ours")
    with pytest.raises(RuntimeError):
        await bench.journal.commit(at(30))
    assert bench.meter.readings["Meter_Error_Reason"].value == 1
    bench.disk.error = None
    await bench.run(31, 50)
    assert bench.meter.readings[ERROR].value == 0
