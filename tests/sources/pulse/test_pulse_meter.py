"""Pulses up to the index that a meter shows: over restarts, kills and another weight."""

import asyncio
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from submeter.meter.feed import Feed
from submeter.meter.instant import Instant
from submeter.meter.meter import Draft, Meter
from submeter.meter.setup import Saved
from submeter.pointmap import points
from submeter.sources.pulse import source as module
from submeter.sources.pulse.settings import PulseSettings
from submeter.sources.pulse.source import PulseSource
from tooling.fake_gpiod import FakeGpiod

ENERGY = "Active_Energy_Import"
POINTS = tuple(points.all_points().values())


@pytest.fixture
def gpiod(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeGpiod]:
    fake = FakeGpiod()
    monkeypatch.setitem(sys.modules, "gpiod", fake)
    monkeypatch.setattr(module, "HEARTBEAT", 0.01)
    monkeypatch.setattr(module, "SHORTEST", 0.001)
    yield fake
    fake.close()


class Run:
    """One run of the program, from what was committed before."""

    def __init__(self, folder: Path, weight: str, kept: tuple[Draft, str] | None) -> None:
        settings = {"gpio": {"line": 17}, "weight": weight, "initial": 100}
        self.source = PulseSource("s", PulseSettings.model_validate(settings), folder / "count")
        saved = Saved()
        if kept:
            draft, text = kept
            saved = Saved(states={point: state for point, (_, state) in draft.indexes.items()})
            self.source.restore(text)
        source = self.source
        feed = Feed("s", source.expected, source.max_age, source.dials)
        self.meter = Meter("main", POINTS, [feed], saved=saved, start=Instant.now())

    def commit(self) -> tuple[Draft, str]:
        """Do what the journal does."""
        draft, text = self.meter.draft(everything=True), self.source.saved()
        self.meter.commit(draft, Instant.now())
        return draft, text

    async def count(self, gpiod: FakeGpiod, pulses: int, wanted: int) -> None:
        """Let the contact close `pulses` times, and wait until the index is `wanted`."""
        task = asyncio.create_task(self.source.run(self.meter.update))
        await asyncio.sleep(0.001)
        request, at = gpiod.requests[-1], time.monotonic_ns() - 10**10
        for number in range(2 * pulses):
            request.edge(number % 2 == 0, at + number * 50_000_000)
        try:
            async with asyncio.timeout(5):
                while self.meter.energy.totals[ENERGY] != wanted:
                    await asyncio.sleep(0.005)
            await asyncio.sleep(0.05)
            assert self.meter.energy.totals[ENERGY] == wanted
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def runs(
    folder: Path, gpiod: FakeGpiod, steps: Sequence[tuple[str, int, bool, int]]
) -> list[str]:
    """Run by weight, pulses, whether it is committed at the end, and index in mWh."""
    kept, events = None, []
    for weight, pulses, commits, wanted in steps:
        run = Run(folder, weight, kept)
        await run.count(gpiod, pulses, wanted)
        kept = run.commit() if commits or kept is None else kept
        events += [entry.event for entry in run.meter.audit.take(None)]
    return events


async def test_what_was_not_committed_is_counted_after_a_kill(
    gpiod: FakeGpiod, tmp_path: Path
) -> None:
    steps = [
        ("1/3 Wh", 1, True, 100_000_333),
        ("1/3 Wh", 4, False, 100_001_666),
        ("1/3 Wh", 0, False, 100_001_666),
        ("1/3 Wh", 1, True, 100_002_000),
    ]
    assert await runs(tmp_path, gpiod, steps) == []


async def test_another_weight_goes_on_from_the_index(gpiod: FakeGpiod, tmp_path: Path) -> None:
    steps = [
        ("1 Wh", 50, True, 100_050_000),
        ("10 Wh", 0, True, 100_050_000),
        ("10 Wh", 3, True, 100_080_000),
    ]
    assert await runs(tmp_path, gpiod, steps) == ["instrument_changed"]
