"""Power from the slope of an index."""

from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from submeter.sources.slope import RESTING, IndexSlope

WINDOW = 60.0
WH = 1000


def frames(
    power: Callable[[float], float], period: float, until: float, start: int = 12_345
) -> Iterator[tuple[float, int]]:
    """Yield time and index in mWh, with steps of 1 Wh, of a meter that sends every `period` s."""
    now, energy = 0.0, start * 3600.0
    while now <= until:
        yield now, int(energy // 3600) * WH
        now += period
        energy += power(now) * period


def course(
    power: Callable[[float], float], period: float, until: float
) -> list[tuple[float, float | None]]:
    slope = IndexSlope(WINDOW)
    return [(now, slope.power(index, now)) for now, index in frames(power, period, until)]


@given(st.floats(20, 36_000), st.floats(0.5, 2.5))
@settings(max_examples=60, deadline=None)
def test_a_constant_power_is_found(watts: float, period: float) -> None:
    step = 3600 / watts
    settled = 2 * max(WINDOW, step) + step + 4 * period
    found = [
        each for now, each in course(lambda now: watts, period, settled + 200) if now > settled
    ]
    for each in found:
        assert each == pytest.approx(watts, rel=2 * period / WINDOW + 0.02)


def test_nothing_is_known_before_the_window_is_over() -> None:
    known = [now for now, each in course(lambda now: 2000, 1.5, 120) if each is not None]
    assert WINDOW <= known[0] <= WINDOW + 6


def test_a_load_that_goes_off_fades_and_is_gone_after_the_rest() -> None:
    seen = course(lambda now: 2000 if now < 300 else 0, 1.5, 900)
    after = [(now, each) for now, each in seen if now > 305 and each is not None]
    falling = [each for _, each in after]
    assert falling == sorted(falling, reverse=True)
    assert dict(after)[360.0] <= 100
    assert all(each == 0 for now, each in after if now > 302 + RESTING)


def test_a_load_that_comes_on_shows_within_the_window() -> None:
    seen = course(lambda now: 100 if now < 600 else 5000, 1.5, 800)
    assert all(each is None or each < 130 for now, each in seen if now < 600)
    assert all(each == pytest.approx(5000, rel=0.06) for now, each in seen if now > 670)


def test_no_load_at_all_is_none_at_once_and_zero_after_the_rest() -> None:
    seen = course(lambda now: 0, 1.5, 500)
    assert [each for now, each in seen if now < RESTING] == [None] * 240
    assert all(each == 0 for now, each in seen if now >= RESTING)


def test_an_index_that_falls_starts_anew() -> None:
    slope = IndexSlope(WINDOW)
    for now, index in frames(lambda now: 2000, 1.5, 200):
        found = slope.power(index, now)
    assert found == pytest.approx(2000, rel=0.06)
    assert slope.power(5000, 201.5) is None
    for now, index in frames(lambda now: 1000, 1.5, 200, start=6):
        found = slope.power(index, 203 + now)
        assert found is None or found == pytest.approx(1000, rel=0.1)


def test_after_a_pause_the_window_starts_anew() -> None:
    slope = IndexSlope(WINDOW)
    for second in range(0, 200, 2):
        slope.power(second * WH, second)  # 1800 W would be 1 Wh in 2 s; this is 3600 W
    assert slope.power(198 * WH, 198) == pytest.approx(3600, rel=0.05)
    found = [slope.power((298 + second // 2) * WH, 798 + second) for second in range(200)]
    assert found[:60] == [None] * 60, "what happened in the pause is not the power of now"
    assert found[-1] == pytest.approx(1800, rel=0.05)


def test_the_first_step_after_a_long_rest_is_not_lost() -> None:
    slope = IndexSlope(WINDOW)
    for second in range(0, 700, 10):
        power = slope.power(500 * WH, second)
    assert power == 0
    # All the energy of the last minute, and of the ten seconds since the last look at it.
    assert slope.power(501 * WH, 700) == pytest.approx(3600 / 70, rel=0.01)


def test_a_jump_is_no_power() -> None:
    slope = IndexSlope(WINDOW, largest_power=36_000)
    for second in range(0, 200, 2):
        slope.power(second * WH, second)
    found = [slope.power((100_000 + second) * WH, 200 + second) for second in range(100)]
    assert found[:60] == [None] * 60
    assert found[-1] == pytest.approx(3600, rel=0.05)


SERIES = st.lists(st.tuples(st.floats(0.01, 500), st.integers(-3, 50)), max_size=60)


@given(SERIES)
@settings(max_examples=200, deadline=None)
def test_it_is_never_negative_and_never_more_than_the_steepest_step(
    series: list[tuple[float, int]],
) -> None:
    slope, now, index, steepest = IndexSlope(WINDOW), 0.0, 1000, 0.0
    slope.power(index * WH, now)
    waited = 0.0
    for pause, steps in series:
        now, index, waited = now + pause, index + steps, waited + pause
        if steps > 0:
            steepest = max(steepest, steps * 3600 / waited)
        if steps:
            waited = 0.0
        found = slope.power(index * WH, now)
        assert found is None or 0 <= found <= steepest * (1 + 1e-6)
