"""A total between two bookings."""

from submeter.meter.course import GRAIN, MOST, Course


def test_it_is_spread_evenly_between_two_entries() -> None:
    course = Course()
    course.note(100.0, 1000)
    course.note(140.0, 5000)
    assert [course.at(mono) for mono in (99, 100, 110, 140, 141)] == [None, 1000, 2000, 5000, None]


def test_without_entries_nothing_is_known() -> None:
    assert Course().at(0.0) is None


def test_what_is_older_is_ignored() -> None:
    course = Course()
    course.note(10.0, 7)
    course.note(10.0, 9)
    course.note(5.0, 3)
    assert course.at(10.0) == 7
    assert course.at(5.0) is None


def test_it_keeps_the_last_entry_and_one_a_grain() -> None:
    course = Course()
    for second in range(10_000):
        course.note(float(second), second * 1000)
    assert course.at(9999.0) == 9_999_000
    assert course.at(9990.5) == 9_990_500
    oldest = 9999 - GRAIN * (MOST - 2)
    assert course.at(oldest) == int(oldest) * 1000
    assert course.at(9999 - 2 * GRAIN * MOST) is None
