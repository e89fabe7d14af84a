"""Serial addresses of several meters."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from submeter.errors import WriteRefusedError
from submeter.meter import addresses
from submeter.meter.addresses import ADDRESS
from submeter.meter.settings import Settings
from submeter.pointmap import points

POINT = points.standard()[ADDRESS]


def made(*stored: int | None) -> dict[str, Settings]:
    """Return meters a, b, c ... with the addresses 1, 2, 3 ..., and what is stored of each."""
    meters = {}
    for number, value in enumerate(stored, 1):
        own = {} if value is None else {ADDRESS: value}
        meters["abcdefgh"[number - 1]] = Settings([POINT], {ADDRESS: number}, own)
    addresses.keep_apart(meters)
    return meters


def served(meters: dict[str, Settings]) -> list[int | float | None]:
    return [settings.value(ADDRESS) for settings in meters.values()]


def test_what_is_stored_is_used_where_nobody_else_has_it() -> None:
    meters = made(2, 1, 9)
    assert served(meters) == [2, 1, 9]
    assert not any(settings.ignored for settings in meters.values())


def test_what_is_configured_comes_first() -> None:
    meters = made(2, None)
    assert served(meters) == [1, 2]
    assert meters["a"].ignored == {ADDRESS: "2 is that of meter 'b'"}


def test_of_two_stored_ones_the_first_counts() -> None:
    assert served(made(9, 9)) == [9, 2]


def test_one_that_has_to_give_way_may_drive_out_another() -> None:
    """Meter b cannot have 3, falls back to 2, and so meter a cannot have that."""
    meters = made(2, 3, None)
    assert served(meters) == [1, 2, 3]
    assert set(meters["a"].ignored) == set(meters["b"].ignored) == {ADDRESS}


def test_nobody_gets_the_address_of_another_by_a_write_or_a_reset() -> None:
    meters = made(5, None)
    meters["b"].set(ADDRESS, 1)
    with pytest.raises(WriteRefusedError, match="1 is that of meter 'b'; take another"):
        meters["a"].reset(ADDRESS)
    with pytest.raises(WriteRefusedError, match="5 is that of meter 'a'; take another"):
        meters["b"].set(ADDRESS, 5)
    meters["b"].reset(ADDRESS)
    meters["a"].reset(ADDRESS)
    assert served(meters) == [1, 2]


few = st.integers(1, 6)


@given(
    st.lists(st.none() | few, min_size=1, max_size=6),
    st.lists(st.tuples(st.integers(0, 5), st.none() | few)),
)
def test_no_two_are_ever_the_same(
    stored: list[int | None], writes: list[tuple[int, int | None]]
) -> None:
    meters = made(*stored)
    for place, value in writes:
        settings = list(meters.values())[place % len(meters)]
        with contextlib.suppress(WriteRefusedError):
            settings.reset(ADDRESS) if value is None else settings.set(ADDRESS, value)
        now = served(meters)
        assert len(set(now)) == len(now)
    assert len(set(served(meters))) == len(meters)
