"""The demand over its windows, against a model that knows the whole history."""

import itertools
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from submeter.meter.demand import Demand
from submeter.meter.demand_settings import Window
from submeter.meter.instant import Instant

MIDNIGHT = 1_700_006_400  # UTC
assert MIDNIGHT % 86400 == 0
MONO = 5000.0
PAUSE = 120.0


def at(seconds: float, step: float = 0.0) -> Instant:
    """Return the moment `seconds` after midnight, while UTC is `step` seconds wrong."""
    return Instant(MONO + seconds, MIDNIGHT + seconds + step)


def about(kw: float) -> Any:
    """Allow for totals that are whole mWh."""
    return pytest.approx(kw, abs=1e-4)


def partial(demand: Demand) -> bool:
    """Return whether the window is partial; an attribute would be narrowed by an assertion."""
    return demand.partial


def run(demand: Demand, kw: float, start: int, end: int, total: int = 0, period: int = 10) -> int:
    """Feed a constant power, and return the total at the end."""
    for second in range(start, end + 1, period):
        demand.take(total + round((second - start) * kw * 1e6 / 3600), at(second), PAUSE)
    return total + round((end - start) * kw * 1e6 / 3600)


def test_nothing_is_known_before_a_whole_window() -> None:
    demand = Demand(15)
    run(demand, 3.6, 30, 60 + 900 - 10)
    assert (demand.current, demand.peak, demand.peak_at, demand.partial) == (None, None, None, True)


def test_a_sliding_window_ends_every_minute() -> None:
    demand = Demand(15)
    total = run(demand, 3.6, 30, 960)
    assert demand.current == about(3.6)
    assert demand.peak == demand.current
    assert demand.peak_at == MIDNIGHT + 960
    assert not partial(demand)
    run(demand, 7.2, 960, 1020, total)
    assert demand.current == about((14 * 3.6 + 7.2) / 15)
    assert demand.peak_at == MIDNIGHT + 1020


def test_the_earliest_of_equal_peaks_stays() -> None:
    demand = Demand(1)
    run(demand, 3.6, 0, 600)
    assert demand.peak == demand.current == 3.6
    assert demand.peak_at == MIDNIGHT + 60


def test_a_sliding_window_can_end_less_often() -> None:
    demand = Demand(15, "sliding", 5)
    total = run(demand, 1.0, 0, 1200)
    run(demand, 2.0, 1200, 1490, total)
    assert demand.current == about(1.0)
    run(demand, 2.0, 1200, 1500, total)
    assert demand.current == about((10 * 1.0 + 5 * 2.0) / 15)


def test_a_subinterval_that_does_not_divide_the_interval() -> None:
    demand = Demand(15, "sliding", 10)
    total = run(demand, 1.0, 0, 1200)
    run(demand, 2.0, 1200, 1500, total)
    assert demand.current == about((10 * 1.0 + 5 * 2.0) / 15)


def test_fixed_blocks_begin_at_multiples_of_the_interval() -> None:
    demand = Demand(15, "fixed")
    total = run(demand, 9.0, 30, 900)
    assert (demand.current, demand.peak) == (None, None)
    total = run(demand, 1.0, 900, 1790, total)
    assert partial(demand)
    total = run(demand, 1.0, 1790, 1800, total)
    assert demand.current == about(1.0)
    assert demand.peak_at == MIDNIGHT + 1800
    run(demand, 5.0, 1800, 2690, total)
    assert demand.current == about(1.0)
    assert not partial(demand)


def test_a_block_that_midnight_cuts_short_is_partial() -> None:
    demand = Demand(7, "fixed")
    last = 86400 // 420 * 420  # 5 minutes before midnight
    total = run(demand, 1.0, last - 420, last)
    assert demand.current == about(1.0)
    total = run(demand, 9.0, last, 86400, total)
    assert partial(demand)
    assert demand.peak == about(1.0)
    run(demand, 2.0, 86400, 86820, total)
    assert not partial(demand)
    assert demand.peak_at == MIDNIGHT + 86820


def test_slow_readings_make_no_false_peak() -> None:
    demand = Demand(1)
    for minute in range(0, 60, 10):
        demand.take(minute * 60_000, at(minute * 60 + 7), 900)
    assert demand.peak == about(3.6)


def test_a_pause_makes_the_window_partial() -> None:
    demand = Demand(15)
    total = run(demand, 1.0, 0, 1200)
    demand.take(total + 90_000_000, at(1200 + PAUSE + 1), PAUSE)
    assert partial(demand)
    assert demand.current == about(1.0)
    run(demand, 2.0, 1330, 1380 + 900 - 10, total + 90_000_000)
    assert partial(demand)
    assert demand.peak == about(1.0)
    run(demand, 2.0, 2270, 2280, total + 90_000_000 + 2_000_000 * 940 // 3600)
    assert not partial(demand)
    assert demand.peak == pytest.approx(2.0, rel=1e-3)


def test_a_falling_total_makes_the_window_partial() -> None:
    demand = Demand(1)
    run(demand, 1.0, 0, 120, total=5_000_000)
    assert not partial(demand)
    demand.take(100, at(130), PAUSE)
    assert partial(demand)
    run(demand, 1.0, 140, 230, total=100)
    assert partial(demand)
    assert demand.peak == about(1.0)


@pytest.mark.parametrize("step", [-3600.0, -3.0, 3.0, 3600.0])
def test_a_step_of_the_clock_makes_the_window_partial(step: float) -> None:
    demand = Demand(1)
    run(demand, 1.0, 0, 120)
    for second in range(130, 400, 10):
        demand.take(round(second * 1e6 / 3600), at(second, step), PAUSE)
        if second == 130:
            assert partial(demand)
    assert not partial(demand)
    assert demand.current == about(1.0)
    assert demand.peak == about(1.0)


def test_a_slow_correction_of_the_clock_is_no_step() -> None:
    demand = Demand(1)
    for second in range(0, 3600, 10):
        demand.take(second * 1000, at(second, step=second * 0.01), PAUSE)
        assert second < 60 or not partial(demand)
    assert demand.peak == pytest.approx(3.6, rel=1e-6)


def test_readings_that_come_late_twice_or_not_at_all() -> None:
    demand = Demand(1)
    for second in range(0, 190, 10):
        demand.take(second * 1000, at(second), PAUSE)
        demand.take(second * 1000, at(second), PAUSE)
        demand.take(0, at(second), PAUSE)
        demand.take(max(0, second - 10) * 1000, at(second - 10), PAUSE)
        demand.take(None, at(second + 5), PAUSE)
    assert demand.peak == about(3.6)
    assert not partial(demand)


def test_reset_forgets_the_peak_and_the_windows_that_began_before() -> None:
    demand = Demand(15)
    total = run(demand, 5.0, 0, 1000)
    demand.reset(at(1000))
    assert (demand.peak, demand.peak_at) == (None, None)
    assert demand.current == about(5.0)
    total = run(demand, 1.0, 1000, 1910, total)
    assert (demand.peak, demand.peak_at) == (None, None)
    assert not partial(demand)
    run(demand, 1.0, 1910, 1920, total)
    assert demand.peak == about(1.0)
    assert demand.peak_at == MIDNIGHT + 1920


def test_another_interval_begins_anew_and_keeps_the_peak() -> None:
    demand = Demand(15)
    total = run(demand, 5.0, 0, 1000)
    demand.interval = 15
    assert not partial(demand)
    demand.interval = 30
    assert demand.interval == 30
    assert partial(demand)
    assert demand.peak == about(5.0)
    total = run(demand, 6.0, 1000, 1020 + 1800 - 10, total)
    assert demand.peak == about(5.0)
    run(demand, 6.0, 2810, 2820, total)
    assert demand.peak == about(6.0)


@pytest.mark.parametrize("minutes", [0, 61, -1, 2.5, float("nan"), float("inf")])
def test_an_interval_that_cannot_be(minutes: float) -> None:
    demand = Demand(15)
    with pytest.raises(ValueError, match="1 to 60"):
        demand.interval = minutes
    assert demand.interval == 15


def test_of_power_alone() -> None:
    demand = Demand(1)
    for second in range(0, 70, 10):
        demand.take_power(2.0, at(second), PAUSE)
    assert demand.peak == 2.0
    for second in range(70, 130, 10):
        demand.take_power(-4.0, at(second), PAUSE)
        demand.take_power(float("nan"), at(second + 1), PAUSE)
        demand.take_power(1e9, at(second), PAUSE)  # the same moment again
    assert demand.current == 0.0
    assert demand.peak == 2.0


def test_a_pause_of_the_power_is_not_filled() -> None:
    demand = Demand(1)
    for second in (0, 30, 60):
        demand.take_power(1.0, at(second), PAUSE)
    demand.take_power(500.0, at(60 + PAUSE + 1), PAUSE)
    assert partial(demand)
    for second in range(190, 320, 10):
        demand.take_power(1.0, at(second), PAUSE)
    assert demand.peak == about(1.0)


def test_an_index_that_takes_over_from_the_power_makes_no_jump() -> None:
    demand = Demand(1)
    for second in range(0, 70, 10):
        demand.take_power(2.0, at(second), PAUSE)
    run(demand, 1.0, 70, 200, total=10**12)
    assert demand.current == pytest.approx(1.0, rel=1e-4)
    assert demand.peak == 2.0


def test_the_peak_survives_a_restart() -> None:
    demand = Demand(15)
    run(demand, 5.0, 0, 1000)
    again = Demand(15, "fixed", 1, demand.saved())
    assert (again.peak, again.peak_at) == (demand.peak, demand.peak_at)
    assert (again.current, again.partial) == (None, True)
    run(again, 4.0, 1010, 3610)
    assert again.current == pytest.approx(4.0, rel=1e-6)
    assert (again.peak, again.peak_at) == (demand.peak, demand.peak_at)
    assert Demand(saved=Demand().saved()).peak is None


def test_a_window_with_an_estimate_in_it_is_one() -> None:
    demand = Demand(1)
    for second in range(0, 310, 10):
        demand.take(second * 1000, at(second), PAUSE, estimated=50 < second <= 70)
        if second % 60 == 0 and second:
            assert demand.estimated is (second <= 120), second
    assert demand.peak_at == MIDNIGHT + 60
    assert demand.peak_estimated
    demand.reset(at(300))
    assert not demand.peak_estimated


def test_the_energy_up_to_an_estimate_is_one_and_that_after_it_is_not() -> None:
    demand = Demand(1)
    for second in (0, 60, 120):
        demand.take_power(1.0, at(second), PAUSE, estimated=second == 0)
        demand.take_power(1.0, at(second), PAUSE, estimated=True)  # the same moment again
    assert not demand.estimated
    demand.take_power(2.0, at(180), PAUSE, estimated=True)
    assert (demand.estimated, demand.peak_estimated) == (True, True)


def test_that_the_peak_is_an_estimate_survives_a_restart() -> None:
    demand = Demand(1)
    for second in range(0, 70, 10):
        demand.take_power(1.0, at(second), PAUSE, estimated=True)
    saved = demand.saved()
    assert saved == {"peak": 1.0, "peak_at": MIDNIGHT + 60, "estimated": True}
    again = Demand(saved=saved)
    assert again.peak_estimated
    again.restore({"peak": 1.0, "peak_at": 5})
    assert not again.peak_estimated


@pytest.mark.parametrize(
    "saved",
    [
        {},
        {"peak": 1.0},
        {"peak": 1.0, "peak_at": None},
        {"peak": None, "peak_at": 5},
        {"peak": "1", "peak_at": 5},
        {"peak": True, "peak_at": 5},
        {"peak": float("nan"), "peak_at": 5},
        {"peak": float("inf"), "peak_at": 5},
        {"peak": -1.0, "peak_at": 5},
        {"peak": 1.0, "peak_at": 5.5},
        {"peak": 1.0, "peak_at": 5, "more": 1},
        {"peak": 1.0, "peak_at": 5, "estimated": 1},
        {"peak": None, "peak_at": None, "estimated": True},
    ],
)
def test_what_does_not_fit_is_not_restored(saved: dict[str, Any]) -> None:
    demand = Demand(saved={"peak": 3.0, "peak_at": 7})
    with pytest.raises(ValueError, match="saved demand"):
        demand.restore(saved)
    assert (demand.peak, demand.peak_at) == (3.0, 7)


def energy_at(readings: list[tuple[int, int]], second: int) -> Fraction:
    """Return the energy in mWh at a moment between two readings."""
    for (before, low), (after, high) in itertools.pairwise(readings):
        if before <= second <= after:
            return low + Fraction(second - before, after - before) * (high - low)
    raise AssertionError(second)


def windows(readings: list[tuple[int, int]], minutes: int, every: int) -> list[tuple[float, int]]:
    """Return demand and end of every window within the readings, by brute force."""
    found = []
    for end in range(0, readings[-1][0] + 1, every * 60):
        start = end - minutes * 60
        if start >= readings[0][0]:
            energy = energy_at(readings, end) - energy_at(readings, start)
            found.append((float(energy * 3600 / (minutes * 60) / 10**6), end))
    return found


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([1, 2, 5, 15]),
    st.sampled_from(["sliding", "fixed"]),
    st.one_of(st.sampled_from([0, 60, 900]), st.integers(0, 2000)),
    st.lists(st.tuples(st.integers(1, 300), st.integers(0, 10**7)), min_size=1, max_size=60),
)
def test_against_brute_force(
    minutes: int, window: Window, start: int, steps: list[tuple[int, int]]
) -> None:
    readings = [(start, 12345)]
    for seconds, energy in steps:
        readings.append((readings[-1][0] + seconds, readings[-1][1] + energy))
    demand = Demand(minutes, window)
    for second, total in readings:
        demand.take(total, at(second), 300)
    expected = windows(readings, minutes, minutes if window == "fixed" else 1)
    assert partial(demand) is (not expected)
    if expected:
        assert demand.current == pytest.approx(expected[-1][0], rel=1e-9, abs=1e-9)
        assert demand.peak == pytest.approx(max(kw for kw, _ in expected), rel=1e-9, abs=1e-9)
        assert demand.peak_at is not None
        ends = {MIDNIGHT + end: kw for kw, end in expected}
        assert ends[demand.peak_at] == pytest.approx(demand.peak, rel=1e-9, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([1, 7, 15]),
    st.sampled_from(["sliding", "fixed"]),
    st.lists(
        st.tuples(
            st.floats(0.1, 200),
            st.floats(0, 50),
            st.sampled_from([0.0, 0.0, 0.0, 1.5, -1.5, 5.0, -5.0, 1e5, -1e5]),
        ),
        max_size=80,
    ),
)
def test_no_sequence_makes_a_peak_beyond_the_power(
    minutes: int, window: Window, steps: list[tuple[float, float, float]]
) -> None:
    demand = Demand(minutes, window)
    second, total, wrong, largest = 0.0, 0.0, 0.0, 0.0
    for seconds, kw, step in steps:
        second, wrong, largest = second + seconds, wrong + step, max(largest, kw)
        total += kw * 1e6 * seconds / 3600
        demand.take(int(total), at(second, wrong), PAUSE)
        assert demand.peak is None or demand.peak <= largest * 1.001 + 1e-3
        assert demand.peak_at is None or demand.peak_at % 60 == 0
