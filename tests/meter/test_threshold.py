"""Hysteresis and delays of a threshold."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from submeter.meter.threshold import Threshold


def states(threshold: Threshold, values: list[float | None]) -> list[bool | None]:
    """Feed one value a second."""
    return [threshold.take(value, float(second)) for second, value in enumerate(values)]


def test_too_high() -> None:
    values = [99.0, 100.0, 100.1, 96.0, 95.1, 95.0, 100.0, 101.0]
    expected = [False, False, True, True, True, False, False, True]
    assert states(Threshold(100, 95), list(values)) == expected


def test_too_low() -> None:
    values = [116.0, 115.0, 114.9, 120.0, 126.4, 126.5, 115.0, 0.0]
    expected = [False, False, True, True, True, False, False, True]
    assert states(Threshold(115, 126.5), list(values)) == expected


def test_without_hysteresis_the_limit_itself_is_off() -> None:
    assert states(Threshold(5, 5), [5, 6, 5, 6]) == [False, True, False, True]


def test_nothing_is_known_before_the_first_value() -> None:
    assert states(Threshold(5, 4), [None, None, 6, None]) == [None, None, True, True]


def test_on_and_off_come_after_their_delays() -> None:
    threshold = Threshold(5, 4, on_delay=2, off_delay=3)
    found = states(threshold, [9, 9, 9, 0, 0, 0, 0])
    assert found == [False, False, True, True, True, True, False]


def test_a_delay_begins_anew_with_every_return() -> None:
    assert not any(states(Threshold(5, 4, on_delay=2), [9, 9, 5, 9, 9, 5, 9, 9]))


def test_an_unknown_value_ends_a_delay_that_runs() -> None:
    found = states(Threshold(5, 4, on_delay=2), [9, 9, None, 9, 9, 9])
    assert found == [False, False, False, False, False, True]


def test_limits_can_be_set_at_any_time() -> None:
    threshold = Threshold(100, 95)
    assert threshold.take(98, 0) is False
    threshold.on, threshold.off = 90, 85
    assert threshold.take(98, 1) is True
    threshold.on, threshold.off = 120, 115
    assert threshold.take(98, 2) is False


DELAYS = st.floats(0, 20)


@given(
    st.booleans(),
    DELAYS,
    DELAYS,
    st.lists(st.tuples(st.floats(0, 15), st.one_of(st.none(), st.floats(0, 10))), max_size=60),
)
def test_it_never_flips_faster_than_its_delays(
    low: bool, on_delay: float, off_delay: float, steps: list[tuple[float, float | None]]
) -> None:
    threshold = Threshold(4 if low else 6, 6 if low else 4, on_delay, off_delay)
    times = list(itertools.accumulate(seconds for seconds, _ in steps))
    state, flipped = False, 0.0
    for mono, (_, value) in zip(times, steps, strict=True):
        found = threshold.take(value, mono)
        if found is not None and found != state:
            assert value is not None
            assert (
                (value < 4 if found else value >= 6)
                if low
                else (value > 6 if found else value <= 4)
            )
            assert mono - flipped >= (on_delay if found else off_delay)
            state, flipped = found, mono


@pytest.mark.parametrize("delay", [0.0, 7.0])
def test_a_value_that_stays_is_told_after_the_delay(delay: float) -> None:
    threshold = Threshold(5, 4, on_delay=delay)
    assert threshold.take(9, 100.0) is (delay == 0)
    assert threshold.take(9, 100.0 + delay) is True
