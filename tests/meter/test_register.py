"""One register through damage, outages, roll-over, reset and exchange."""

import pytest

from meter.registers import (
    BASE,
    KWH,
    POWER,
    WH,
    at,
    instrument,
    register,
    settled,
    told,
)
from submeter.meter.limits import SLACK


def test_a_reading_is_accepted_once_the_next_one_follows() -> None:
    made = register()
    found = []
    for second, reading in enumerate([100, 100, 101, 103]):
        made.take(reading * WH, at(second), "A")
        found.append(made.reading)
    assert found == [None, 100 * WH, 100 * WH, 101 * WH]
    assert made.accepted == at(2)
    assert made.counted == WH
    assert made.passed_through


def test_a_first_reading_that_was_damaged_does_no_harm() -> None:
    made = register()
    assert told(made, 32 * BASE, BASE, BASE + WH, start=0) == []
    assert (made.reading, made.counted) == (BASE, 0)


@pytest.mark.parametrize("damaged", [32 * BASE, 0, BASE - WH, BASE + 400 * WH])
def test_one_damaged_reading_is_refused_counted_and_not_told(damaged: int) -> None:
    made = settled()
    assert told(made, damaged, start=3) == []
    assert (made.doubtful, made.refused) == (True, 1)
    assert told(made, BASE, BASE + WH, start=4) == []
    assert (made.doubtful, made.refused) == (False, 1)
    told(made, BASE + WH, start=6)
    assert made.counted == WH


@pytest.mark.parametrize(("good", "every"), [(63, 1.4), (3, 1.0), (1, 900.0)])
def test_a_line_that_damages_one_in_many_is_no_news(good: int, every: float) -> None:
    made = settled()
    for turn in range(100):
        readings = [BASE + turn * WH] * good
        start = 3 + turn * (good + 1) * every
        assert told(made, 9 * BASE - turn * KWH, *readings, start=start, every=every) == []
    assert made.refused == 100


def test_refusals_that_last_are_told_once_and_so_is_their_end() -> None:
    made = settled()
    damaged = [(9 + number % 3) * BASE for number in range(40)]
    assert told(made, *damaged[:20], start=3) == []
    assert told(made, *damaged[20:], start=23) == ["index_refused"]
    assert told(made, BASE, BASE, BASE, start=43) == ["index_resumed"]
    assert told(made, *damaged[:20], start=46) == []
    assert told(made, BASE, BASE, start=66) == []
    assert made.refused == 60


def test_two_refused_readings_of_a_slow_instrument_are_no_news() -> None:
    made = settled()
    assert told(made, 9 * BASE, 7 * BASE, start=900, every=900) == []
    assert told(made, 5 * BASE, start=2700) == ["index_refused"]


def test_an_announced_exchange_ends_the_refusals() -> None:
    made = settled()
    assert told(made, *[(9 + number) * BASE for number in range(3)], start=3, every=15) != []
    made.swap(0, BASE, at(40))
    assert not made.doubtful
    assert told(made, 0, 0, 0, start=41, name="B") == []


def test_one_damaged_reading_that_physics_would_allow_is_not_accepted() -> None:
    made = settled()
    told(made, BASE + 50 * WH, BASE + WH, BASE + WH, BASE + 2 * WH, start=3)
    assert made.counted == WH


def test_the_bound_is_the_connection_s_power() -> None:
    most = int(POWER * (10 + SLACK) / 3.6) + WH
    made = settled()
    told(made, *[BASE + most] * 2, start=11, every=0)
    assert made.counted == most
    made = settled()
    told(made, *[BASE + most + 1] * 2, start=11, every=0)
    assert (made.counted, made.refused) == (0, 2)


def test_a_long_outage_is_caught_up() -> None:
    made = settled()
    told(made, BASE + 20 * KWH, BASE + 20 * KWH, start=3600)
    assert made.counted == 20 * KWH


def test_late_and_repeated_readings_count_once() -> None:
    made = settled()
    told(made, *[BASE + n * WH for n in (3, 1, 2, 5, 3, 5, 5, 6, 4, 7, 7)], start=3)
    assert made.counted == 7 * WH


def test_a_late_reading_does_not_displace_a_newer_one() -> None:
    made = settled()
    told(made, BASE + 5 * WH, BASE + WH, BASE + 6 * WH, start=3)
    assert made.counted == 5 * WH


def test_late_copies_of_the_accepted_reading_do_not_displace_a_newer_one() -> None:
    made = settled()
    told(made, BASE + 2 * WH, BASE, BASE, BASE + 3 * WH, start=3)
    assert made.counted == 2 * WH


def test_a_damaged_reading_does_not_wait_for_ever_for_another_to_bear_it_out() -> None:
    made = settled()
    told(made, BASE + 50 * WH, *[BASE] * 4, BASE + 51 * WH, BASE, BASE, start=3)
    assert made.counted == 0


def test_copies_of_an_old_reading_after_an_outage_lose_nothing() -> None:
    made = settled()
    told(made, BASE, BASE, BASE, start=3600)
    later = [BASE + 20 * KWH + n * WH for n in range(6)]
    assert told(made, *later, start=3603, every=15) == ["index_refused", "index_resumed"]
    assert made.counted == 20 * KWH + 4 * WH
    assert made.passed_through


def test_four_repetitions_are_damage_still() -> None:
    made = settled()
    assert told(made, *[9 * BASE] * 4, start=3, every=30) == ["index_refused"]
    assert told(made, BASE, BASE, start=120) == ["index_resumed"]
    assert (made.counted, made.refused) == (0, 4)


def test_a_jump_that_persists_is_followed_and_not_booked() -> None:
    made = settled()
    found = told(made, *[9 * BASE + n * WH for n in range(7)], start=3, every=15)
    assert found == ["index_refused", "index_jumped"]
    assert made.reading == 9 * BASE + 5 * WH
    assert made.counted == 5 * WH
    assert not made.passed_through


def test_damage_between_does_not_hide_a_jump() -> None:
    made = settled()
    readings = [9 * BASE, 9 * BASE, 3, 9 * BASE, 77 * BASE, 9 * BASE, 9 * BASE]
    assert told(made, *readings, start=3, every=15)[-1] == "index_jumped"


def test_a_reset_books_what_the_new_count_shows() -> None:
    made = settled()
    found = told(made, *[n * WH for n in (0, 2, 4, 6, 8, 10)], start=3, every=15)
    assert found == ["index_refused", "index_reset"]
    assert made.counted == 8 * WH
    assert not made.passed_through


def test_a_reset_in_an_outage_books_the_first_reading() -> None:
    made = settled()
    told(made, *[3 * KWH] * 6, start=3600, every=15)
    assert made.counted == 3 * KWH


def test_a_fall_to_a_reading_that_was_not_counted_from_0_is_a_jump() -> None:
    made = settled()
    assert told(made, *[BASE // 2] * 6, start=3, every=15)[-1] == "index_jumped"
    assert made.counted == 0


def test_a_register_that_fell_and_comes_back_is_booked_once() -> None:
    made = settled()
    told(made, *[n * WH for n in range(8)], start=3, every=15)
    counted = made.counted
    assert counted > 0
    back = [BASE + 100 * WH + n * WH for n in range(6)]
    assert told(made, *back, start=200, every=15) == ["index_refused", "index_resumed"]
    assert made.counted == 104 * WH
    assert made.reading == BASE + 104 * WH
    assert made.passed_through


def test_a_register_that_comes_back_lower_than_counted_waits() -> None:
    made = settled()
    told(made, *[n * 10 * WH for n in range(8)], start=3, every=15)
    counted = made.counted
    told(made, *[BASE + 2 * WH] * 6, start=200, every=15)
    assert made.counted == counted
    told(made, *[BASE + counted + WH] * 2, start=600)
    assert made.counted == counted + WH


def test_rolling_over_at_any_of_the_spans() -> None:
    for span in (100_000 * KWH, 1_000_000 * KWH):
        made = settled(100_000 * KWH, 1_000_000 * KWH, base=span - WH)
        assert told(made, WH, 2 * WH, start=3) == ["index_rolled_over"]
        assert (made.counted, made.reading) == (2 * WH, WH)
        assert not made.passed_through


def test_another_instrument_is_followed_after_three_readings() -> None:
    made = settled()
    found = told(made, 7 * KWH, 7 * KWH + WH, 7 * KWH + 2 * WH, start=3, name="B")
    assert found == ["instrument_changed"]
    assert (made.counted, instrument(made)) == (WH, "B")
    assert not made.passed_through


def test_a_name_that_flips_once_is_damage() -> None:
    made = settled()
    told(made, BASE + WH, start=3, name="B")
    assert told(made, BASE + WH, BASE + 2 * WH, start=4) == []
    assert (made.counted, instrument(made)) == (WH, "A")


def test_a_name_that_flips_now_and_then_is_damage_even_while_readings_are_refused() -> None:
    made = settled()
    for second in range(3, 15, 2):
        told(made, 9 * BASE, start=second, name="B")
        told(made, 9 * BASE, start=second + 1)
    assert (instrument(made), made.reading) == ("A", BASE)


def test_an_announced_exchange_books_both_readings() -> None:
    made = settled()
    made.swap(3 * KWH, BASE + 40 * WH, at(10))
    assert made.counted == 40 * WH
    told(made, 3 * KWH + 2 * WH, 3 * KWH + 2 * WH, start=12, name="B")
    assert made.counted == 42 * WH
    assert not made.passed_through


def test_an_exchange_without_readings_books_nothing() -> None:
    made = settled()
    made.swap(None, None, at(10))
    told(made, 3 * KWH, 3 * KWH + WH, 3 * KWH + WH, start=12, name="B")
    assert made.counted == WH
    assert not made.passed_through


@pytest.mark.parametrize("old", [BASE - 1, BASE + KWH])
def test_an_exchange_that_cannot_be_is_refused(old: int) -> None:
    made = settled()
    with pytest.raises(ValueError, match=f"cannot have read {old / 1_000_000:.3f} kWh"):
        made.swap(0, old, at(10))
    assert (made.counted, made.reading) == (0, BASE)


def test_an_exchange_may_be_announced_after_it_was_noticed() -> None:
    made = settled()
    told(made, *[3 * KWH] * 6, start=3600, every=15, name="B")
    assert made.counted == 0
    made.swap(2 * KWH, BASE + 4 * KWH, at(7200))
    assert made.counted == 5 * KWH
    told(made, 3 * KWH + WH, 3 * KWH + WH, start=7300, name="B")
    assert made.counted == 5 * KWH + WH


@pytest.mark.parametrize(("new", "old"), [(4 * KWH, BASE), (0, BASE - 1), (0, BASE + 35 * KWH)])
def test_an_announcement_that_does_not_fit_what_was_noticed(new: int, old: int) -> None:
    made = settled()
    told(made, *[3 * KWH] * 6, start=3600, every=15, name="B")
    with pytest.raises(ValueError, match="kWh"):
        made.swap(new, old, at(7200))
    assert made.counted == 0
