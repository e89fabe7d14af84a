"""Supervision: sources come back, pauses double, each change is told once."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from submeter.errors import Condition, LinkError
from submeter.meter.feed import Dial
from submeter.meter.instant import Instant
from submeter.meter.meter import values
from submeter.meter.reading import Quality, Update
from submeter.sources import source
from submeter.sources.origin import Origin
from submeter.sources.source import Attempt, Health, Publish, supervise

UPDATE = values({"Frequency": 50.0})
Act = Callable[[Publish], None]


class Scripted:
    """A source whose every run does the next act; after the last it waits for ever."""

    name = "test"
    expected: Mapping[str, Quality] = {}
    max_age = 1.0
    largest_power = 1000.0
    dropped = 0
    dials: Mapping[str, Dial] = {}
    trouble: Condition | None = None
    identity: str | None = None

    def __init__(self, *acts: Act) -> None:
        self._acts = list(acts)
        self.done = asyncio.Event()

    def origin(self, point: str) -> Origin | None:
        return None

    def describe(self) -> str:
        return "scripted"

    async def run(self, publish: Publish) -> None:
        if not self._acts:
            self.done.set()
            await asyncio.Event().wait()
        self._acts.pop(0)(publish)


def lose(publish: Publish) -> None:
    raise LinkError("the port is gone", Condition.BUSY)


def speak_and_lose(publish: Publish) -> None:
    publish(UPDATE, Instant.now())
    publish(UPDATE, Instant.now())
    raise LinkError("the port is gone")


def live_a_minute_and_lose(publish: Publish) -> None:
    for second in (0, 30, 61):
        publish(UPDATE, Instant(1000.0 + second, 0.0))
    raise LinkError("the port is gone")


def crash(publish: Publish) -> None:
    raise RuntimeError("a bug")


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that were asked for; none is really made."""
    asked: list[float] = []

    async def fast(seconds: float) -> None:
        asked.append(seconds)
        await asyncio.sleep(0)

    monkeypatch.setattr(source, "asyncio", SimpleNamespace(sleep=fast))
    return asked


async def play(scripted: Scripted, first_pause: float = 1.0) -> list[Update]:
    published: list[Update] = []
    task = asyncio.create_task(
        supervise(scripted, lambda update, at: published.append(update), first_pause)
    )
    async with asyncio.timeout(3):
        await scripted.done.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    return published


def events(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage().split()[0].removeprefix("event=") for record in caplog.records]


async def test_pauses_double_up_to_a_minute(pauses: list[float]) -> None:
    await play(Scripted(*[lose] * 9))
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]


async def test_a_pause_starts_small_again_after_a_good_minute(pauses: list[float]) -> None:
    await play(Scripted(lose, lose, lose, live_a_minute_and_lose, lose))
    assert pauses == [1, 2, 4, 1, 2]


async def test_a_port_that_flaps_is_tried_ever_more_rarely(pauses: list[float]) -> None:
    await play(Scripted(*[speak_and_lose] * 8))
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]


async def test_everything_is_published(pauses: list[float]) -> None:
    assert await play(Scripted(speak_and_lose, lose, speak_and_lose)) == [UPDATE] * 4


async def test_loss_and_return_are_told_once(
    pauses: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    await play(Scripted(lose, lose, lose, speak_and_lose, lose, lose, speak_and_lose))
    assert events(caplog) == [
        "link_down", "link_up", "link_down", "link_still_down", "link_up", "link_down"
    ]  # fmt: skip
    first = caplog.records[0]
    assert first.getMessage() == 'event=link_down source=test reason="the port is gone"'
    assert first.levelno == logging.WARNING


async def test_a_source_that_crashes_is_retried_and_told_once_with_its_trace(
    pauses: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    assert await play(Scripted(crash, crash, speak_and_lose)) == [UPDATE] * 2
    assert events(caplog) == ["source_failed", "link_up", "link_down"]
    assert caplog.records[0].exc_info


async def test_another_reason_is_told_while_the_link_is_down(
    pauses: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    def unplugged(publish: Publish) -> None:
        raise LinkError("there is no port 7")

    def unplugged_again(publish: Publish) -> None:
        raise LinkError("there is no port 8")

    acts = [lose, lose, unplugged, unplugged_again, unplugged, crash, crash, lose, crash]
    await play(Scripted(*acts, speak_and_lose, crash))
    assert events(caplog) == [
        "link_down",
        "link_still_down",
        "source_failed",
        "link_still_down",
        "source_failed",
        "link_down",
        "source_failed",
    ]
    assert all(each.exc_info for each in caplog.records if "source_failed" in each.getMessage())


def waiting(seconds: float, dropped: int = 0, **keys: Any) -> Health:
    """Return the health of a source that was begun so long ago, and has not been heard."""
    scripted = Scripted()
    scripted.dropped = dropped
    for name, value in keys.items():
        setattr(scripted, name, value)
    return Health(attempt=Attempt(scripted, Instant(100.0 - seconds, 0.0), 0))


def test_an_open_link_without_a_frame_is_silent_or_noisy() -> None:
    now = Instant(100.0, 0.0)
    assert waiting(14).condition(None, now) is Condition.STARTING
    assert waiting(16).condition(None, now) is Condition.SILENT
    assert waiting(16).why(now) == "no valid frame for 16 s"
    assert waiting(16, dropped=3).condition(None, now) is Condition.NOISE
    assert waiting(16).condition(Condition.NO_KEY, now) is Condition.NO_KEY
    # Who is asked in turn with many others.
    assert waiting(16, max_age=180.0).condition(None, now) is Condition.STARTING
    back = waiting(16)
    back.online, back.lost, back.reason = False, Condition.NO_DEVICE, "gone"
    assert back.condition(None, now) is Condition.SILENT, "its adapter is there again"
    back.attempt = None
    assert (back.condition(None, now), back.why(now)) == (Condition.NO_DEVICE, "gone")


async def test_supervise_tells_of_its_attempt(pauses: list[float]) -> None:
    health = Health()
    seen: list[bool] = []

    def look(publish: Publish) -> None:
        seen.append(health.attempt is not None)
        publish(UPDATE, Instant.now())
        seen.append(health.attempt is not None)
        raise LinkError("gone")

    scripted = Scripted(look)
    task = asyncio.create_task(supervise(scripted, lambda update, at: None, health=health))
    async with asyncio.timeout(3):
        await scripted.done.wait()
    task.cancel()
    assert seen == [True, False]


async def test_a_listener_that_crashes_does_not_end_the_source(pauses: list[float]) -> None:
    scripted = Scripted(speak_and_lose, lose)

    def broken(update: Update, at: Instant) -> None:
        raise KeyError("a bug")

    task = asyncio.create_task(supervise(scripted, broken))
    async with asyncio.timeout(3):
        await scripted.done.wait()
    task.cancel()


async def test_real_pauses() -> None:
    assert await play(Scripted(lose, lose, speak_and_lose), first_pause=0.001) == [UPDATE] * 2
    assert (source.FIRST_PAUSE, source.LONGEST_PAUSE) == (1.0, 60.0)


async def test_health_is_kept(pauses: list[float]) -> None:
    health = Health()
    scripted = Scripted(lose, speak_and_lose, lose)
    task = asyncio.create_task(supervise(scripted, lambda update, at: None, health=health))
    async with asyncio.timeout(3):
        await scripted.done.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (health.online, health.frames, health.failures) == (False, 2, 3)
    assert health.last is not None
    assert (health.lost, health.reason) == (Condition.BUSY, "the port is gone")


def test_the_condition_of_a_source() -> None:
    health = Health()
    assert health.condition(None) is Condition.STARTING
    assert health.condition(Condition.NO_KEY) is Condition.NO_KEY, "bytes come, but no frame"
    health.online = True
    assert health.condition(None) is Condition.ONLINE
    assert health.condition(Condition.NOISE) is Condition.NOISE
    health.online, health.lost = False, Condition.BUSY
    assert health.condition(Condition.NOISE) is Condition.BUSY


async def test_a_crash_is_a_fault_of_the_program(pauses: list[float]) -> None:
    health = Health()
    scripted = Scripted(crash)
    task = asyncio.create_task(supervise(scripted, lambda update, at: None, health=health))
    async with asyncio.timeout(3):
        await scripted.done.wait()
    task.cancel()
    assert health.condition(None) is Condition.FAILED
    assert "a bug" in health.reason
