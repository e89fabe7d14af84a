"""Boards whose runs and counters come to no rest: nothing counts until they do."""

from pathlib import Path

import pytest

from submeter.count_file import Count
from submeter.errors import Condition
from submeter.sources.pulse.board import Record
from submeter.sources.pulse.board_count import (
    BOOT_SLACK,
    BREAKS,
    CALM,
    MARGIN,
    PATIENCE,
    SLACK,
    BoardCount,
    Step,
)
from submeter.sources.pulse.remembered import Remembered

FASTEST = 10.0  # pulses a second
A, B = 11, 22


class Bench:
    """An input that is followed, with what is remembered of it, one record a second."""

    def __init__(self) -> None:
        self.memory = Remembered("house", "owner", Path("none"))
        self.follow = BoardCount(0, FASTEST)
        self.now = 1000.0

    def take(self, boot: int, raw: int, uid: str = "", passed: float = 1.0) -> Step:
        self.now += passed
        record = Record(boot, (raw,), uid)
        step = self.follow.take(self.memory.now, self.memory.ended, record, self.now)
        self.memory.set(step.now)
        return step

    def calmed(self, boot: int, raw: int) -> int:
        """Let a run grow by 1 a second until it counts, and return how many s that took."""
        total = self.memory.now.total
        for second in range(1, 200):
            step = self.take(boot, raw + second)
            assert step.now.total == total
            if step.trouble is None:
                assert self.take(boot, raw + second + 2).now.total == total + 2
                return second
        raise AssertionError("it never counted again")


def test_a_counter_that_falls_for_ever_is_noise_until_it_grew_for_a_minute() -> None:
    bench = Bench()
    steps = [bench.take(A, 10_000 - number) for number in range(300)]
    assert {step.now.total for step in steps} == {0}
    assert sum(bool(step.anew) for step in steps) == 2
    assert {step.trouble for step in steps[2 * PATIENCE :]} == {Condition.NOISE}
    assert bench.calmed(A, 20_000) == pytest.approx(CALM, abs=1)


def test_resets_that_never_stop_are_noise_and_count_for_nothing() -> None:
    bench = Bench()
    bench.take(1000, 0)
    steps = [bench.take(boot, 12) for boot in range(1, 301)]
    assert {step.now.total for step in steps[BREAKS:]} == {12 * BREAKS}
    assert {step.trouble for step in steps[:BREAKS]} == {None}
    assert {step.trouble for step in steps[BREAKS:]} == {Condition.NOISE}
    assert sum(bool(step.anew) for step in steps) == 1
    assert bench.calmed(300, 12) == pytest.approx(CALM, abs=1)
    assert bench.take(301, 3).trouble is None


def test_boards_that_take_turns_are_noise() -> None:
    bench = Bench()
    steps = [bench.take(A + number % 2, number, f"e{number % 2}") for number in range(300)]
    assert {step.now.total for step in steps} == {0}
    assert sum(bool(step.anew) for step in steps) == BREAKS + 1
    assert {step.trouble for step in steps[BREAKS + 1 :]} == {Condition.NOISE}


def test_a_few_resets_count_and_are_no_trouble() -> None:
    bench = Bench()
    bench.take(100, 0)
    for boot in range(1, 21):
        bench.now += CALM / BREAKS
        step = bench.take(boot, 7)
        assert (step.now.total, step.trouble) == (7 * boot, None)


def test_a_new_run_counts_no_more_than_there_was_time_for() -> None:
    bench = Bench()
    bench.take(A, 0)
    most = int(FASTEST * (1 + BOOT_SLACK))
    assert bench.take(B, most + 1).now == Count(0, B, most + 1)
    assert bench.take(33, most).now == Count(most, 33, most)


def test_many_records_at_once_come_to_no_more_than_can_be() -> None:
    bench = Bench()
    steps = [bench.take(A, number, passed=0.001) for number in range(50_000)]
    assert steps[-1].now.total <= FASTEST * (SLACK + MARGIN * 50)
    assert steps[-1].trouble is Condition.NOISE
    assert sum(bool(step.anew) for step in steps) == BREAKS + 1
    assert bench.calmed(A, 50_000) == pytest.approx(CALM, abs=1)


def test_a_power_that_is_set_too_low_costs_nothing_however_long_there_is_more() -> None:
    bench = Bench()
    bench.take(A, 0)
    for second in range(1, 2000):
        raw = round(second * FASTEST * 1.9)
        assert bench.take(A, raw) == Step(Count(raw, A, raw))


def test_records_that_were_held_up_all_count() -> None:
    bench = Bench()
    bench.take(A, 0)
    for turn in range(20):
        for second in range(1, 31):
            raw = (turn * 30 + second) * int(FASTEST)
            assert bench.take(A, raw, passed=30.0 * (second == 1)).now.total == raw
