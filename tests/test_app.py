"""What keeps the running program honest when a part of it breaks."""

import asyncio
import logging
from types import SimpleNamespace
from typing import Any

import pytest

from submeter import app
from submeter.meter.instant import Instant
from submeter.meter.trouble import Reason

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


async def test_a_tick_that_fails_stops_no_ageing_and_is_told_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(app, "TICK_SECONDS", 0.001)
    broken, sound = Ticked("broken", range(2, 6)), Ticked("sound")
    meters: list[Any] = [SimpleNamespace(meter=each, plan=_PLAIN) for each in (broken, sound)]
    caplog.set_level(logging.ERROR)
    task = asyncio.create_task(app._tick(meters))
    async with asyncio.timeout(5):
        while sound.ticks < 20:
            await asyncio.sleep(0.001)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert broken.ticks >= 19
    assert [record.getMessage() for record in caplog.records] == ["event=tick_failed meter=broken"]
    assert broken.troubles == [
        (Reason.INTERNAL, "RuntimeError('a bug')"),
        (Reason.INTERNAL, None),
    ]
    assert not sound.troubles
