"""Lines of a snapshot."""

import itertools
from random import Random
from typing import Any

import pytest

from submeter.errors import FrameError
from submeter.sources.rp2040 import identity
from submeter.sources.rp2040.snapshot import Snapshots, Waveform
from tooling.answering_board import FRAMES, snapshot
from tooling.clamp_records import IdealBoard

BOARD = IdealBoard()
WHO = identity.read(BOARD.identity())


def test_lines_in_any_order_make_a_snapshot_once() -> None:
    lines = snapshot(BOARD, 1, 4)
    for order in itertools.permutations(lines):
        snapshots = Snapshots()
        found = [snapshots.take(each, WHO) for each in (*order[:2], *order, *order)]
        (whole,) = filter(None, found)
        assert whole == Waveform(1000, 4 * FRAMES, b"\x12\x08" * 16 * FRAMES)
        assert snapshots.dropped == 0


def test_a_snapshot_that_misses_a_line_is_dropped_for_the_next_one() -> None:
    snapshots = Snapshots()
    first, second = snapshot(BOARD, 1, 3), snapshot(BOARD, 2, 3)
    found = [snapshots.take(each, WHO) for each in (*first[:2], *second)]
    assert [bool(each) for each in found] == [False] * 4 + [True]
    assert snapshots.dropped == 1


def test_lines_of_another_run_are_ignored() -> None:
    snapshots = Snapshots()
    for each in snapshot(BOARD, 1):
        assert snapshots.take(each | {"b": "before"}, WHO) is None


@pytest.mark.parametrize("start", [1000 + FRAMES - 1, 1000 + FRAMES + 1, 0])
def test_lines_that_do_not_follow_one_another_are_none(start: int) -> None:
    snapshots = Snapshots()
    one, other = snapshot(BOARD, 1)
    assert snapshots.take(one, WHO) is snapshots.take(other | {"f": start}, WHO) is None
    assert snapshots.dropped == 1


@pytest.mark.parametrize(
    "more",
    [{"i": -1}, {"i": None}, {"k": 2}, {"k": -1}, {"m": 0}, {"m": 65}, {"n": FRAMES - 1},
     {"n": 0}, {"f": -1}, {"f": 0.5}, {"d": None}, {"d": "é"}, {"d": "AAAA"}, {"d": "?" * 2136},
     {"d": "/w8=" * 400}, {"b": None}],
)  # fmt: skip
def test_a_damaged_line_is_refused(more: dict[str, Any]) -> None:
    with pytest.raises(FrameError):
        Snapshots().take(snapshot(BOARD, 1)[0] | more, WHO)


def test_what_is_kept_is_bounded() -> None:
    random, snapshots = Random(1), Snapshots()
    for _ in range(3000):
        number, lines = random.randrange(1 << 40), random.randrange(1, 65)
        line = snapshot(BOARD, number, lines)[random.randrange(lines)]
        found = snapshots.take(line, WHO)
        assert found is None or lines == 1
    assert len(snapshots._lines) <= 64
    many = [snapshots.take(each, WHO) for each in snapshot(BOARD, 7, 8)]
    assert many == [None] * 8
