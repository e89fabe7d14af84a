"""What physics forbids is not served, unless it persists; what falls is never served."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from submeter.sources.index_guard import IN_A_ROW, IndexGuard

WH = 1000  # mWh
POWER = 36_000.0


def guard(*indexes: int) -> IndexGuard:
    """Return a guard that has seen these indexes in Wh, one a second."""
    made = IndexGuard(POWER)
    for second, index in enumerate(indexes):
        made.admit("E", index * WH, second)
    return made


def test_the_first_reading_waits_for_a_second_that_agrees() -> None:
    made = IndexGuard(POWER)
    assert not made.admit("E", 100 * WH, 0)
    assert made.admit("E", 100 * WH, 1)
    assert made.admit("E", 101 * WH, 2)


def test_a_first_reading_that_was_damaged_does_no_harm() -> None:
    made = IndexGuard(POWER)
    assert not made.admit("E", 32_145_698 * WH, 0)
    assert not made.admit("E", 12_345_738 * WH, 1)
    assert made.admit("E", 12_345_738 * WH, 2)
    assert not made.fell("E")


@pytest.mark.parametrize("damaged", [32_145_698, 12_345_000, 12_346_738])
def test_one_damaged_reading_is_refused_and_counted(damaged: int) -> None:
    made = guard(12_345_738, 12_345_738)
    before = made.refused
    assert not made.admit("E", damaged * WH, 2)
    assert made.admit("E", 12_345_739 * WH, 3)
    assert made.refused == before + 1
    assert not made.fell("E")


def test_a_jump_that_persists_is_believed() -> None:
    made = guard(100, 100)
    assert not made.admit("E", 5_000 * WH, 2)
    assert made.admit("E", 5_001 * WH, 3)


def test_a_fall_that_persists_is_told_and_never_served() -> None:
    made = guard(100, 100)
    for second in range(2, 50):
        assert not made.admit("E", 50 * WH, second)
        assert made.fell("E") == (second >= 2 + IN_A_ROW - 1)
    assert made.admit("E", 100 * WH, 60)
    assert not made.fell("E")


def test_a_long_pause_lets_much_through() -> None:
    made = guard(100, 100)
    assert made.admit("E", (100 + 36_000) * WH, 3601)
    assert not made.admit("E", (100 + 36_000 + 100) * WH, 3602)


def test_a_clock_that_starts_anew_is_no_harm() -> None:
    made = guard(100, 100)
    assert made.admit("E", 101 * WH, 0)


def test_indexes_are_apart() -> None:
    made = guard(100, 100)
    assert not made.admit("F", 5 * WH, 2)
    assert made.admit("F", 5 * WH, 3)
    assert made.admit("E", 100 * WH, 3)


@given(
    st.lists(
        st.one_of(st.integers(0, 10).map(lambda step: ("true", step)), st.integers(0, 10**9)),
        max_size=60,
    )
)
def test_what_is_served_never_falls_nor_jumps(series: list[tuple[str, int] | int]) -> None:
    made = IndexGuard(POWER)
    truth, served, doubted = 5_000 * WH, [], False
    for second, entry in enumerate(series):
        glitch = isinstance(entry, int)
        index = entry if isinstance(entry, int) else truth + entry[1] * WH
        truth = truth if glitch else index
        admitted = made.admit("E", index, second)
        if admitted:
            served.append(index)
            assert not glitch or doubted or index - served[-2] <= POWER * 100, "a lone glitch"
        doubted = glitch
    assert served == sorted(served)
