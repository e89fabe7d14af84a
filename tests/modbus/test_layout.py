from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from submeter.modbus.layout import Layout, shared

Holes = Literal["zero", "refuse"]
Clipped = Literal["refuse", "serve"]
# Values at 10-11, 12-13 and 20-23.
PLACES = [(10, 2), (12, 2), (20, 4)]


@pytest.mark.parametrize(
    ("address", "count", "readable"),
    [
        (10, 2, True),
        (10, 4, True),
        (8, 4, True),
        (14, 10, True),
        (0, 125, True),
        (23, 2, False),  # starts within
        (11, 3, False),
        (10, 3, False),  # ends within
        (18, 4, False),
        (14, 6, False),  # a hole alone
        (0, 10, False),
        (24, 1, False),
        (65535, 1, False),
    ],
)
def test_holes_read_beside_values_but_no_value_is_cut(
    address: int, count: int, readable: bool
) -> None:
    assert Layout(PLACES, 125, "zero", "refuse").readable(address, count) is readable


@pytest.mark.parametrize(
    ("address", "count", "readable"),
    [(10, 4, True), (11, 1, True), (20, 4, True), (9, 2, False), (13, 2, False), (14, 1, False)],
)
def test_strict_holes_with_clipped_values_served(address: int, count: int, readable: bool) -> None:
    assert Layout(PLACES, 125, "refuse", "serve").readable(address, count) is readable


def test_a_table_without_values_is_never_readable() -> None:
    assert not Layout([], 125, "zero", "serve").readable(0, 1)


def test_the_last_address_is_the_end() -> None:
    layout = Layout([(65534, 2)], 125, "zero", "refuse")
    assert layout.readable(65534, 2)
    assert layout.readable(65530, 6)
    assert not layout.readable(65534, 3)
    assert not layout.readable(65535, 2)


@given(
    gaps=st.lists(st.tuples(st.integers(0, 5), st.sampled_from([1, 2, 4])), max_size=8),
    address=st.integers(0, 70),
    count=st.integers(1, 12),
    holes=st.sampled_from(["zero", "refuse"]),
    clipped=st.sampled_from(["refuse", "serve"]),
)
def test_the_rules_hold_for_any_layout(
    gaps: list[tuple[int, int]], address: int, count: int, holes: Holes, clipped: Clipped
) -> None:
    places, at = [], 0
    for gap, length in gaps:
        places.append((at + gap, length))
        at += gap + length
    span = set(range(address, address + count))
    values = [set(range(start, start + length)) for start, length in places]
    defined = set().union(*values)
    expected = span <= defined if holes == "refuse" else bool(span & defined)
    if clipped == "refuse":
        for value in values:
            cut = address in value and address - 1 in value
            cut = cut or (address + count in value and address + count - 1 in value)
            expected = expected and not cut
    assert Layout(places, 12, holes, clipped).readable(address, count) is expected


def test_meters_of_one_map_share_its_layout() -> None:
    places = tuple(PLACES)
    first = shared(places, 125, "zero", "refuse")
    assert shared(tuple(PLACES), 125, "zero", "refuse") is first
    assert shared(places, 125, "zero", "serve") is not first
    assert first.readable(10, 2)
