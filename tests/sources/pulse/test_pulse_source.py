"""Pulses from the contact to the index of a meter, over restarts and losses."""

import asyncio
import errno
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from submeter.errors import Condition, LinkError
from submeter.meter.instant import Instant
from submeter.meter.reading import Quality, Update
from submeter.pointmap import points
from submeter.sources.pulse import powers
from submeter.sources.pulse import source as module
from submeter.sources.pulse.settings import PulseSettings
from submeter.sources.pulse.source import PulseSource
from submeter.sources.source import Remembering, Source
from tooling.fake_gpiod import FakeGpiod, FakeRequest

ENERGY, POWER = "Active_Energy_Import", "Active_Power_Total"


@pytest.fixture
def gpiod(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeGpiod]:
    fake = FakeGpiod()
    monkeypatch.setitem(sys.modules, "gpiod", fake)
    monkeypatch.setattr(module, "HEARTBEAT", 0.02)
    monkeypatch.setattr(module, "SHORTEST", 0.002)
    yield fake
    fake.close()


def source(folder: Path, **keys: Any) -> PulseSource:
    said = {"gpio": {"line": 17}, "weight": "1/3 Wh", "initial": 100, **keys}
    made = PulseSource("house", PulseSettings.model_validate(said), folder / "house.count")
    assert isinstance(made, Remembering)
    protocol: Source = made
    assert protocol.name == "house"
    return made


class Bench:
    """A source that runs, and what it published."""

    def __init__(self, request: FakeRequest, updates: list[Update]) -> None:
        self.request = request
        self.updates = updates
        self._at = time.monotonic_ns() - 10_000_000_000

    def pulse(self, times: int = 1, lost: int = 0) -> None:
        """Let the contact close and open, 30 ms each, in a time of its own."""
        for _ in range(times):
            for closed in (True, False):
                self._at += 30_000_000
                self.request.edge(closed, self._at, lost if closed else 0)

    def index(self) -> float | None:
        return self.updates[-1].values[ENERGY].number if self.updates else None

    async def until(self, true: Callable[[], object]) -> None:
        async with asyncio.timeout(5):
            while not true():
                await asyncio.sleep(0.002)


@asynccontextmanager
async def running(made: PulseSource, gpiod: FakeGpiod) -> AsyncIterator[Bench]:
    updates: list[Update] = []

    def publish(update: Update, at: Instant) -> None:
        updates.append(update)

    task = asyncio.create_task(made.run(publish))
    await asyncio.sleep(0)
    try:
        yield Bench(gpiod.requests[-1], updates)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_the_index_is_the_face_and_the_pulses_exactly(
    gpiod: FakeGpiod, tmp_path: Path
) -> None:
    made = source(tmp_path)
    async with running(made, gpiod) as bench:
        await bench.until(lambda: bench.index() == 100_000_000)
        assert POWER not in bench.updates[-1].values
        bench.pulse(2)
        await bench.until(lambda: bench.index() == 100_000_666)
        bench.pulse()
        await bench.until(lambda: bench.index() == 100_001_000)
        assert bench.updates[-1].values[POWER].quality is Quality.DERIVED
        count = len(bench.updates)
        await bench.until(lambda: len(bench.updates) > count + 2)  # it is alive without pulses
    assert len({update.instrument for update in bench.updates}) == 1
    origin = made.origin(ENERGY)
    assert origin
    assert origin.labels == (("pulses", "3 x 1/3 Wh"),)
    assert made.origin("Frequency") is None
    assert made.describe() == "pulse line 17 of /dev/gpiochip0 (1/3 Wh)"
    assert made.dials[ENERGY].step == 334
    assert made.expected == {ENERGY: Quality.MEASURED, POWER: Quality.DERIVED}


async def test_a_burst_is_published_a_few_times_only(
    gpiod: FakeGpiod, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SHORTEST", 0.05)
    async with running(source(tmp_path), gpiod) as bench:
        for _ in range(60):
            bench.pulse()
            await asyncio.sleep(0)
        await bench.until(lambda: bench.index() == 100_020_000)
        assert len(bench.updates) < 10


async def test_lost_edges_are_repaired_and_told(
    gpiod: FakeGpiod, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    made = source(tmp_path, weight="1 Wh")
    async with running(made, gpiod) as bench:
        bench.pulse()
        bench.pulse(lost=20)
        await bench.until(lambda: bench.index() == 100_012_000)
        await bench.until(lambda: made.dropped == 20)
        bench.pulse(lost=4)
        await bench.until(lambda: made.dropped == 24)
    told = [line for line in caplog.messages if "pulse_edges_lost" in line]
    assert told == ["event=pulse_edges_lost source=house edges=20 repaired=10"]


async def test_a_stuck_contact_counts_once_and_says_nothing_more(
    gpiod: FakeGpiod, tmp_path: Path
) -> None:
    made = source(tmp_path, weight="1 Wh", stuck=0.05)
    async with running(made, gpiod) as bench:
        bench.request.edge(True, time.monotonic_ns())
        await bench.until(lambda: made.trouble is Condition.STUCK)
        count = len(bench.updates)
        assert bench.index() == 100_001_000
        await asyncio.sleep(0.06)
        assert len(bench.updates) == count
        bench.request.edge(False, time.monotonic_ns())
        await bench.until(lambda: made.trouble is None)
        await bench.until(lambda: len(bench.updates) > count)
        assert bench.index() == 100_001_000


async def test_a_contact_that_is_stuck_from_the_start_is_told(
    gpiod: FakeGpiod, tmp_path: Path
) -> None:
    gpiod.closed_at_first = True
    made = source(tmp_path, stuck=0.01)
    async with running(made, gpiod) as bench:
        await bench.until(lambda: made.trouble is Condition.STUCK)
    assert bench.index() in (None, 100_000_000)


async def test_a_chip_that_is_gone_or_busy_is_a_lost_link(gpiod: FakeGpiod, tmp_path: Path) -> None:
    made = source(tmp_path)
    task = asyncio.create_task(made.run(lambda update, at: None))
    await asyncio.sleep(0)
    gpiod.requests[0].unplug()
    with pytest.raises(LinkError, match="unplugged"):
        await task
    assert gpiod.requests[0].released
    gpiod.failure = OSError(errno.EBUSY, "busy")
    with pytest.raises(LinkError, match="another program") as busy:
        await made.run(lambda update, at: None)
    assert busy.value.condition is Condition.BUSY


@pytest.mark.parametrize(("most", "served"), [(200, False), (400, True)])
async def test_a_power_that_cannot_be_is_not_served(
    gpiod: FakeGpiod, tmp_path: Path, most: int, served: bool
) -> None:
    """The last pulse was 10 s ago: 360 W at most."""
    made = source(tmp_path, weight="1 Wh", largest_power=most)
    async with running(made, gpiod) as bench:
        bench.pulse(3)
        await bench.until(lambda: bench.index() == 100_003_000)
        last = bench.updates[-1]
        assert (POWER in last.values, POWER in last.failed) == (served, not served)


async def test_export_has_a_negative_power(gpiod: FakeGpiod, tmp_path: Path) -> None:
    made = source(tmp_path, point="Active_Energy_Export_T2", power=POWER)
    async with running(made, gpiod) as bench:
        bench.pulse(2)
        await bench.until(lambda: bench.updates and POWER in bench.updates[-1].values)
        assert bench.updates[-1].values[POWER].number < 0


@pytest.mark.parametrize(
    ("index", "power", "expected"),
    [
        ("Active_Energy_Import", POWER, 1),
        ("Active_Energy_Import_T3", POWER, 1),
        ("Active_Energy_Export", POWER, -1),
        ("Active_Energy_Export_T4", "Active_Power_L1", -1),
        ("Active_Energy_Export", "Active_Power_Mean_Export", 1),
        ("Reactive_Energy_Import", "Reactive_Power_Total", 1),
        ("Reactive_Energy_Export", "Reactive_Power_Total", -1),
        ("Reactive_Energy_Q1", "Reactive_Power_Total", 1),
        ("Reactive_Energy_Q3", "Reactive_Power_Total", -1),
        ("Apparent_Energy_Export", "Apparent_Power_Injected", 1),
        ("Apparent_Energy_Export", "Apparent_Power_Total", 1),
        ("Volume", "Volume_Flow", 1),
    ],
)
def test_the_sign_of_a_power(index: str, power: str, expected: int) -> None:
    assert {index, power} <= points.all_points().keys()
    assert powers.sign(index, power) == expected


def test_of_another_weight_it_is_another_register(tmp_path: Path) -> None:
    one, other = source(tmp_path), source(tmp_path, weight="1 Wh")
    other.restore(one.saved())
    assert one.saved() != other.saved()
    assert source(tmp_path, meter="A1").identity == "A1"


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=1, max_size=6))
def test_a_restart_at_any_moment_keeps_every_pulse(
    gpiod: FakeGpiod,
    tmp_path_factory: pytest.TempPathFactory,
    runs: list[tuple[int, bool]],
) -> None:
    """Each run counts some pulses; it is killed before its commit, or ends with one."""
    folder = tmp_path_factory.mktemp("runs")

    async def all_runs() -> None:
        saved, total = None, 0
        for pulses, commits in runs:
            made = source(folder, weight="1 Wh")
            if saved:
                made.restore(saved)
            async with running(made, gpiod) as bench:
                bench.pulse(pulses)
                total += pulses
                wanted = 100_000_000 + 1000 * total
                async with asyncio.timeout(5):
                    while bench.index() != wanted:
                        await asyncio.sleep(0.002)
            saved = made.saved() if commits else saved

    asyncio.run(all_runs())
