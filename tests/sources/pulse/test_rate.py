"""Power between pulses: median, decay, rest."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from submeter.sources.pulse.rate import PulseRate
from submeter.sources.pulse.weight import parse

SECOND = 1_000_000_000
WH = parse("1 Wh")  # 3.6 kW at one pulse a second


def rate(*pulses: float, idle: float = 600, shortest: float = 0) -> PulseRate:
    made = PulseRate(WH, int(idle * SECOND), 0, max(1, int(shortest * SECOND)))
    for each in pulses:
        made.pulse(int(each * SECOND))
    return made


def power(made: PulseRate, at: float) -> float | None:
    return made.power(int(at * SECOND))


def test_it_is_unknown_until_there_is_an_interval() -> None:
    assert power(rate(), 1) is None
    assert power(rate(10), 11) is None
    assert power(rate(10, 11), 11) == pytest.approx(3.6)


def test_one_odd_interval_does_not_show() -> None:
    assert power(rate(0, 2, 4, 4.1), 4.1) == pytest.approx(1.8)
    assert power(rate(0, 2, 4, 4.1, 4.2), 4.2) == pytest.approx(36)


def test_while_waiting_it_is_no_more_than_a_pulse_over_the_wait() -> None:
    made = rate(0, 1, 2, 3)
    assert power(made, 3.5) == pytest.approx(3.6)
    assert power(made, 13) == pytest.approx(0.36)
    assert power(made, 603) == pytest.approx(3.6 / 600)
    assert power(made, 603.1) == 0


def test_rest_waits_for_three_intervals_of_a_slow_load() -> None:
    made = rate(0, 500, idle=10)
    assert power(made, 500 + 1499) == pytest.approx(3.6 / 1499)
    assert power(made, 500 + 1501) == 0


def test_after_rest_only_the_new_load_counts() -> None:
    made = rate(0, 1, 2, 3, 1003, idle=100)
    assert power(made, 1003) == pytest.approx(3.6 / 1000)
    made.pulse(1004 * SECOND)
    assert power(made, 1004) == pytest.approx(3.6)


def test_without_any_pulse_it_is_none_and_then_rest() -> None:
    assert power(rate(idle=10), 9) is None
    assert power(rate(idle=10), 11) == 0
    assert power(rate(20, idle=10), 20) == pytest.approx(3.6 / 20)


def test_several_pulses_share_their_interval() -> None:
    made = rate(0)
    made.pulse(4 * SECOND, 4)
    assert power(made, 4) == pytest.approx(3.6)


def test_rough_times_are_averaged() -> None:
    made = rate(*range(100), shortest=10)  # told each second, though it is 1.5 a second
    for second in range(100, 140):
        made.pulse(second * SECOND, 1 + second % 2)
    assert power(made, 139) == pytest.approx(1.5 * 3.6, rel=0.1)


@given(st.lists(st.floats(0.01, 2000), max_size=30), st.floats(0, 5000))
def test_it_is_never_more_than_the_wait_allows(gaps: list[float], wait: float) -> None:
    at, made = 0.0, rate()
    for gap in gaps:
        at += gap
        made.pulse(int(at * SECOND))
    found = power(made, at + wait)
    assert found is None or 0 <= found <= 3.6 / max(wait, 0.0099) * 1.001
