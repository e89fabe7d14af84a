"""A step of the clock is told, a drift is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from submeter.meter.clock import STEP, Clock
from submeter.meter.instant import Instant


def test_the_first_look_is_no_step() -> None:
    assert Clock().take(Instant(5.0, 1.7e9)) is None


@pytest.mark.parametrize("step", [2.1, -2.1, 3600.0, -3600.0, 1.7e9])
def test_a_step_is_told_once_with_its_size(step: float) -> None:
    clock = Clock()
    clock.take(Instant(10.0, 1000.0))
    assert clock.take(Instant(70.0, 1060.0 + step)) == pytest.approx(step)
    assert clock.take(Instant(71.0, 1061.0 + step)) is None


def test_two_seconds_are_no_step() -> None:
    clock = Clock()
    clock.take(Instant(10.0, 1000.0))
    assert clock.take(Instant(11.0, 1001.0 + STEP)) is None


def test_time_that_passes_is_no_step() -> None:
    clock = Clock()
    clock.take(Instant(10.0, 1000.0))
    assert clock.take(Instant(100_010.0, 101_000.0)) is None


@given(st.lists(st.floats(-0.09, 0.09), max_size=200))
def test_a_slow_correction_never_becomes_a_step(slews: list[float]) -> None:
    clock, mono, utc = Clock(), 0.0, 1.7e9
    for slew in slews:
        assert clock.take(Instant(mono, utc)) is None
        mono, utc = mono + 1, utc + 1 + slew
