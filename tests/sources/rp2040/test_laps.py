"""The laps of a recording."""

from itertools import pairwise

import pytest

from submeter.errors import FrameError
from submeter.sources.board.said import Said
from submeter.sources.rp2040 import identity, record
from submeter.sources.rp2040.follower import Follower
from submeter.sources.rp2040.laps import Laps
from tooling.clamp_records import IdealBoard


def laps_of(numbers: list[int], boot: str = "a") -> list[int]:
    """Return the lap that each record is told to be of."""
    laps = Laps()
    named = [laps.named(Said("S", {"b": boot, "q": number})) for number in numbers]
    return [int(each.content["b"].partition(".")[0]) for each in named]


@pytest.mark.parametrize(
    "numbers",
    [[7, 8, 9, 10], [7, 7, 8, 9, 10], [7, 8, 7, 9, 10], [8, 7, 9, 10], [7, 8, 9, 9, 10],
     [7, 9, 8, 10], [7, 8, 10, 9], [7, 8, 9, 10, 8], [7, 8, 9, 10, 10]],
)  # fmt: skip
def test_each_lap_counts_once_whatever_comes_twice_or_late(numbers: list[int]) -> None:
    board = IdealBoard(rest=(0, 0, 0, 0))
    who = identity.read(board.identity())
    contents = {number: board.second() for number in range(1, 11)}
    laps, follower, counted = Laps(), Follower(laps=True), 0
    for place, number in enumerate(numbers * 4):
        said = laps.named(Said("S", contents[number]))
        at = record.read(said.content, who._replace(boot=said.content["b"]))
        window = follower.take(at, 1000.0 + 30 * place)
        counted += window.frames if window else 0
    # Each lap but the first is a run that is new: what is ahead of its first record counts too.
    assert counted == (10 - numbers[0] + 3 * 10) * 6000


def test_a_lap_begins_where_the_numbers_begin_again() -> None:
    assert laps_of([1, 2, 3, 4] * 3) == [0] * 4 + [1] * 4 + [2] * 4
    assert laps_of([501, 502, 503] * 2) == [0, 0, 0, 1, 1, 1]
    assert laps_of([5, 5, 6, 5, 7, 7, 8, 7]) == [0] * 8
    assert all(b - a in (0, 1) for a, b in pairwise(laps_of([2, 1, 3, 4, 5] * 5)))


def test_all_that_names_a_run_names_its_lap() -> None:
    laps = Laps()
    for number in (1, 2, 3, 1):
        laps.named(Said("S", {"b": "a", "q": number}))
    assert laps.named(Said("ID", {"boot": "a"})).content == {"boot": "1.a"}
    assert laps.named(Said("W", {"b": "a", "i": 1})).content == {"b": "1.a", "i": 1}
    assert laps.named(Said("E", {"b": "a"})).content == {"b": "1.a"}
    answer = Said("R", {"r": 1, "ok": 1})
    assert laps.named(answer) is answer
    who = identity.read(IdealBoard(boot="0.a").identity())
    assert laps.renamed(who) == who._replace(boot="1.a")
    with pytest.raises(FrameError):
        laps.named(Said("S", {"b": "a", "q": "1"}))


def test_runs_that_are_remembered_are_bounded() -> None:
    laps = Laps()
    for run in range(1000):
        laps.named(Said("S", {"b": f"{run}", "q": 1}))
    assert len(laps._spans) == 64
