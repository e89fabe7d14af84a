"""What physics allows a register to show: the bound, falls, roll-over and time over a restart."""

import pytest

from submeter.meter.feed import Dial
from submeter.meter.instant import Instant
from submeter.meter.limits import LONGEST, SLACK, Limits, Seen

WH = 1000  # mWh
POWER = 36_000.0  # W: 10 Wh a second
UTC = 1_700_000_000.0


def at(seconds: float, step: float = 0.0) -> Instant:
    """Return the moment `seconds`, while UTC is `step` seconds wrong."""
    return Instant(seconds, UTC + seconds + step)


@pytest.mark.parametrize("step", [1, WH])
@pytest.mark.parametrize("seconds", [0, 1, 3600])
def test_the_bound_is_the_power_over_the_time_and_a_step(seconds: int, step: int) -> None:
    limits, before = Limits(Dial(step), POWER), Seen(7 * WH, at(0))
    most = int(10 * WH * (seconds + SLACK)) + step
    assert limits.bound(before, at(seconds)) == most
    assert limits.growth(before, Seen(7 * WH + most, at(seconds))) == most
    assert limits.growth(before, Seen(7 * WH + most + 1, at(seconds))) is None


def test_a_late_reading_has_no_time_to_grow_in() -> None:
    assert Limits(Dial(), POWER).bound(Seen(0, at(60)), at(0)) == 10 * WH * SLACK + 1


def test_a_fall_is_none_but_where_a_dial_ends() -> None:
    before, after = Seen(999 * WH, at(0)), Seen(WH, at(1))
    assert Limits(Dial(), POWER).growth(before, after) is None
    spans = (10_000 * WH, 1000 * WH, 100 * WH)
    assert Limits(Dial(1, spans), POWER).growth(before, after) == 2 * WH
    assert Limits(Dial(1, spans[:1]), POWER).growth(before, after) is None


def test_the_same_reading_is_no_growth_whatever_the_power() -> None:
    assert Limits(Dial(), 0.0).growth(Seen(WH, at(0)), Seen(WH, at(0))) == 0


@pytest.mark.parametrize("step", [-1e7, 0.0, 1e7])
def test_within_a_run_only_the_monotonic_clock_counts(step: float) -> None:
    seen = Seen(0, at(0, step))
    assert seen.elapsed(at(60)) == 60
    assert seen.utc(at(60)) == UTC, "by the clock as it is now"


def test_over_a_restart_the_utc_clock_counts_as_soon_as_it_is_right() -> None:
    seen = Seen(0, Instant(5.0, UTC), restored=True)
    assert seen.elapsed(Instant(8.0, UTC - 100)) == 3
    assert seen.elapsed(Instant(8.0, UTC + 3600)) == 3600
    assert seen.utc(Instant(8.0, UTC + 3600)) == UTC


@pytest.mark.parametrize("days", [1, 90, 20_000])
def test_what_fell_by_little_did_not_go_round_however_long_nobody_looked(days: int) -> None:
    before = Seen(12_345_027 * WH, Instant(0.0, UTC - days * 86_400), restored=True)
    limits = Limits(Dial(WH, (10**8 * WH, 10**9 * WH)), 50_000.0)
    assert limits.growth(before, Seen(12_345_022 * WH, Instant(0.0, UTC))) is None


def test_no_clock_vouches_for_more_than_a_year() -> None:
    before = Seen(0, Instant(0.0, 0.0), restored=True)
    assert before.elapsed(Instant(9.0, UTC)) == LONGEST
