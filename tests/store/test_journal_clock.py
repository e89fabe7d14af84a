"""What the journal does by the clock, and what not before it can be believed."""

import logging

import pytest

from store.journals import BEGIN, ERROR, Bench, at
from submeter.store.retention import CHUNK


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
    for second in (0, 1, 3599, 3600, 3601, 7200):
        await bench.journal.second(at(second))
    assert bench.disk.pruned == [BEGIN + each - 2 * 86_400 for each in (3600, 7200)]


async def test_many_old_samples_are_deleted_a_few_each_second() -> None:
    bench = Bench()
    bench.disk.old = 2 * CHUNK + 1
    await bench.journal.second(at(0))
    for second in range(3600, 3610):
        before = len(bench.disk.pruned)
        await bench.journal.second(at(second))
        assert len(bench.disk.pruned) <= before + 1
    assert len(bench.disk.pruned) == 3


YEARS = 14 * 365 * 86_400.0


async def test_a_boot_with_a_clock_far_ahead_deletes_and_closes_nothing() -> None:
    bench = Bench(right=False)
    for second in (0, 1, 1800, 3590):
        await bench.run(second, second + 1, step=YEARS)
    bench.right = None
    for second in (3595, 3600, 3700, 7000):
        await bench.run(second, second + 1)
    assert bench.disk.pruned == []
    assert bench.intervals() == []
    bench.right = True
    await bench.run(7060, 9100)
    assert bench.disk.pruned
    assert min(bench.disk.pruned) > BEGIN - 2 * 86_400
    assert bench.intervals() == [(BEGIN + n, BEGIN + n + 900) for n in (7200, 8100)]


async def test_without_a_time_service_an_hour_without_a_step_is_enough() -> None:
    bench = Bench(right=None)
    for second in range(0, 3600, 10):
        await bench.journal.second(at(second))
    assert bench.disk.pruned == []
    asked = bench.clock_asked
    assert asked == 60, "not for each meter, nor each second"
    for second in range(3600, 5000, 10):
        await bench.journal.second(at(second))
    assert bench.clock_asked == asked
    assert bench.disk.pruned
