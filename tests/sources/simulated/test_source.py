"""The simulated household as a source."""

import asyncio
from types import SimpleNamespace

import pytest

from submeter.meter.instant import Instant
from submeter.meter.reading import Update
from submeter.sources.simulated import source
from submeter.sources.simulated.household import POINTS, Household
from submeter.sources.simulated.settings import SimulatedSettings
from submeter.sources.simulated.source import SimulatedSource


async def lived(made: SimulatedSource, seconds: int) -> list[Update]:
    """Return the updates of the first `seconds`."""
    updates: list[Update] = []
    enough = asyncio.Event()

    def publish(update: Update, at: Instant) -> None:
        updates.append(update)
        if len(updates) >= seconds:
            enough.set()

    task = asyncio.create_task(made.run(publish))
    async with asyncio.timeout(5):
        await enough.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    return updates[:seconds]


async def test_it_publishes_the_household_second_by_second(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "STEP_SECONDS", 0.001)
    made = SimulatedSource("one", SimulatedSettings(seed=7, solar=3000), second_of_day=43_000)
    household = Household(7, 43_000, 3000)
    for update in await lived(made, 5):
        expected = household.step().numbers()
        assert {name: value.number for name, value in update.values.items()} == expected
        assert update.values.keys() == made.expected.keys() == set(POINTS)


async def test_missed_seconds_are_caught_up(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    pauses: list[float] = []

    async def slow(seconds: float) -> None:
        pauses.append(seconds)
        clock[0] += max(0.0, seconds) + (3.5 if len(pauses) == 2 else 0)
        await asyncio.sleep(0)

    monkeypatch.setattr(source, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    monkeypatch.setattr(source, "asyncio", SimpleNamespace(sleep=slow))
    await lived(SimulatedSource("one", SimulatedSettings(), 0), 7)
    assert pauses[:7] == [1, 1, -2.5, -1.5, -0.5, 0.5, 1]


def test_description() -> None:
    made = SimulatedSource("one", SimulatedSettings(seed=7), 0)
    assert made.describe() == "simulated household, seed 7"
    assert made.max_age == 10
