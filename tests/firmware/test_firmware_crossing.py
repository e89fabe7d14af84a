"""Where a channel rises through a level."""

from array import array
from collections.abc import Sequence
from typing import Any

from tooling.firmware import load

crossing = load("core.crossing")


def scan(values: Sequence[int], state: Any, start: int = 0) -> int:
    ring = array("H", [0] * 1024)
    for k, value in enumerate(values):
        ring[(4 * k + 2) & 1023] = value
    found: int = crossing.scan(ring, 4 * start + 2, len(values) - start, 1023, state)
    return found


def at(level: int, depth: int) -> Any:
    return array("i", [0, 16 * level, 16 * depth, 0, 0])


def test_it_is_found_after_enough_depth_only() -> None:
    assert scan([1990, 2010, 1950, 1960, 2000, 2100], at(2000, 64)) == -1
    assert scan([1990, 2010, 1935, 1960, 2000, 2100], at(2000, 64)) == 4
    assert scan([1990, 2010, 1936, 1960, 2000, 2100], at(2000, 64)) == -1


def test_noise_makes_no_second_one() -> None:
    state = at(2000, 64)
    values = [1900, 1990, 2001, 1999, 2002, 1998, 2003, 2100]
    assert scan(values, state) == 2
    assert scan(values, state, 2) == -1


def test_how_late_the_frame_is_follows_from_both_codes() -> None:
    state = at(2000, 64)
    scan([1900, 1990, 2030], state)
    assert state[crossing.BEFORE :].tolist() == [1990, 2030]
    assert crossing.lateness(state) == 3072
    assert crossing.lateness(array("i", [0, 16 * 2000, 0, 1990, 2000])) == 0
    assert crossing.lateness(array("i", [0, 16 * 1980, 0, 1990, 2000])) == 4096
    assert crossing.lateness(array("i", [0, 16 * 2000, 0, 2000, 2000])) == 0


def test_it_is_armed_from_one_part_to_the_next() -> None:
    state = at(2000, 64)
    assert scan([1900, 1950], state) == -1
    assert scan([2050, 2100], state) == 0
