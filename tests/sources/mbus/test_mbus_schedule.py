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


async def test_silent_meters_get_a_small_share() -> None:
    plan, turns = Schedule("line"), list[float]()
    with plan.joined(member := Member(10.0)):
        plan.took(member, 1.0)
        tasks = [asyncio.create_task(run(plan, 0.005, turns)) for _ in range(3)]
        await asyncio.sleep(0.22)
        for task in tasks:
            task.cancel()
        # Each takes 0.005 s and then leaves ten times as much.
        assert 2 <= len(turns) <= 5


async def test_one_that_comes_back_lets_the_next_one_try() -> None:
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


async def test_a_meter_that_falls_silent_takes_no_time() -> None:
    plan, one, other = Schedule("line"), Member(10.0), Member(10.0)
    with plan.joined(one), plan.joined(other):
        plan.took(one, 2.0)
        plan.took(other, 1.0)
        plan.lost(one, 0.0)
        assert plan.load == pytest.approx(0.1)
        plan.lost(other, 0.0)
        assert plan.load == 0


@pytest.mark.parametrize("answering", [True, False])
async def test_a_line_that_fell_silent_is_asked_more_often(answering: bool) -> None:
    """Half of its time is asked, where there is nobody whom it disturbs."""
    plan, one, found = Schedule("line"), Member(10.0), list[float]()
    with plan.joined(one):
        plan.took(one, 1.0)
        if not answering:
            plan.lost(one, 0.0)
        task = asyncio.create_task(run(plan, 0.02, found))
        await asyncio.sleep(0.15)
        task.cancel()
    assert (len(found) == 1) == answering


async def test_all_that_wait_go_on_at_once_when_the_line_comes_back() -> None:
    plan, one, found = Schedule("line"), Member(10.0), list[float]()

    async def return_(member: Member) -> None:
        await plan.silent_turn(100.0)
        plan.took(member, 0.01, returned=True)
        found.append(asyncio.get_running_loop().time())

    with plan.joined(one):
        await plan.silent_turn(100.0)
        tasks = [asyncio.create_task(return_(Member(10.0))) for _ in range(20)]
        await asyncio.sleep(0.01)
        assert found == []
        plan.took(one, 0.01, returned=True)
        async with asyncio.timeout(0.5):
            await asyncio.gather(*tasks)


async def test_a_pause_that_others_needed_ends_when_they_fall_silent() -> None:
    plan, one, found = Schedule("line"), Member(10.0), list[float]()
    with plan.joined(one):
        plan.took(one, 1.0)
        task = asyncio.create_task(run(plan, 0.05, found))
        await asyncio.sleep(0.12)
        assert len(found) == 1
        plan.lost(one, 0.0)
        await asyncio.sleep(0.01)
        task.cancel()
    assert len(found) == 2
