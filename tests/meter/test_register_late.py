"""Energy of a time before, which an instrument tells of only later; and registers without proof."""

from typing import Any

import pytest

from meter.registers import BASE, KWH, POWER, WH, at, register, restarted, settled, told
from submeter.meter.register import Register

LATE = 500 * KWH  # far more than the connection carries between two readings


def late(made: Register, reading: int, amount: int, start: float, name: str = "A") -> Any:
    """Give three readings of which `amount` is late, and return the kinds of the events."""
    return [
        event.kind
        for second in range(3)
        for event in made.take(reading, at(start + second), name, amount)
    ]


def test_what_is_late_is_counted_once_whatever_the_bound() -> None:
    made = settled()
    assert late(made, BASE + LATE, LATE, start=3) == []
    assert (made.counted, made.reading, made.late) == (LATE, BASE + LATE, LATE)
    assert late(made, BASE + LATE + 9 * WH, LATE, start=6) == []
    assert made.counted == LATE + 9 * WH
    assert made.passed_through
    assert made.refused == 0


def test_the_rest_is_judged_as_ever() -> None:
    made = settled()
    late(made, BASE + 2 * LATE, LATE, start=3)
    assert made.counted == LATE
    assert made.refused == 3


def test_the_first_reading_counts_nothing() -> None:
    made = register()
    assert late(made, BASE, LATE, start=0) == []
    assert (made.counted, made.reading) == (0, BASE)
    assert made.passed_through


def test_a_restart_neither_loses_nor_repeats_it() -> None:
    made = settled()
    late(made, BASE + LATE, LATE, start=3)
    again = restarted(made, at(60))
    assert (again.counted, again.reading) == (LATE, BASE + LATE)
    assert again.passed_through
    assert late(again, BASE + LATE, LATE, start=61) == []
    assert again.counted == LATE
    # The very first reading of a run may tell of it.
    once_more = restarted(again, at(120))
    assert late(once_more, BASE + 2 * LATE, 2 * LATE, start=121) == []
    assert once_more.counted == 2 * LATE


def test_where_it_begins_anew_there_is_no_energy() -> None:
    made = settled()
    late(made, BASE + LATE, LATE, start=3)
    assert late(made, BASE, 0, start=6) == []
    assert made.counted == LATE
    assert late(made, BASE + KWH, KWH, start=9) == []
    assert made.counted == LATE, "it was counted, whoever forgot it"
    late(made, BASE + LATE + KWH, LATE + KWH, start=12)
    assert made.counted == LATE + KWH


def test_of_another_instrument_it_is_another_sum() -> None:
    made = settled()
    late(made, BASE + LATE, LATE, start=3)
    assert "instrument_changed" in late(made, BASE, 2 * LATE, start=10, name="B")
    late(made, BASE, 2 * LATE, start=13, name="B")
    assert made.counted == LATE
    assert "index_resumed" in late(made, BASE + LATE, LATE, start=16)
    late(made, BASE + LATE, LATE, start=19)
    assert made.counted == LATE


def test_it_is_not_lost_while_a_wrong_course_is_followed() -> None:
    made = settled()
    high = BASE + 10 * LATE
    assert told(made, *[high] * 8, start=3, every=15)[-1] == "index_jumped"
    late(made, high + LATE, LATE, start=130)
    assert made.counted == LATE
    back = [
        event.kind
        for second in range(140, 240, 15)
        for event in made.take(BASE + LATE, at(second), "A", LATE)
    ]
    assert back[-1] == "index_resumed"
    assert made.counted == LATE


def test_an_exchange_forgets_it() -> None:
    made = settled()
    late(made, BASE + LATE, LATE, start=3)
    made.swap(0, BASE + LATE + 9 * WH, at(6))
    assert made.counted == LATE + 9 * WH
    assert late(made, 20 * WH + KWH, KWH, start=7, name="B") == []
    assert late(made, 20 * WH + KWH, KWH, start=10, name="B") == []
    assert LATE + 9 * WH <= made.counted <= LATE + 29 * WH


@pytest.mark.parametrize("step", [POWER, 10 * POWER])
def test_a_register_that_is_never_borne_out_is_told_once(step: float) -> None:
    made = register()
    wild = [int(place * step * 60 * 1000) for place in range(30)]
    kinds = told(made, *wild, start=0, every=60)
    assert kinds == ["index_refused"]
    assert made.reading is None
    assert made.refused == 29
    assert told(made, *[wild[-1]] * 3, start=1800, every=60) == ["index_resumed"]
    assert made.counted == 0


def test_one_that_is_borne_out_at_once_is_not_worth_a_word() -> None:
    made = register()
    assert told(made, BASE, 0, BASE, BASE, start=0, every=60) == []
    assert made.refused == 1


@pytest.mark.parametrize("restart", [False, True])
def test_the_first_reading_of_an_exchanged_one_has_it_in_it(restart: bool) -> None:
    made = settled()
    late(made, BASE + LATE, LATE, start=3)
    made.swap(BASE + LATE, BASE + LATE, at(6))
    if restart:
        made = restarted(made, at(7))
    assert late(made, BASE + LATE + 9 * WH, LATE, start=8) == []
    assert (made.counted, made.reading) == (LATE + 9 * WH, BASE + LATE + 9 * WH)
    assert made.refused == 0


def test_it_is_known_after_a_restart_that_there_was_none() -> None:
    again = restarted(settled(), at(60))
    assert late(again, BASE + LATE, LATE, start=61) == []
    assert again.counted == LATE


def test_what_falls_and_comes_back_is_counted_once() -> None:
    made = settled()
    late(made, BASE + LATE, LATE, start=3)
    late(made, BASE, 0, start=6)
    late(made, BASE + LATE, LATE, start=9)
    assert (made.counted, made.reading) == (LATE, BASE + LATE)
