"""Pulses out of edges: bounce, lost edges, levels, and nothing else."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from submeter.sources.pulse.counting import Edge, PulseCounter

DEBOUNCE = 20
SECOND = 1_000_000_000


def counted(edges: list[Edge], closed: bool = False, debounce: int = DEBOUNCE) -> PulseCounter:
    counter = PulseCounter(closed, debounce)
    assert sum(counter.take(edge) for edge in edges) == counter.pulses
    return counter


def alternating(count: int, closed: bool = False, step: int = 100) -> list[Edge]:
    """Return clean edges of a contact that is `closed` at first."""
    return [Edge(n * step, n, closed ^ (n % 2 == 1)) for n in range(1, count + 1)]


@st.composite
def bouncing(draw: st.DrawFn) -> tuple[int, list[Edge]]:
    """Return a number of pulses, and their edges with bounce at each of them."""
    pulses = draw(st.integers(0, 12))
    edges: list[Edge] = []
    at = 0
    for level in [True, False] * pulses:
        at += draw(st.integers(DEBOUNCE, 500))
        edges.append(Edge(at, len(edges) + 1, level))
        for _ in range(draw(st.integers(0, 4))):
            for bounce in (not level, level):
                at += draw(st.integers(0, DEBOUNCE - 1))
                edges.append(Edge(at, len(edges) + 1, bounce))
    return pulses, edges


@given(bouncing())
def test_bounce_is_not_counted_twice(drawn: tuple[int, list[Edge]]) -> None:
    pulses, edges = drawn
    assert counted(edges).pulses == pulses


@given(st.booleans(), st.integers(1, 60), st.data())
def test_lost_edges_are_repaired_to_the_pulse(
    closed: bool, count: int, data: st.DataObject
) -> None:
    edges = alternating(count, closed)
    kept = [edge for edge in edges[:-1] if data.draw(st.booleans())] + edges[-1:]
    counter = counted(kept, closed)
    assert counter.pulses == sum(edge.closed for edge in edges)
    assert counter.lost == count - len(kept)
    there = sum(edge.closed for edge in kept)
    assert counter.repaired == counter.pulses - there


@given(st.booleans(), st.lists(st.tuples(st.integers(0, 50), st.integers(1, 5), st.booleans())))
def test_any_edges_count_no_more_than_there_were(
    closed: bool, drawn: list[tuple[int, int, bool]]
) -> None:
    at = number = 0
    edges = []
    for wait, step, level in drawn:
        at, number = at + wait, number + step
        edges.append(Edge(at, number, level))
    counter = counted(edges, closed)
    assert 0 <= counter.pulses <= number
    again = counted(edges + edges, closed)  # what was taken already counts for nothing
    assert (again.pulses, again.lost) == (counter.pulses, counter.lost)


def test_openings_and_repeated_closings_count_for_nothing() -> None:
    levels = [True, True, True, False, False, True]
    edges = [Edge(100 * n, n, level) for n, level in enumerate(levels, start=1)]
    assert counted(edges).pulses == 2


def test_a_closing_counts_at_once_however_long_it_lasts() -> None:
    counter = PulseCounter(False, DEBOUNCE)
    assert counter.take(Edge(100, 1, True)) == 1
    assert counter.closed_for(3600 * SECOND) == 3600 * SECOND - 100
    assert counter.pulses == 1
    assert counter.take(Edge(3600 * SECOND, 2, False)) == 0
    assert counter.closed_for(9999 * SECOND) == 0


def test_an_edge_that_came_before_the_state_was_asked_for_counts() -> None:
    assert counted([Edge(100, 1, True)], closed=True).pulses == 1


def test_a_contact_that_is_closed_at_the_start_is_no_pulse() -> None:
    counter = PulseCounter(True, DEBOUNCE, now=50)
    assert counter.closed_for(60) == 10
    assert counter.take(Edge(100, 1, False)) == 0
    assert counter.take(Edge(200, 2, True)) == 1


@pytest.mark.parametrize(
    ("missing", "before", "after", "repaired"),
    [(2, False, True, 1), (2, True, False, 1), (3, False, False, 2), (3, True, True, 1),
     (1, False, False, 1), (1, True, True, 0), (1, False, True, 0)],
)  # fmt: skip
def test_parity_comes_from_the_states_around_a_gap(
    missing: int, before: bool, after: bool, repaired: int
) -> None:
    counter = PulseCounter(before)
    counter.take(Edge(0, 1, before))
    counter.take(Edge(100, 2 + missing, after))
    assert (counter.lost, counter.repaired) == (missing, repaired)


def test_ten_million_pulses_are_ten_million() -> None:
    counter = PulseCounter(False)
    number = 0
    for _ in range(10_000):
        number += 2000
        counter.take(Edge(number, number, False))
    assert counter.pulses == 10_000_000
    assert all(a.closed != b.closed for a, b in pairwise(alternating(9)))
