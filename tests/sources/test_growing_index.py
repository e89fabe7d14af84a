"""Replayed indexes grow lap by lap."""

from hypothesis import given
from hypothesis import strategies as st

from submeter.sources.growing_index import GrowingIndex


def test_laps_add_up() -> None:
    growing = GrowingIndex()
    laps = [growing.serve("a", register) for register in (100, 110, 120, 100, 110, 120, 100, 105)]
    assert laps == [100, 110, 120, 120, 130, 140, 140, 145]


def test_points_do_not_mix() -> None:
    growing = GrowingIndex()
    assert [growing.serve(*pair) for pair in (("a", 9), ("b", 5), ("a", 1), ("b", 6))] == [
        9,
        5,
        9,
        6,
    ]


@given(st.lists(st.integers(0, 10**12), min_size=1), st.integers(1, 4))
def test_it_never_falls_and_grows_as_the_register_does(series: list[int], laps: int) -> None:
    growing = GrowingIndex()
    last, register = None, 0
    for each in series * laps:
        index = growing.serve("a", each)
        if last is None:
            assert index == each
        else:
            assert index - last == max(0, each - register)
        last, register = index, each
