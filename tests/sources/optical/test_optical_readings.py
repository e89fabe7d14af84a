"""Readings of a meter at the optical port, one after the other: which are believed, and when."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from submeter.errors import Condition, LinkError
from submeter.meter.instant import Instant
from submeter.meter.reading import Update
from submeter.meter.register import Register
from submeter.pointmap import source_map
from submeter.sources.optical import source, text_dialogue
from submeter.sources.optical.settings import OpticalSettings
from submeter.sources.optical.source import OpticalSource
from submeter.sources.port import Device, Replay, Spec
from submeter.sources.recording import FIRST, Piece
from submeter.sources.source import supervise
from tooling.iec_meter import IecMeter, block

MAP = source_map.load("e350-text")
NAME = "Active_Energy_Import"
DAY = 86_400.0
SLOW = "PAFXEC3"  # a meter of mode A: no change of speed takes its time
Published = list[tuple[Update, Instant]]


def readout(kwh: float, *more: str) -> bytes:
    return block(["C.1.0(777)", f"1.8.0({kwh:010.3f}*kWh)", "32.7(230*V)", *more])


def made(spec: Spec, period: float = DAY) -> OpticalSource:
    read = OpticalSettings(port="/dev/x", map="e350-text", mode="text", timezone="UTC")
    read = read.model_copy(update={"period": period, "pause": 0.01})
    return OpticalSource("o", spec, read, MAP, None)


async def published(readouts: Sequence[bytes], wanted: Callable[[Published], object]) -> Published:
    """Return what is published of a meter that sends `readouts`, until it is what is wanted."""
    meter = IecMeter(SLOW, readouts)
    with meter.port as port:
        return await heard(made(Device(Path(port.node))), wanted)


async def heard(reader: OpticalSource, wanted: Callable[[Published], object]) -> Published:
    found: Published = []
    task = asyncio.create_task(reader.run(lambda update, at: found.append((update, at))))
    try:
        async with asyncio.timeout(8):
            while not wanted(found) and not task.done():
                await asyncio.sleep(0.01)
    finally:
        task.cancel()
        ((error,),) = [await asyncio.gather(task, return_exceptions=True)]
    if isinstance(error, LinkError):
        raise error
    return found


def indexes(found: Published) -> list[int]:
    return [int(update.values[NAME].number) for update, _ in found]


async def test_an_index_is_confirmed_at_once_even_if_the_period_is_a_day() -> None:
    found = await published([readout(1234.5), readout(1234.501)], lambda found: len(found) == 2)
    assert indexes(found) == [1_234_500_000, 1_234_501_000]
    (_, first), (_, second) = found
    assert first.mono < second.mono, "each has its own time"
    register = Register(MAP.dials()[NAME], MAP.largest_power)
    for update, at in found:
        register.take(int(update.values[NAME].number), at, update.instrument)
    assert (register.reading, register.accepted) == (1_234_500_000, first)


@pytest.mark.parametrize("false", [readout(9234.5), block(["C.1.0(777)"])])
async def test_a_readout_that_the_next_one_does_not_bear_out_is_not_passed_on(false: bytes) -> None:
    true = [readout(1234.5), readout(1234.501)]
    found = await published([true[0], false, *true], lambda found: len(found) == 2)
    assert indexes(found) == [1_234_500_000, 1_234_501_000]


async def test_a_change_of_tariff_may_take_an_index() -> None:
    more = "2.8.0(000007.000*kWh)"
    found = await published([readout(10, more), readout(10)], lambda found: len(found) == 2)
    assert indexes(found) == [10_000_000, 10_000_000]


async def test_a_readout_that_follows_the_last_believed_one_is_passed_on_at_once() -> None:
    """And the next one confirms it, or does not."""
    meter = IecMeter(SLOW, [readout(n) for n in (10, 10, 10.001, 900, 10.001, 10.002)])
    asked: list[int] = []
    with meter.port as port:
        reader = made(Device(Path(port.node)), 0.01)
        task = asyncio.create_task(reader.run(lambda update, _: asked.append(len(meter.heard))))
        try:
            async with asyncio.timeout(8):
                while len(asked) < 5:
                    await asyncio.sleep(0.01)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
    assert asked[:5] == [2, 2, 3, 6, 6]


async def test_the_value_and_its_origin_are_of_the_time_of_the_readout() -> None:
    meter = IecMeter(SLOW, [readout(10)])
    origins = []
    with meter.port as port:
        reader = made(Device(Path(port.node)))

        def publish(update: Update, at: Instant) -> None:
            origin = reader.origin(NAME)
            assert origin
            origins.append((origin.at, at))

        task = asyncio.create_task(reader.run(publish))
        try:
            async with asyncio.timeout(8):
                while len(origins) < 2:
                    await asyncio.sleep(0.01)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
    assert all(origin == at for origin, at in origins)
    assert origins[0][0].mono < origins[1][0].mono


async def test_readouts_that_never_agree_are_noise() -> None:
    series = [readout(1000 + 50 * n) for n in range(2 * source.READOUTS)]
    with pytest.raises(LinkError, match="bears out") as caught:
        await published(series, bool)
    assert caught.value.condition is Condition.NOISE


async def test_the_first_reading_proves_what_the_meter_does_not_have() -> None:
    found = await published([readout(1)], bool)
    assert "Active_Energy_Export" in found[0][0].absent


async def test_two_readings_that_fail_are_no_loss_of_the_link(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(text_dialogue, "REACTION", 0.05)
    monkeypatch.setattr(source, "RETRY", 0.01)
    meter = IecMeter(SLOW, [readout(1)])
    updates: list[Update] = []

    async def more(misses: int) -> None:
        """Let so many readings fail, and wait for the next good one."""
        meter._ignored = misses * text_dialogue.SIGN_ON_TRIES
        before = len(updates)
        async with asyncio.timeout(8):
            while meter._ignored or len(updates) < before + 3:
                await asyncio.sleep(0.01)

    with meter.port as port:
        reader = made(Device(Path(port.node)), 0.01)
        task = asyncio.create_task(supervise(reader, lambda update, _: updates.append(update), 0.1))
        for misses in (0, source.MISSES - 1, source.MISSES - 1):
            await more(misses)
        lost = [each for each in caplog.messages if "link_down" in each]
        assert not lost
        await more(source.MISSES)
        assert [each for each in caplog.messages if "link_down" in each]
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_recording_goes_on_where_it_ends(tmp_path: Path) -> None:
    """Nobody can be asked a second time, so every readout counts."""
    file, at, lines = tmp_path / "readouts", 0.0, [FIRST + b"\n"]
    for kwh in (100.5, 101.5, 102.5):
        for data in (b"/LGZ4ZMF100AC.M23\r\n", readout(kwh)):
            lines.append(Piece(at, data).line())
            at += 2
    file.write_bytes(b"".join(lines))
    found = await heard(made(Replay(file, 1000.0), 0.01), lambda found: len(found) >= 6)
    assert [each // 10**5 for each in indexes(found[:6])] == [1005, 1015, 1025, 1025, 1035, 1045]
    ((instrument,),) = [{update.instrument or "" for update, _ in found}]
    assert instrument.startswith("777 replay ")
