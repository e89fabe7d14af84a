"""A meter of three boards: what it shows while one is lost, and what it counts once it is back."""

import asyncio

import pytest

from submeter.errors import Condition, LinkError
from submeter.meter.reading import Quality
from submeter.sources.rp2040 import source as module
from tooling.clamp_records import IdealBoard, Load
from tooling.clamp_source import Bench, publish_nothing

IMPORT, EXPORT, TOTAL = "Active_Energy_Import", "Active_Energy_Export", "Active_Power_Total"
MWH = 2300 / 3.6  # of 10 A at 230 V in a second
PHASES = ("L1", "L2", "L3")


def bench(*loads: Load) -> Bench:
    boards = {phase: {"board": f"e660{phase}", "clamp": 2} for phase in PHASES}
    ideals = [
        IdealBoard(uid=f"e660{phase.lower()}", boot=phase, loads=(Load(1), load, Load(1)))
        for phase, load in zip(PHASES, loads or (Load(10),) * 3, strict=True)
    ]
    return Bench({"boards": boards, "clamp": {"current": 50}, "snapshot": 0}, *ideals)


async def test_all_phases_and_their_sum_become_visible_together() -> None:
    async with bench(Load(10), Load(20), Load(5, 60)).running() as three:
        three.live(4)
        assert len(three.updates) == 3
        assert three.value("Active_Power_L2") == pytest.approx(4.6, rel=1e-4)
        assert three.value(TOTAL) == pytest.approx(2.3 + 4.6 + 0.575, rel=1e-4)
        assert three.value(IMPORT) == pytest.approx(3 * 3.25 * MWH, abs=2)
        assert {each.quality for each in three.updates[-1].values.values()} == {Quality.MEASURED}
        assert three.source.identity == "e660l1+e660l2+e660l3"
    assert three.source.describe() == (
        "rp2040 board:e660L1 (clamps L1: 2, voltage of L1), board:e660L2 (clamps L2: 2, voltage "
        "of L2), board:e660L3 (clamps L3: 2, voltage of L3)"
    )
    assert three.source.largest_power == pytest.approx(3 * 50 * 1.65 * 276)
    assert [each.uid for each in three.source.raw()] == ["e660l1", "e660l2", "e660l3"]


async def test_what_one_phase_feeds_in_is_taken_from_what_the_others_draw() -> None:
    async with bench(Load(10, 180), Load(4), Load(4)).running() as three:
        three.live(11)
        assert three.value(EXPORT) == pytest.approx(10 * MWH * 0.2, abs=2)
        assert three.value(IMPORT) == 0
        assert three.value(TOTAL) == pytest.approx(-0.46, rel=1e-3)


async def test_a_phase_that_is_lost_is_missed_and_counted_later() -> None:
    async with bench().running() as three:
        three.live(10)
        before = three.value(IMPORT)
        three.live(20, silent="L2")
        last = three.updates[-1].values
        assert {"Active_Power_L1", "Active_Power_L3", "Voltage_L3_N", "Frequency"} <= last.keys()
        assert {TOTAL, IMPORT, "Power_Factor_Total", "Active_Power_L2"}.isdisjoint(last)
        quality = {
            name: three.meter.readings[name].quality for name in (TOTAL, IMPORT, "Voltage_L2_N")
        }
        assert set(quality.values()) == {Quality.STALE}
        three.live(3)
        assert three.value(IMPORT) == pytest.approx(before + 3 * 23 * MWH, abs=3)
        assert three.value(TOTAL) == pytest.approx(6.9, rel=1e-3)
        before_last = three.updates[-2].values[IMPORT].number  # the last one is not borne out yet
        assert three.meter.energy.totals[IMPORT] == before_last
        assert three.meter.energy.refused == 0


async def test_what_waits_for_a_lost_phase_outlasts_a_restart() -> None:
    three = bench()
    async with three.running():
        three.live(10)
        three.live(5, silent="L3")
        saved = three.source.saved()
    three.source = three.made()
    three.source.restore(saved)
    async with three.running():
        three.live(4)
        assert three.value(IMPORT) == pytest.approx(3 * 18 * MWH, abs=3)


async def test_an_estimate_that_waits_for_a_lost_phase_is_one_later() -> None:
    async with bench().running() as three:
        three.live(3)
        three.ideals["L1"].saturated[2] += 7
        three.live(2, silent="L3")
        three.live(1)
        assert three.updates[-1].values[IMPORT].quality is Quality.ESTIMATED
        assert three.updates[-1].values[TOTAL].quality is Quality.MEASURED
        three.live(1)
        assert three.updates[-1].values[IMPORT].quality is Quality.MEASURED


async def test_an_origin_is_that_of_the_phase_or_of_all() -> None:
    async with bench().running() as three:
        three.live(3)
        for point, phases in (("Active_Power_L2", ["L2"]), (TOTAL, list(PHASES))):
            found = three.source.origin(point)
            assert found
            boards = [text for name, text in found.labels if name == "board"]
            assert boards == [f"e660{phase.lower()} run {phase} record 3" for phase in phases]
        found = three.source.origin("Voltage_Dips")
        assert found
        assert [name for name, _ in found.labels] == ["board", "events"] * 3


async def test_one_port_that_is_lost_leaves_the_others(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    monkeypatch.setattr(module, "FIRST_PAUSE", 0.001)
    monkeypatch.setattr(module, "LONGEST_PAUSE", 0.002)
    async with bench().running() as three:
        three.live(3)
        board = three.boards["L2"]
        for _ in range(3):
            board.lose(Condition.NO_DEVICE)
            listens = board.listens
            async with asyncio.timeout(5):
                while board.listens == listens:
                    await asyncio.sleep(0.001)
        troubles = [three.source.trouble]
        three.live(2)
        troubles.append(three.source.trouble)
        assert troubles == [Condition.NO_DEVICE, None]
        assert three.value(IMPORT) == pytest.approx(3 * 4 * MWH, abs=3)
    told = [record.getMessage() for record in caplog.records if record.name == module.__name__]
    assert told == [
        'event=board_lost source=m phase=L2 reason="it was unplugged"',
        "event=board_back source=m phase=L2",
    ]


async def test_the_link_is_lost_with_the_last_board() -> None:
    three = bench()
    task = asyncio.create_task(three.source.run(publish_nothing))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    three.boards["L1"].lose()
    three.boards["L3"].lose()
    await asyncio.sleep(0.01)
    assert not task.done()
    three.boards["L2"].lose(Condition.BUSY)
    with pytest.raises(LinkError) as error:
        await task
    assert error.value.condition is Condition.BUSY
    assert not any(board.ears for board in three.boards.values())
    again = asyncio.create_task(three.source.run(publish_nothing))
    await asyncio.sleep(0.01)
    three.boards["L1"].lose()
    await asyncio.sleep(0.01)
    assert not again.done()
    again.cancel()
    await asyncio.gather(again, return_exceptions=True)


async def test_a_board_that_came_back_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FIRST_PAUSE", 0.001)
    async with bench().running() as three:
        three.live(2)
        three.boards["L1"].lose()
        async with asyncio.timeout(5):
            while three.boards["L1"].listens < 2:
                await asyncio.sleep(0.001)
        three.live(2)
        monkeypatch.setattr(module, "FIRST_PAUSE", 60.0)
        three.boards["L2"].lose()
        three.boards["L3"].lose()
        await asyncio.sleep(0.02)
        three.live(2)
        assert "Active_Power_L1" in three.updates[-1].values


async def test_three_boards_that_stay_away_are_told_once(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FIRST_PAUSE", 60.0)
    three = bench()
    for _ in range(3):
        task = asyncio.create_task(three.source.run(publish_nothing))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        for board in three.boards.values():
            board.lose()
        with pytest.raises(LinkError):
            await task
    told = [record.getMessage() for record in caplog.records if record.name == module.__name__]
    assert len(told) == 3


async def test_one_reset_is_a_reset_and_new_settings_are_none() -> None:
    async with bench().running() as three:
        three.live(3)
        three.ideals["L2"].reset("new", "watchdog")
        three.ideals["L3"].reset("other", "settings")
        three.live(2)
        assert three.value("Board_Resets") == 1
        assert three.value(IMPORT) == pytest.approx(3 * 4 * MWH, abs=3)
