"""Energy from power: exact, one direction, gaps counted and not filled."""

import json
import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from submeter.meter.instant import Instant
from submeter.meter.integrator import Integrator

UTC = 1_700_000_000.0


def at(seconds: float) -> Instant:
    return Instant(seconds, UTC + seconds)


def fed(made: Integrator, *powers: float, start: float = 0, every: float = 1) -> Integrator:
    for place, power in enumerate(powers):
        made.take(power, at(start + place * every))
    return made


def test_a_power_stands_for_the_time_before_it() -> None:
    made = fed(Integrator(1, 10), 99.0, 3.6, 7.2)
    assert made.counted == 1000 + 2000
    assert made.accepted == at(2)


def test_each_direction_counts_its_own() -> None:
    powers = (0.0, 3.6, -7.2, 3.6)
    assert fed(Integrator(1, 10), *powers).counted == 2000
    assert fed(Integrator(-1, 10), *powers).counted == 2000


def test_nothing_is_lost_to_rounding() -> None:
    made = fed(Integrator(1, 10), *[0.000_001] * 36_001, every=0.1)
    assert made.counted == 1  # 1 mW for an hour


def test_a_gap_is_counted_and_not_filled() -> None:
    made = fed(Integrator(1, 10), 3.6, 3.6)
    fed(made, 3.6, 3.6, start=31)
    assert made.counted == 2000
    assert (made.gaps, made.gap_seconds) == (1, 30.0)


@pytest.mark.parametrize("power", [math.nan, math.inf, -math.inf, 36.1, -36.1])
def test_what_cannot_be_a_power_is_ignored(power: float) -> None:
    made = fed(Integrator(1, 10, 36_000), 3.6, power, 3.6)
    assert made.counted == 2000
    assert fed(Integrator(1, 10), 3.6, math.inf).counted == 0


def test_a_late_power_is_ignored() -> None:
    made = fed(Integrator(1, 10), 3.6, 3.6)
    made.take(3.6, at(0.5))
    made.take(3.6, at(2))
    assert made.counted == 2000


def test_a_restart_is_a_gap_and_keeps_the_rest() -> None:
    made = fed(Integrator(1, 10), *[0.000_001] * 1801)
    again = Integrator(1, 10)
    again.restore(json.loads(json.dumps(made.saved(at(1800)))))
    assert again.saved(at(0)) == made.saved(at(0))
    for second in range(1801):
        again.take(0.000_001, Instant(second, UTC + 5000 + second))
    assert again.counted == 1
    assert (again.gaps, again.gap_seconds) == (1, 3200.0)


def test_the_time_of_a_power_is_worth_saving_once_a_minute() -> None:
    made = Integrator(1, 10)
    keys = set()
    for second in range(600):
        made.take(0.0, at(second))
        keys.add(made.key)
    assert len(keys) == 10


@pytest.mark.parametrize(
    "damage",
    [{"counted": -1}, {"rest": 10**13}, {"gaps": True}, {"gap_seconds": "x"}, {"utc": math.nan}],
)
def test_a_damaged_state_is_refused_whole(damage: dict[str, object]) -> None:
    made = fed(Integrator(1, 10), 3.6, 3.6)
    before = made.saved(at(1))
    with pytest.raises(ValueError, match="saved state"):
        made.restore({**before, **damage})
    assert made.saved(at(1)) == before


@given(st.lists(st.tuples(st.integers(-50_000_000, 50_000_000), st.integers(1, 9_999))))
def test_the_sum_is_exact(steps: list[tuple[int, int]]) -> None:
    """Powers in mW and pauses in ms, against fractions."""
    made, other, truth, ms = Integrator(1, 10), Integrator(-1, 10), [Fraction(0), Fraction(0)], 0
    for each in (made, other):
        each.take(0.0, at(0))
    for power, pause in steps:
        ms += pause
        for each in (made, other):
            each.take(power / 1e6, at(ms / 1000))
        truth[power < 0] += Fraction(abs(power) * pause, 3_600_000)
    assert (made.counted, other.counted) == (int(truth[0]), int(truth[1]))
