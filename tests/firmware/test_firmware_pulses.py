"""Contacts that bounce are counted once."""

import pytest

from tooling.firmware import load

pulses = load("core.pulses")


def after(changes: list[tuple[int, bool]], now: int, closed: bool = False) -> int:
    contact = pulses.Contact(20, closed)
    for time, state in changes:
        contact.edge(state, time)
    count: int = contact.count(changes[-1][1] if changes else closed, now)
    return count


@pytest.mark.parametrize(
    ("changes", "count"),
    [
        ([(100, True), (130, False)], 1),
        ([(100, True), (119, False)], 0),
        ([(100, True), (120, False)], 1),
        ([(100, True), (101, False), (103, True), (104, False), (105, True), (140, False)], 1),
        ([(100, True), (130, False), (131, True), (133, False), (134, True), (135, False)], 1),
        ([(100, True), (130, False), (140, True), (170, False)], 1),  # one closing with a gap
        ([(100, True), (130, False), (150, True), (180, False)], 2),
        ([(100, True)], 1),  # and still closed
        ([(100, True), (110, False), (120, True), (130, False), (140, True), (150, False)], 0),
    ],
)  # fmt: skip
def test_a_closing_counts_once_it_lasted(changes: list[tuple[int, bool]], count: int) -> None:
    assert after(changes, 2000) == count


def test_what_was_closed_at_the_start_does_not_count() -> None:
    assert after([], 2000, closed=True) == 0
    assert after([(500, False)], 2000, closed=True) == 0
    assert after([(500, False), (600, True)], 2000, closed=True) == 1


def test_the_clock_may_wrap() -> None:
    wrap = 1 << 30
    assert after([(wrap - 10, True), (15, False)], 100) == 1
    assert after([(wrap - 10, True), (5, False)], 100) == 0
    assert after([(wrap - 100, True), (wrap - 5, False), (50, True), (90, False)], 100) == 2
    assert after([(wrap - 100, True), (wrap - 5, False), (10, True), (90, False)], 100) == 1


def test_an_edge_that_the_interrupt_missed_is_seen_by_the_loop() -> None:
    contact = pulses.Contact(20)
    assert contact.count(True, 100) == 0
    assert contact.count(True, 125) == 1
    assert contact.count(True, 150) == 1
    assert contact.count(False, 160) == 1
    assert contact.count(True, 200) == 1
    assert contact.count(True, 230) == 2
