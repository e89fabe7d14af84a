"""One register through restarts, and clocks that are set."""

from typing import Any

import pytest

from meter.registers import (
    BASE,
    KWH,
    UTC,
    WH,
    at,
    register,
    restarted,
    settled,
    told,
)
from submeter.meter.instant import Instant


def test_a_restart_goes_on_and_knows_the_time_in_between() -> None:
    made = settled()
    told(made, BASE + WH, BASE + WH, start=3)
    # Another boot: the monotonic clock begins anew.
    again = restarted(made, Instant(0, UTC + 3600))
    assert again.counted == WH
    for second in range(2):
        again.take(BASE + 20 * KWH, Instant(second, UTC + 3600 + second), "A")
    assert again.counted == 20 * KWH
    assert again.passed_through


def test_after_a_restart_physics_holds_too() -> None:
    again = restarted(settled(), Instant(0, UTC + 60))
    for second in range(2):
        again.take(BASE + 20 * KWH, Instant(second, UTC + 60 + second), "A")
    assert (again.counted, again.doubtful) == (0, True)


def test_a_clock_that_is_set_right_after_a_restart() -> None:
    """The clock of a machine without a battery stands where it stopped, until NTP is heard."""
    again = restarted(settled(), Instant(0, UTC))
    again.take(BASE + 20 * KWH, Instant(1, UTC + 1), "A")
    assert again.doubtful
    for second in range(10, 13):
        again.take(BASE + 20 * KWH, Instant(second, UTC + 3600 + second), "A")
    assert again.counted == 20 * KWH


def test_a_clock_that_is_set_right_while_readings_are_refused() -> None:
    again = restarted(settled(), Instant(0, UTC))
    for second in (0, 1):
        again.take(BASE, Instant(second, UTC + second), "A")
    found = []
    for second in range(2, 122, 20):
        utc = UTC + second + (3600 if second > 50 else 0)
        found += [e.kind for e in again.take(BASE + 20 * KWH, Instant(second, utc), "A")]
    assert found == ["index_refused", "index_resumed"]
    assert again.counted == 20 * KWH


def test_a_clock_that_is_set_right_after_a_jump_was_believed() -> None:
    again = restarted(settled(), Instant(0, UTC))
    for second in range(0, 120, 10):
        again.take(BASE + 20 * KWH + second * WH, Instant(second, UTC + second), "A")
    assert again.counted == 100 * WH
    for second in (130, 140):
        again.take(BASE + 20 * KWH + 200 * WH, Instant(second, UTC + 3600 + second), "A")
    assert again.counted == 20 * KWH + 200 * WH
    assert again.passed_through


def test_a_jump_the_clock_does_not_explain_stays_one() -> None:
    again = restarted(settled(), Instant(0, UTC))
    for second in range(0, 120, 10):
        again.take(9 * BASE, Instant(second, UTC + second), "A")
    for second in (130, 140):
        again.take(9 * BASE, Instant(second, UTC + 3600 + second), "A")
    assert again.counted == 0


def test_a_wrong_clock_makes_no_roll_over_of_a_reset() -> None:
    span = 100_000 * KWH
    again = restarted(settled(span, base=span // 2), Instant(0, UTC))
    for second in range(0, 120, 10):
        again.take(second * WH, Instant(second, UTC + second), "A")
    assert again.counted == 100 * WH
    again.take(130 * WH, Instant(130, UTC + 1e7), "A")
    assert again.counted == 110 * WH


def test_clock_steps_do_not_matter_while_it_runs() -> None:
    made = settled()
    for second, step in ((3, 1e8), (4, -1e8), (5, 1e8)):
        made.take(BASE + 20 * KWH, at(second, UTC + step), "A")
    assert (made.counted, made.doubtful) == (0, True)


def test_a_clock_that_was_wrong_when_the_reading_first_came() -> None:
    made = register()
    for second in range(3):
        made.take(BASE, at(second, UTC + 1e7), "A")
    for second in range(3, 6):
        made.take(BASE, at(second), "A")
    again = restarted(made, Instant(0, UTC + 3600))
    for second in (0, 1):
        again.take(BASE, Instant(second, UTC + 3600 + second), "A")
    for second in range(2, 122, 20):
        again.take(BASE + 20 * KWH, Instant(second, UTC + 3600 + second), "A")
    assert again.counted == 20 * KWH


def test_a_fall_is_remembered_over_a_restart() -> None:
    made = settled()
    told(made, *[0] * 7, start=3, every=15)
    again = restarted(made, Instant(0, UTC + 200))
    for second in range(0, 90, 15):
        again.take(BASE + 100 * WH, Instant(second, UTC + 200 + second), "A")
    assert again.counted == 100 * WH


@pytest.mark.parametrize(
    "damage",
    [
        {"counted": -1},
        {"counted": 1.5},
        {"counted": None},
        {"course": [{}]},
        {"course": 7},
        {"formers": [{"first": "x"}]},
        {"original": None},
    ],
)
def test_a_damaged_state_is_refused_whole(damage: dict[str, Any]) -> None:
    made = settled()
    told(made, BASE + WH, BASE + WH, start=3)
    before = made.saved(at(9))
    with pytest.raises(ValueError, match="saved state"):
        made.restore({**before, **damage}, at(9))
    assert made.saved(at(9)) == before
