"""What keeps the running program honest when a part of it breaks."""

import asyncio
import logging
import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from submeter import app
from submeter.clock_command import ClockCommand
from submeter.ending import End
from submeter.errors import Refusal, WriteRefusedError
from submeter.meter.access import Who
from submeter.meter.audit import Audit
from submeter.meter.instant import Instant
from submeter.meter.trouble import Reason

PEER = Who("bacnet", "192.0.2.9")
_PLAIN = SimpleNamespace(calculated=None)


class Ticked:
    """A meter that counts its ticks, and fails at some of them."""

    def __init__(self, name: str, failing: range = range(0)) -> None:
        self.name = name
        self.ticks = 0
        self.troubles: list[tuple[Reason, str | None]] = []
        self._failing = failing

    def tick(self, now: Instant) -> None:
        self.ticks += 1
        if self.ticks in self._failing:
            raise RuntimeError("a bug")

    def trouble(self, reason: Reason, text: str | None, now: Instant) -> None:
        self.troubles.append((reason, text))


async def ticked(
    meters: list[Any], sound: Ticked, refresh: Callable[[], None] = lambda: None
) -> None:
    """Let the program tick until `sound` has ticked often."""
    task = asyncio.create_task(app._tick(meters, refresh))
    async with asyncio.timeout(5):
        while sound.ticks < 20:
            await asyncio.sleep(0.001)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_tick_that_fails_stops_no_ageing_and_is_told_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(app, "TICK_SECONDS", 0.001)
    broken, sound = Ticked("broken", range(2, 6)), Ticked("sound")
    meters: list[Any] = [SimpleNamespace(meter=each, plan=_PLAIN) for each in (broken, sound)]
    caplog.set_level(logging.ERROR)
    await ticked(meters, sound)
    assert broken.ticks >= 19
    assert [record.getMessage() for record in caplog.records] == ["event=tick_failed meter=broken"]
    assert broken.troubles == [
        *[(Reason.INTERNAL, "RuntimeError('a bug')")] * 4,
        (Reason.INTERNAL, None),
    ]
    assert not sound.troubles


class Unhelpful(Ticked):
    """A meter that cannot even be told of its trouble."""

    def trouble(self, reason: Reason, text: str | None, now: Instant) -> None:
        raise RuntimeError("another bug")


async def test_a_meter_that_cannot_be_told_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "TICK_SECONDS", 0.001)
    broken, sound = Unhelpful("broken", range(2, 99)), Ticked("sound")
    meters: list[Any] = [SimpleNamespace(meter=each, plan=_PLAIN) for each in (broken, sound)]
    await ticked(meters, sound)


async def test_the_time_service_is_asked_once_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    go, asked = threading.Event(), []

    def step() -> str:
        asked.append(True)
        go.wait(5)
        return "stepped by chrony"

    monkeypatch.setattr("submeter.system_clock.step", step)
    audit = Audit()
    command = ClockCommand(audit)
    assert command(PEER, Instant.now()) == "the machine's time service is asked"
    await asyncio.sleep(0.01)
    with pytest.raises(WriteRefusedError) as refused:
        command(PEER, Instant.now())
    assert refused.value.reason is Refusal.UNSUPPORTED
    go.set()
    async with asyncio.timeout(5):
        while not (entries := audit.take()):
            await asyncio.sleep(0.01)
    assert len(asked) == 1
    assert [(each.event, each.who, each.detail) for each in entries] == [
        ("clock_asked", "bacnet 192.0.2.9", 'result="stepped by chrony"')
    ]
    command(PEER, Instant.now())


async def test_a_refresh_that_fails_stops_no_ageing_and_is_told_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(app, "TICK_SECONDS", 0.001)
    sound = Ticked("sound")

    def refresh() -> None:
        raise RuntimeError("a bug")

    caplog.set_level(logging.ERROR)
    await ticked([SimpleNamespace(meter=sound, plan=_PLAIN)], sound, refresh)
    assert [record.getMessage() for record in caplog.records] == ["event=refresh_failed"]


async def test_a_stop_outdoes_a_restart() -> None:
    end = End()
    again = []
    for ask in (end.restart, end.stop, end.restart):
        ask()
        assert end.wanted.is_set()
        again.append(end.again)
    assert again == [True, False, False]
