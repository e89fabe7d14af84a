"""What clamps measured, put together from samples."""

import numpy as np
import pytest

from submeter.calibration.course import Course
from submeter.calibration.sample import BoardSample, ClampSample
from submeter.errors import SubmeterError
from submeter.sources.rp2040.correction import NONE


def board(at: float, seconds: float, energy: complex = 0j, uid: str = "abc") -> BoardSample:
    clamp = ClampSample(2, "L1", energy, seconds * 2, 0.05)
    return BoardSample(uid, at, seconds, 100 * seconds, 0.0, (clamp,), NONE)


def test_energies_on_the_line_between_records() -> None:
    course = Course("abc", (2,))
    for row in range(5):
        course.add(board(10.0 + row, 100.0 + row, 1000 + 50j * row))
    course.add(board(14.0, 104.0, 1200j))  # the same record again
    assert course.energy_at(np.array([11.5]))[0, 0] == pytest.approx(75j)
    assert course.covers(np.array([9.9, 10, 14, 14.1])).tolist() == [False, True, True, False]
    assert course.squares[-1, 0] == pytest.approx(8)
    assert course.volts[-1] == pytest.approx(400)
    assert course.gaps == []


def test_what_is_missing_is_a_gap() -> None:
    course = Course("abc", (2,))
    course.add(board(10, 10))
    course.add(board(11, 11))
    course.add(board(15, 12))  # three seconds were not measured
    course.add(board(16, 13))
    course.add(board(23, 20))  # measured, but nobody knows when what flowed
    assert course.gaps == [13, 19.5]


def test_seconds_that_are_lost_one_by_one_are_gaps() -> None:
    course = Course("abc", (2,))
    for record in range(31):
        course.add(board(10.0 + record, 10.0 + record - record // 10 + 0.3 * (record % 2)))
    assert course.gaps == [19.5, 29.5, 39.5]


def test_a_program_that_was_started_anew() -> None:
    course = Course("abc", (2,))
    course.add(board(10, 500, 9000 + 0j))
    course.add(board(11, 501, 9010 + 0j))
    course.add(board(13, 1, 7 + 0j))
    assert course.energies[:, 0].tolist() == [0, 10, 17]
    assert course.seconds[-1] == 2
    assert course.gaps == [12]


def test_a_program_that_was_started_anew_and_has_counted_for_longer_since() -> None:
    course = Course("abc", (2,))
    course.add(board(10, 5, 90 + 0j))
    course.add(board(11, 6, 100 + 0j))
    course.add(board(40, 20, 300 + 0j)._replace(begun=12.0))
    assert course.energies[:, 0].tolist() == [0, 10, 310]
    assert course.seconds.tolist() == [0, 1, 21]
    course.add(board(41, 21, 310 + 0j)._replace(begun=12.0))
    assert course.energies[-1, 0] == 320
    assert course.gaps == [25.5]


def test_what_is_counted_anew_is_all_of_it() -> None:
    course = Course("abc", (2,))
    for at, seconds, saturated in ((10, 5, 3.0), (11, 6, 4.0), (12, 1, 0.5)):
        course.add(board(at, seconds)._replace(saturated=saturated))
    assert course.saturated == 1.5
    assert course.volts.tolist() == [0, 100, 200]
    assert course.squares[:, 0].tolist() == [0, 2, 4]


def test_a_silence_is_not_covered() -> None:
    course = Course("abc", (2,))
    for at in (10, 11, 12, 60, 61):
        course.add(board(at, at, at * 50 + 0j))
    moments = np.array([9, 10, 12, 13, 36, 59, 60, 61, 62])
    known = [False, True, True, False, False, False, True, True, False]
    assert course.covers(moments).tolist() == known
    assert course.only((2,)).covers(moments).tolist() == known
    assert course.gaps == [36]
    assert course.heard == 3


def test_another_board() -> None:
    course = Course("abc", (2,))
    with pytest.raises(SubmeterError, match="another board came, xyz instead of abc"):
        course.add(board(10, 1, uid="xyz"))


def test_other_ratings() -> None:
    course = Course("abc", (2,))
    course.add(board(10, 1))
    other = board(11, 2)
    clamp = other.clamps[0]._replace(amperes=0.1)
    with pytest.raises(SubmeterError, match="the ratings of the clamps were changed"):
        course.add(other._replace(clamps=(clamp,)))


def test_some_of_the_clamps() -> None:
    course = Course("abc", (1, 2))
    for row in range(2):
        clamps = tuple(ClampSample(n, "L1", n * row + 0j, 0.0, 0.05) for n in (1, 2))
        course.add(BoardSample("abc", float(row), float(row), None, 0.0, clamps, NONE))
    assert course.only((2,)).energies[-1].tolist() == [2]
    assert course.energies[-1].tolist() == [1, 2]
