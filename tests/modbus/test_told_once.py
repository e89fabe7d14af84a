import logging

import pytest

from submeter.meter.instant import Instant
from submeter.modbus.told_once import QUIET, ToldOnce


class Clock:
    def __init__(self) -> None:
        self.mono = 1000.0

    def __call__(self) -> Instant:
        return Instant(self.mono, 0.0)


def test_what_comes_and_goes_is_one_state(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    clock = Clock()
    told = ToldOnce("wet", "dry", clock)
    told.tick()
    for _ in range(10):
        told.change("unit=1", True)
        clock.mono += QUIET - 1
        told.tick()
        told.change("unit=1", False)
        clock.mono += QUIET - 1
        told.tick()
    assert caplog.messages == ["event=wet unit=1"]
    clock.mono += 1
    told.tick()
    told.tick()
    assert caplog.messages == ["event=wet unit=1", "event=dry unit=1"]
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    told.change("unit=1", True)
    assert caplog.messages[2:] == ["event=wet unit=1"]


def test_each_is_told_by_itself(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    clock = Clock()
    told = ToldOnce("wet", "dry", clock)
    told.change("unit=1", True)
    told.change("unit=2", True)
    told.change("unit=3", False)
    told.change("unit=2", False)
    clock.mono += QUIET
    told.tick()
    assert caplog.messages == ["event=wet unit=1", "event=wet unit=2", "event=dry unit=2"]


def test_what_is_told_again_and_again_to_be_over_is_over(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    clock = Clock()
    told = ToldOnce("wet", "dry", clock)
    told.change("unit=1", True)
    for _ in range(int(QUIET) + 1):
        told.change("unit=1", False)
        clock.mono += 1
        told.tick()
    assert caplog.messages == ["event=wet unit=1", "event=dry unit=1"]
