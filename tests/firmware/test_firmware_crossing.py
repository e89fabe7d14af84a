"""Where a channel rises through a level."""

from array import array
from collections.abc import Sequence
from typing import Any

import pytest

from tooling.firmware import load

crossing = load("core.crossing")


def scan(values: Sequence[int], state: Any, start: int = 0) -> int:
    ring = array("H", [0] * 1024)
    for k, value in enumerate(values):
        ring[(4 * k + 2) & 1023] = value
    found: int = crossing.scan(ring, 4 * start + 2, len(values) - start, 1023, state)
    return found


def retrace(values: Sequence[int], state: Any, found: int, most: int = 30, at: int = 0) -> int:
    """Go back from the one of `values` that was found; the first is frame `at` of the ring."""
    ring = array("H", [0] * 1024)
    for k, value in enumerate(values):
        ring[(4 * (at + k) + 2) & 1023] = value
    quick: int = crossing.retrace(ring, (4 * (at + found) + 2) & 1023, most, 1023, state)
    return quick


def at(level: int, depth: int, height: int = 0) -> Any:
    return array("i", [0, 16 * level, 16 * depth, 16 * height, 0, 0, 0])


def test_it_is_found_after_enough_depth_only() -> None:
    assert scan([1990, 2010, 1950, 1960, 2000, 2100], at(2000, 64)) == -1
    assert scan([1990, 2010, 1935, 1960, 2000, 2100], at(2000, 64)) == 4
    assert scan([1990, 2010, 1936, 1960, 2000, 2100], at(2000, 64)) == -1


def test_it_is_found_once_it_is_as_high_as_it_was_deep() -> None:
    assert scan([1900, 1990, 2001, 2063, 2064, 2100], at(2000, 64, 64)) == 4
    assert scan([1900, 2003, 1999, 2003, 2010], at(2000, 64, 64)) == -1


def test_noise_makes_no_second_one() -> None:
    state = at(2000, 64)
    values = [1900, 1990, 2001, 1999, 2002, 1998, 2003, 2100]
    assert scan(values, state) == 2
    assert scan(values, state, 2) == -1


@pytest.mark.parametrize("place", [0, 254, 255])
def test_it_is_traced_back_to_the_level(place: int) -> None:
    """The ring has 256 frames: it goes back over the start of it too."""
    state = at(2000, 64, 64)
    assert retrace([1900, 1980, 2020, 2050, 2090], state, 4, at=place) == 1
    assert state[crossing.BEFORE :].tolist() == [1980, 2020, 3]
    assert crossing.lateness(state) == 4096 * 5 // 2
    assert retrace([1900, 2090], state, 1, at=place) == 1
    assert state[crossing.BEFORE :].tolist() == [1900, 2090, 1]


def test_a_rise_that_takes_long_is_none_of_the_mains() -> None:
    for rest in (1995, 2000, 2005):
        state = at(2000, 64, 64)
        assert retrace([1900, *[rest] * 28, 2090], state, 29) == 1
        assert retrace([1900, *[rest] * 29, 2090], state, 30) == 1
        assert retrace([1900, *[rest] * 30, 2090], state, 31) == 0
        assert state[crossing.BACK] <= 30


def test_how_late_the_frame_is_follows_from_both_codes() -> None:
    def late(level: int, before: int, after: int, back: int) -> int:
        said: int = crossing.lateness(array("i", [0, 16 * level, 0, 0, before, after, back]))
        return said

    assert late(2000, 1990, 2030, 1) == 3072
    assert late(2000, 1990, 2030, 4) == 3 * 4096 + 3072
    assert late(2000, 1990, 2000, 1) == 0
    assert late(1980, 1990, 2000, 1) == 4096  # the level was elsewhere then
    assert late(2010, 1990, 2000, 1) == 0
    assert late(2000, 2000, 2000, 1) == 4096


def test_it_is_armed_from_one_part_to_the_next() -> None:
    state = at(2000, 64)
    assert scan([1900, 1950], state) == -1
    assert scan([2050, 2100], state) == 0
