"""The true rate of a crystal, from when records come."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from submeter.sources.rp2040.clock_trim import SURE, ClockTrim

RATE = 6000.0


def run(
    trim: ClockTrim,
    random: Random,
    true: float,
    seconds: int,
    start: float = 1e6,
    late: float = 0.02,
) -> None:
    """Tell `trim` a record each second, delayed by USB: mostly little, at times much."""
    now = 0.0
    for second in range(1, seconds + 1):
        now = max(now, second + random.expovariate(1 / late) + 0.5 * (random.random() < 0.02))
        trim.take("a", 0, int(second * true), start + now)


@settings(max_examples=20, deadline=None)
@given(st.floats(-150, 150), st.integers(0, 1 << 32), st.sampled_from([0.001, 0.02]))
def test_the_rate_is_true_within_a_few_ppm(ppm: float, seed: int, late: float) -> None:
    true = RATE * (1 + ppm * 1e-6)
    trim = ClockTrim(RATE)
    run(trim, Random(seed), true, 3000, late=late)
    assert trim.rate is not None
    assert abs(trim.rate / true - 1) < 4 * SURE


def test_it_is_not_told_before_it_is_sure() -> None:
    trim = ClockTrim(RATE)
    run(trim, Random(1), RATE, 200)
    assert trim.rate is None
    wild = ClockTrim(RATE)
    run(wild, Random(1), RATE, 600, late=5.0)
    assert wild.rate is None


def test_it_is_told_after_eight_blocks_of_half_a_minute() -> None:
    trim = ClockTrim(RATE)
    told = []
    for second in range(400):
        trim.take("a", 0, second * 6000, 50.0 + second)
        told.append(trim.rate)
    assert told.index(RATE) == 240


def test_what_no_crystal_can_be_off_is_bounded() -> None:
    for ppm, bound in ((900, 200), (-900, -200)):
        trim = ClockTrim(RATE)
        run(trim, Random(2), RATE * (1 + ppm * 1e-6), 1200)
        assert trim.rate == pytest.approx(RATE * (1 + bound * 1e-6), rel=1e-9)


def test_a_minute_in_which_all_was_late_does_no_harm() -> None:
    trim = ClockTrim(RATE)
    for second in range(1, 1500):
        late = 0.9 if 400 < second < 460 else 0.002 * (second % 3)
        trim.take("a", 0, int(second * RATE * 1.00003), 50.0 + second + late)
    assert trim.rate == pytest.approx(RATE * 1.00003, rel=2e-6)


def test_a_new_run_or_an_overrun_begins_anew_and_keeps_what_was_found() -> None:
    trim = ClockTrim(RATE)
    run(trim, Random(3), RATE * 1.00002, 600)
    found = trim.rate
    assert found
    for boot, overruns in (("a", 1), ("b", 1)):
        for second in range(1, 200):
            trim.take(boot, overruns, second * 6001, 2e6 + second)
        assert trim.rate == found
    assert len(trim._points) < 8


def test_memory_is_bounded() -> None:
    trim = ClockTrim(RATE)
    for turn in range(500):
        trim.take("a", 0, turn * 180_000, 30.0 * turn)
    assert len(trim._points) == 120
    assert trim.rate == pytest.approx(RATE)
