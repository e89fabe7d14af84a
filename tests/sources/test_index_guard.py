"""A reading of an index is admitted once the next one follows from it."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from submeter.meter.limits import SLACK
from submeter.sources.index_guard import IndexGuard

WH = 1000  # mWh
POWER = 36_000.0


def served(made: IndexGuard, *indexes: int, start: float = 0.0) -> list[int | None]:
    """Give the guard indexes in Wh, one a second, and return what it admits, in Wh."""
    found = []
    for second, index in enumerate(indexes):
        admitted = made.admit("E", index * WH, start + second)
        found.append(None if admitted is None else admitted // WH)
    return found


def test_a_reading_is_served_once_the_next_one_follows() -> None:
    assert served(IndexGuard(POWER), 100, 100, 101, 103) == [None, 100, 100, 101]


def test_a_first_reading_that_was_damaged_does_no_harm() -> None:
    made = IndexGuard(POWER)
    assert served(made, 32_145_698, 12_345_738, 12_345_739) == [None, None, 12_345_738]


@pytest.mark.parametrize("damaged", [32_145_698, 12_345_000, 12_346_738, 12_345_790])
def test_one_damaged_reading_is_never_served(damaged: int) -> None:
    made = IndexGuard(POWER)
    found = served(made, 12_345_738, 12_345_738, damaged, 12_345_739, 12_345_739, 12_345_740)
    assert damaged not in found
    assert found[-1] == 12_345_739


@pytest.mark.parametrize("damaged", [401_000, 300_000])
def test_one_damaged_reading_after_an_outage_is_never_served(damaged: int) -> None:
    made = IndexGuard(POWER)
    served(made, 1000, 1000)
    found = served(made, damaged, 1010, 1010, start=36_000)
    assert damaged not in found
    assert found[-1] == 1010


def test_readings_may_be_far_apart() -> None:
    made = IndexGuard(POWER)
    found = [made.admit("E", hour * 20_000 * WH, 3600 * hour) for hour in range(3)]
    assert found == [None, 0, 20_000 * WH]


@pytest.mark.parametrize("course", [5_000, 50])
def test_another_course_is_passed_on_once_it_goes_on(course: int) -> None:
    """Whether a register may jump or fall is judged by who knows its past."""
    found = served(IndexGuard(POWER), 100, 100, course, course + 1, course + 2)
    assert found == [None, 100, None, course, course + 1]


def test_a_clock_that_starts_anew_is_no_harm() -> None:
    made = IndexGuard(POWER)
    served(made, 100, 100, start=1000)
    assert served(made, 101, 101) == [100, 101]


def test_indexes_are_apart() -> None:
    made = IndexGuard(POWER)
    assert made.admit("E", 5 * WH, 0) is made.admit("F", 900 * WH, 0) is None
    assert made.admit("E", 5 * WH, 1) == 5 * WH


SERIES = st.lists(st.one_of(st.integers(0, 10).map(float), st.integers(0, 10**9)), max_size=60)


@given(SERIES)
def test_only_a_reading_that_the_next_one_bears_out_is_admitted(series: list[float | int]) -> None:
    """Floats are steps of the truth in Wh, integers are what damage made of a reading."""
    made = IndexGuard(POWER)
    truth = 5_000 * WH
    earlier: int | None = None
    before: int | None = None
    for second, entry in enumerate(series):
        if isinstance(entry, float):
            truth += int(entry) * WH
        reading = truth if isinstance(entry, float) else entry
        lone = goes_on(earlier, reading, 2) and not goes_on(earlier, before, 1)
        believed = goes_on(before, reading, 1) and not lone
        assert made.admit("E", reading, second) == (before if believed else None)
        earlier, before = before, reading


def goes_on(before: int | None, after: int | None, seconds: int) -> bool:
    most = POWER * (seconds + SLACK) / 3.6
    return before is not None and after is not None and 0 <= after - before <= most


@pytest.mark.parametrize("lower", [2, 30, 50])
def test_a_damaged_reading_just_below_the_truth_is_not_served(lower: int) -> None:
    truth = list(range(12_345_671, 12_345_691))
    shown = [each - lower if place == 10 else each for place, each in enumerate(truth)]
    found = served(IndexGuard(POWER), *shown)
    assert found[1:10] == truth[:9]
    assert found[10:12] == [None, None]
    assert found[12:] == truth[11:-1]


@given(st.lists(st.integers(0, 10), min_size=4, max_size=60), st.data())
def test_a_lone_glitch_is_not_served(steps: list[int], data: st.DataObject) -> None:
    made = IndexGuard(POWER)
    at = data.draw(st.integers(1, len(steps) - 2))
    glitch = data.draw(st.integers(6_000 * WH, 10**9))
    truth, found = 5_000 * WH, []
    for second, step in enumerate(steps):
        truth += step * WH
        found.append(made.admit("E", glitch if second == at else truth, second))
    assert glitch not in found


def test_names_that_damage_made_do_not_fill_the_memory() -> None:
    made = IndexGuard(POWER)
    for number in range(3 * made.MOST):
        made.admit(f"damaged {number}", number, number)
        made.admit("E", number, number)
    assert made.admit("E", 3 * made.MOST, 3 * made.MOST) is not None
    assert len(pickle.dumps(made)) < 100 * made.MOST
