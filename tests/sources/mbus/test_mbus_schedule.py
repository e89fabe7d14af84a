"""Turns on a line with many meters."""

import asyncio
import logging
from contextlib import ExitStack

import pytest

from submeter.sources.mbus import schedule
from submeter.sources.mbus.schedule import Member, Schedule
from submeter.sources.port import Line, Socket
from submeter.sources.shared_line import SharedLine


def test_one_schedule_for_a_line() -> None:
    line, other = (SharedLine(Socket("192.0.2.1", port), Line(2400, "8E1")) for port in (1, 2))
    assert schedule.of(line) is schedule.of(line)
    assert schedule.of(line) is not schedule.of(other)


def test_first_readings_of_250_meters_are_spread_over_a_period() -> None:
    plan = Schedule("line")
    with ExitStack() as stack:
        waits = [stack.enter_context(plan.joined(Member(60.0))) for _ in range(250)]
    assert waits[0] == 0
    assert waits == sorted(set(waits))
    assert waits[-1] == pytest.approx(60 * 249 / 250)
    with plan.joined(Member(3600.0)), plan.joined(Member(3600.0)) as wait:
        assert wait == 1.0


def test_a_line_that_is_too_full_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    plan = Schedule("line")
    members = [Member(10.0) for _ in range(20)]
    with ExitStack() as stack:
        for each in members:
            stack.enter_context(plan.joined(each))
        full = []
        for seconds in (0.4, 0.5, 0.5, 0.3):
            for each in members:
                plan.took(each, seconds)
            full.append(plan.full)
        assert full == [False, True, True, False]
        (told,) = (record.getMessage() for record in caplog.records)
        assert told.startswith("event=mbus_line_full port=line meters=20 load=0.9")
    assert plan.load == 0


async def run(plan: Schedule, seconds: float, turns: list[float]) -> None:
    while True:
        await plan.silent_turn(seconds)
        turns.append(asyncio.get_running_loop().time())


async def test_silent_meters_get_a_small_share(monkeypatch: pytest.MonkeyPatch) -> None:
    plan, turns = Schedule("line"), list[float]()
    with plan.joined(member := Member(10.0)):
        plan.took(member, 1.0)
        tasks = [asyncio.create_task(run(plan, 0.005, turns)) for _ in range(3)]
        await asyncio.sleep(0.22)
        for task in tasks:
            task.cancel()
        # Each takes 0.005 s and then leaves ten times as much.
        assert 2 <= len(turns) <= 5


async def test_one_that_comes_back_lets_the_next_one_try(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule, "LOOK", 0.01)
    plan, turns = Schedule("line"), list[float]()
    with plan.joined(member := Member(10.0)):
        plan.took(member, 1.0)
        task = asyncio.create_task(run(plan, 100.0, turns))
        await asyncio.sleep(0.03)
        assert len(turns) == 1
        plan.took(member, 1.0, returned=True)
        await asyncio.sleep(0.05)
        assert len(turns) == 2
        task.cancel()
