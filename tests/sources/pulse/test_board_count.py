"""The count that the records of a board come to: swapped, reset, repeated and late."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from submeter.count_file import Count
from submeter.errors import Condition
from submeter.sources.pulse.board import Record
from submeter.sources.pulse.board_count import BACK, BOOT_SLACK, PATIENCE, BoardCount, Step
from submeter.sources.pulse.remembered import Remembered

FASTEST = 10.0  # pulses a second
A, B = 11, 22


class Bench:
    """An input that is followed, with what is remembered of it, one record a second."""

    def __init__(self, count: Count = Count(0), heard: float | None = None) -> None:  # noqa: B008
        self.memory = Remembered("house", "owner", Path("none"))
        self.memory.set(count)
        self.follow = BoardCount(0, FASTEST, heard)
        self.now = 1000.0

    def take(self, boot: int, raw: int, uid: str = "") -> Step:
        self.now += 1
        record = Record(boot, (raw,), uid)
        step = self.follow.take(self.memory.now, self.memory.ended, record, self.now)
        self.memory.set(step.now)
        return step

    def totals(self, records: Sequence[tuple[int, int]]) -> list[int]:
        return [self.take(*each).now.total for each in records]


def test_what_the_first_record_has_is_not_ours() -> None:
    assert Bench().take(A, 500) == Step(Count(0, A, 500))


def test_differences_count_and_roll_over() -> None:
    assert Bench(Count(10, A, 500)).take(A, 503).now == Count(13, A, 503)
    assert Bench(Count(10, A, 2**32 - 2)).take(A, 3).now == Count(15, A, 3)


def test_a_reset_board_counts_from_0() -> None:
    assert Bench(Count(10, A, 500)).take(B, 4).now == Count(14, B, 4)


def test_a_record_of_a_run_that_ended_counts_for_nothing() -> None:
    records = [(A, 1000), (A, 1400), (B, 0), (A, 1400), (B, 1), (A, 1390), (B, 2)]
    assert Bench().totals(records) == [0, 400, 400, 400, 401, 401, 402]


def test_an_old_record_counts_for_nothing() -> None:
    assert Bench(Count(10, A, 500)).take(A, 499) == Step(Count(10, A, 500))


def test_a_counter_that_stands_back_for_long_is_begun_with_anew() -> None:
    bench = Bench()
    assert bench.totals([(A, 1000), (A, 1005), (B, 3)]) == [0, 5, 8]
    steps = [bench.take(A, 20 + number) for number in range(PATIENCE + 1)]
    assert [step.now.total for step in steps] == [8] * PATIENCE + [9]
    assert [bool(step.anew) for step in steps] == [False] * (PATIENCE - 1) + [True, False]
    noisy = [step.trouble is Condition.NOISE for step in steps]
    assert noisy == [False] * (BACK - 1) + [True] * (PATIENCE - BACK) + [False, False]


def test_what_cannot_have_been_counted_is_not_ours() -> None:
    bench = Bench()
    bench.totals([(A, 1000), (A, 1005)])
    step = bench.take(B, 4_000_000)
    assert step == Step(Count(5, B, 4_000_000), "4000000 pulses were more than can be")
    assert bench.take(B, 4_000_007) == Step(Count(12, B, 4_000_007))
    assert bench.take(B, 5_000_000).now.total == 12  # of the same run it cannot be either
    assert bench.totals([(B, 5_000_001)]) == [13]


def test_a_loss_of_the_link_leaves_time_to_count() -> None:
    bench = Bench()
    bench.totals([(A, 0), (A, 5)])
    bench.now += 3600
    most = int(FASTEST * (3601 + BOOT_SLACK))
    assert bench.take(B, most).now.total == 5 + most


def test_over_a_restart_a_run_is_known_by_its_name_and_a_new_one_by_the_time() -> None:
    kept = Count(10, A, 500)
    assert Bench(kept, heard=990.0).take(A, 100_500).now.total == 100_010
    assert Bench(kept, heard=990.0).take(B, 100_500).now == Count(10, B, 100_500)
    assert Bench(kept, heard=None).take(B, 100_500).now.total == 100_510


def test_another_board_is_begun_with_as_it_stands() -> None:
    bench = Bench()
    bench.take(A, 100, "e6")
    assert bench.take(A, 103, "e6").now.total == 3
    assert bench.take(A, 104).now.total == 4  # it does not say its name each time
    step = bench.take(A, 130, "e7")
    assert step.anew == "it is another board: e7"
    assert step.now.total == 4
    assert bench.take(A, 131, "e7") == Step(step.now._replace(total=5, raw=131))
    assert bench.take(B, 2, "e7").now.total == 7
    assert bench.take(A, 131, "e7").now.total == 7


def test_a_board_that_says_its_name_later_is_the_same() -> None:
    bench = Bench()
    bench.totals([(A, 100), (A, 101)])
    assert bench.take(A, 103, "e6").now.total == 3
    assert bench.take(A, 104, "e6").now.total == 4
    assert bench.take(B, 1).now.total == 5


def test_an_input_that_the_board_does_not_have() -> None:
    with pytest.raises(IndexError):
        BoardCount(2, FASTEST).take(Count(0), (), Record(A, (1, 2)), 0.0)


@given(st.lists(st.tuples(st.integers(0, 500), st.booleans(), st.booleans()), max_size=40))
def test_no_pulse_that_was_sent_is_lost(steps: list[tuple[int, bool, bool]]) -> None:
    """Whatever records are lost on the way, and whenever the board is reset after one."""
    boot, raw, true, unsent = 1, 2**32 - 700, 0, 0
    bench = Bench()
    bench.take(boot, raw)
    for pulses, heard, reset in steps:
        bench.now += 60
        raw, true, unsent = (raw + pulses) % 2**32, true + pulses, unsent + pulses
        if heard:
            unsent = 0
            assert bench.take(boot, raw).now.total == true
        if reset:
            boot, raw, true, unsent = boot + 1, 0, true - unsent, 0
