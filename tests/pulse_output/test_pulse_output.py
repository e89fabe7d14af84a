"""Pulses that follow the index of a meter."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from submeter.errors import LinkError
from submeter.meter.meter import Meter
from submeter.meter.reading import Quality, Reading
from submeter.pointmap import points
from submeter.pulse_output import pulse_output as module
from submeter.pulse_output.pulse_output import ACTIVE, PulseOutput
from submeter.pulse_output.settings import PulseOutputSettings
from tooling import meters

ENERGY = "Active_Energy_Import"
START = 5_000_000_000  # mWh


class Contact:
    """What was done to a contact, and when."""

    def __init__(self) -> None:
        self.done: list[tuple[float, bool]] = []
        self.fails = False
        self.closes = 0

    @property
    def pulses(self) -> int:
        return sum(active for _, active in self.done)

    def set(self, active: bool) -> None:
        if self.fails:
            raise LinkError("it is gone")
        self.done.append((asyncio.get_running_loop().time(), active))

    def close(self) -> None:
        self.closes += 1


class Site:
    """A meter with an index, and a contact."""

    def __init__(self, folder: Path) -> None:
        self.meter = MovedMeter(START)
        self.contact = Contact()
        self.file = folder / "file"

    def output(self, saved: str | None = None, **keys: Any) -> PulseOutput:
        settings = PulseOutputSettings(line=4, **{"width": 3, "pause": 3, **keys})
        made = PulseOutput(self.meter.meter, settings, lambda: self.contact, self.file)
        if saved:
            made.restore(saved)
        return made

    async def until(self, pulses: int) -> None:
        async with asyncio.timeout(5):
            while self.contact.pulses != pulses:
                await asyncio.sleep(0.002)

    async def quiet(self, pulses: int) -> None:
        await self.until(pulses)
        await asyncio.sleep(0.03)
        assert self.contact.pulses == pulses


class MovedMeter:
    """A meter whose committed index the test moves."""

    def __init__(self, index: int, point: str = ENERGY) -> None:
        every = points.all_points().values()
        self._point = point
        self.meter: Meter = meters.meter("main", every, [point], 60.0)
        self._second = 0.0
        self.meter.settings.set("Pulse_Constant", 1)
        self.show(index)

    def show(self, index: int) -> None:
        self._second += 36_000
        meters.know(self.meter, {self._point: index}, meters.at(self._second))


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


@asynccontextmanager
async def running(output: PulseOutput) -> AsyncIterator[None]:
    task = asyncio.create_task(output.run())
    await asyncio.sleep(0.005)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def state(site: Site) -> Reading:
    return site.meter.meter.readings[ACTIVE]


async def test_each_portion_of_energy_is_a_pulse_and_the_rest_is_kept(site: Site) -> None:
    output = site.output()
    async with running(output):
        await site.quiet(0)  # the whole index is no news
        site.meter.show(START + 3_700)
        await site.quiet(3)
        site.meter.show(START + 4_000)
        await site.quiet(4)
    assert output.sent == 4
    assert site.contact.closes == 1
    levels = [active for _, active in site.contact.done]
    assert levels == [False, *[True, False] * 4]


async def test_no_pulse_and_no_pause_is_shorter_than_told(site: Site) -> None:
    async with running(site.output(width=12, pause=20)):
        site.meter.show(START + 5_000)
        await site.until(5)
    times = [at for at, _ in site.contact.done[1:]]
    for place, (before, after) in enumerate(pairwise(times)):
        assert after - before >= (0.012 if place % 2 == 0 else 0.020) - 0.001


async def test_the_end_of_the_program_cuts_no_pulse_short(site: Site) -> None:
    async with running(site.output(width=40)):
        site.meter.show(START + 9_000)
        await site.until(1)
    (_, _), (up, _), (down, level) = site.contact.done
    assert not level
    assert down - up >= 0.039


async def test_a_restart_sends_what_is_due_and_nothing_twice(site: Site) -> None:
    first = site.output(pause=20)
    async with running(first):
        committed = first.saved()
        site.meter.show(START + 10_500)
        await site.until(4)
    # Killed: what was committed is old, the file is not.
    assert json.loads(committed)["mark"] == START
    async with running(site.output(committed)):
        await site.quiet(10)
        site.meter.show(START + 11_000)
        await site.quiet(11)


async def test_a_change_of_the_constant_keeps_the_remainder(site: Site) -> None:
    site.meter.meter.settings.set("Pulse_Constant", 10)
    output = site.output()
    async with running(output):
        site.meter.show(START + 19_500)
        await site.quiet(1)
        site.meter.meter.settings.set("Pulse_Constant", 3)
        await site.quiet(1 + 3)
        assert output.due == 0
        site.meter.show(START + 22_000)
        await site.quiet(1 + 4)


async def test_an_index_that_jumps_is_bounded_and_told(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.meter.meter.settings.set("Pulse_Constant", 100)
    async with running(site.output(backlog=5)):
        site.meter.show(START + 1_000_050)
        await site.quiet(5)
        site.meter.show(START + 1_099_999)
        await site.quiet(5)
        site.meter.show(START + 1_100_000)  # the remainder was kept
        await site.quiet(6)
    assert "event=pulse_output_skipped meter=main pulses=5 weight=100000" in caplog.text
    told = [entry.event for entry in site.meter.meter.audit.take(None)]
    assert told.count("pulse_output_skipped") == 1


async def test_a_contact_that_fails_sends_its_pulse_later(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "FIRST_PAUSE", 0.01)
    output = site.output()
    assert state(site)[:2] == (0, Quality.MEASURED)
    async with running(output):
        assert state(site).value == 1
        site.contact.fails = True
        site.meter.show(START + 2_000)
        await asyncio.sleep(0.05)
        assert state(site).value == 0
        assert output.due == 2
        site.contact.fails = False
        await site.quiet(2)
        assert state(site).value == 1
    assert caplog.text.count('event=pulse_output_failed meter=main reason="it is gone"') == 1


async def test_that_it_does_not_follow_is_told_once(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "BEHIND", 0.03)
    async with running(site.output()):
        site.meter.show(START + 20_000)
        await site.until(20)
    assert caplog.text.count("event=pulse_output_behind meter=main pulses=20") == 1
    assert caplog.text.count("event=pulse_output_follows meter=main") == 1


async def test_before_the_index_is_known_nothing_happens(site: Site) -> None:
    every = points.all_points().values()
    site.meter.meter = meters.meter("main", every, [ENERGY], 60.0)
    output = site.output()
    async with running(output):
        await site.quiet(0)
        assert output.due == 0
        assert json.loads(output.saved())["mark"] is None


async def test_a_chip_that_is_gone_in_a_pulse_keeps_no_program_from_its_end(site: Site) -> None:
    task = asyncio.create_task(site.output(width=40).run())
    await asyncio.sleep(0.005)
    site.meter.show(START + 5_000)
    await site.until(1)
    site.contact.fails = True
    task.cancel()
    done, _ = await asyncio.wait({task}, timeout=2)
    task.cancel()
    assert done
    assert task.cancelled()
    assert site.contact.closes == 1


async def test_a_volume_is_sent_in_litres(site: Site) -> None:
    site.meter = MovedMeter(START, "Volume")
    site.meter.meter.settings.set("Pulse_Constant", 10)
    async with running(site.output(point="Volume")):
        site.meter.show(START + 39_999)  # mL
        await site.quiet(3)
        site.meter.show(START + 40_000)
        await site.quiet(4)


@pytest.mark.parametrize("point", ["Volume_Flow", "Frequency", "Nothing"])
def test_only_an_index_can_be_followed(point: str) -> None:
    with pytest.raises(ValueError, match=f"'{point}' is no index"):
        PulseOutputSettings(line=1, point=point)
