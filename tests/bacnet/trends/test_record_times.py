import pytest
from hypothesis import given
from hypothesis import strategies as st

from submeter.bacnet.trends.record_times import LAST_NUMBER, Anchor, RecordTimes, advanced


def known(times: list[int], most: int = 100, newest: int | None = None) -> RecordTimes:
    made = RecordTimes(most)
    anchor = None if newest is None else Anchor(times[-1], newest)
    made.begin(times, anchor, 0)
    return made


def numbers(of: RecordTimes) -> list[int]:
    number = of.numbers()
    return [number(position) for position in range(len(of))]


def test_numbers_are_consecutive_and_go_on() -> None:
    times = known([10, 20, 30])
    assert numbers(times) == [1, 2, 3]
    times.follow([40, 50])
    assert list(times.times) == [10, 20, 30, 40, 50]
    assert numbers(times) == [1, 2, 3, 4, 5]
    assert times.anchor == Anchor(50, 5)


def test_the_oldest_make_room() -> None:
    times = known([10, 20, 30], most=3)
    times.follow([40])
    assert list(times.times) == [20, 30, 40]
    assert numbers(times) == [2, 3, 4]


def test_counting_goes_on_from_the_anchor() -> None:
    times = RecordTimes(100)
    times.begin([10, 20, 30, 40], Anchor(20, 1000), since=2)
    assert numbers(times) == [999, 1000, 1001, 1002]


def test_more_records_than_numbers_so_far() -> None:
    times = RecordTimes(100)
    times.begin([10, 20, 30], Anchor(20, 1), since=1)
    assert numbers(times) == [1, 2, 3]


def test_records_that_were_let_go_of() -> None:
    times = known([10, 20, 30], newest=7)
    times.replace([20, 30])
    assert numbers(times) == [6, 7]
    times.replace([])
    assert (len(times), times.newest, times.anchor) == (0, 7, None)
    times.replace([40])
    assert numbers(times) == [8]


def test_what_is_forgotten_takes_no_number_with_it() -> None:
    times = known([10, 20, 30], newest=7)
    times.forget(5)
    times.forget(20)
    assert list(times.times) == [20, 30]
    assert numbers(times) == [6, 7]
    times.forget(31)
    times.follow([40])
    assert numbers(times) == [8]


def test_after_the_clock_was_set_back_the_new_ones_get_the_next_numbers() -> None:
    times = known([10, 20, 30, 40])
    times.replace([10, 20, 25])
    assert numbers(times) == [3, 4, 5]
    times.follow([35])
    assert numbers(times) == [3, 4, 5, 6]
    times.replace([10, 20, 25, 26, 27])
    assert times.newest == 8


def test_a_sample_at_the_very_time_of_one_that_it_supersedes_is_a_new_one() -> None:
    times = known([10, 20, 30, 40])
    times.replace([10, 20])
    assert times.newest == 5


def test_the_number_after_the_last_is_1() -> None:
    times = known([10, 20, 30], newest=LAST_NUMBER - 1)
    times.follow([40, 50])
    assert numbers(times) == [LAST_NUMBER - 3, LAST_NUMBER - 2, LAST_NUMBER - 1, LAST_NUMBER, 1]
    assert times.position(1) == 4
    assert times.position(LAST_NUMBER) == 3
    assert times.position(LAST_NUMBER - 4) == -1
    assert times.position(3) == 6


@given(st.integers(1, LAST_NUMBER), st.integers(1, 50), st.integers(-60, 60))
def test_position_and_number_are_inverse(newest: int, size: int, position: int) -> None:
    times = known(list(range(100, 100 + size)))
    times.newest = newest
    assert times.position(times.numbers()(position)) == position
    assert advanced(advanced(newest, position), -position) == newest


def test_an_anchor_is_kept_as_text() -> None:
    anchor = Anchor(1_790_000_000, 17)
    assert Anchor.read({"k": str(anchor)}, "k") == anchor


@pytest.mark.parametrize("text", ["", "1", "1 2 3", "a b", "-1 2", "1 4294967296", "1 99999999999"])
def test_an_anchor_that_makes_no_sense_is_none(text: str) -> None:
    assert Anchor.read({"k": text}, "k") is None
    assert Anchor.read({}, "k") is None
