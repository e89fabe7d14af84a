import logging
from collections.abc import Callable

import pytest

from submeter.modbus.rtu.echo import COPIES, HELD_BACK, NEAR, Echo
from tooling.serial_line import ask, sealed, words

WRITE = ask(5, 6, 200, 60)
READ = ask(5, 3, 0, 2)
VALUES = words(5, 3, [0, 1])
SOONEST = 0.007  # s after an answer has left


class Bench:
    """A line on which every answer is `echoed` so late, with a master; `answers` are counted."""

    def __init__(self, expected: bool = False, echoed: float | None = None) -> None:
        self.echo = Echo(expected, "/dev/ttyX")
        self.echoed = echoed
        self.now = 100.0
        self.answers = 0

    def hear(self, frame: bytes, after: float, answer: bytes | None = None) -> bool:
        """Let `frame` come, and its answer leave; tell whether it was answered."""
        self.now += after
        if self.echo.takes(frame, self.now):
            return False
        self.answers += 1
        self.echo.sent(answer or frame, self.now + SOONEST)
        return True

    def ask(self, frame: bytes, after: float, answer: bytes | None = None) -> bool:
        """Ask as a master does; our own copy comes back first, and is it answered again?"""
        answered = self.hear(frame, after, answer)
        goes_on = answered and self.echoed is not None
        while goes_on and self.answers < 10_000:
            goes_on = self.hear(answer or frame, self.echoed or 0.0)
        return answered


@pytest.mark.parametrize("expected", [True, False])
@pytest.mark.parametrize("late", [0.001, 0.02])
def test_an_echo_is_not_answered(expected: bool, late: float) -> None:
    bench = Bench(expected, late)
    for number in range(1, 50):
        assert bench.ask(WRITE, 0.5)
        assert bench.answers == number


@pytest.mark.parametrize("late", [0.06, 0.15, 0.25, 5.0])
def test_an_expected_echo_may_be_late(late: float) -> None:
    bench = Bench(True, late)
    assert bench.ask(WRITE, 1.0)
    assert bench.answers == 1


@pytest.mark.parametrize("late", [0.06, 0.15, 0.25])
@pytest.mark.parametrize("gap", [0.01, 0.2, 0.5, 2.0])
def test_a_late_echo_that_nobody_expects_is_not_answered_for_ever(late: float, gap: float) -> None:
    bench = Bench(False, late)
    for number in range(1, 50):
        bench.ask(WRITE, gap)
        assert bench.answers <= number * (1 + COPIES)


@pytest.mark.parametrize("late", [0.001, 0.06, 0.15])
@pytest.mark.parametrize("gap", [0.01, 0.2, 2.0])
def test_no_expected_echo_is_answered(late: float, gap: float) -> None:
    bench = Bench(True, late)
    for _ in range(100):
        assert bench.ask(WRITE, gap)
    assert bench.answers == 100


@pytest.mark.parametrize("late", [0.001, 0.06, 0.15])
@pytest.mark.parametrize("gap", [0.01, 0.2, 2.0])
def test_no_echo_is_answered_once_a_read_was_heard_back(late: float, gap: float) -> None:
    bench = Bench(False, late)
    bench.ask(READ, gap, VALUES)
    for _ in range(100):
        assert bench.ask(WRITE, gap)
    assert bench.answers == 101


@pytest.mark.parametrize(
    ("gap", "answered"),
    [(0.02, 12), (0.06, 28), (0.2, 48), (0.5, 60), (1.0, 60)],
)
def test_without_echo_repetitions_are_answered_unless_in_haste(gap: float, answered: int) -> None:
    bench = Bench()
    assert sum(bench.ask(WRITE, gap) for _ in range(60)) == answered


@pytest.mark.parametrize("gap", [0.01, 0.2, 2.0])
def test_without_echo_nothing_is_lost_once_anything_else_was_asked(gap: float) -> None:
    bench = Bench()
    bench.ask(WRITE, gap)
    bench.ask(READ, gap, VALUES)
    assert sum(bench.ask(WRITE, gap) for _ in range(1000)) == 1000


def test_what_is_passed_over_proves_nothing() -> None:
    bench = Bench()
    for _ in range(9):
        assert bench.hear(WRITE, 1.0)
        assert not bench.hear(WRITE, SOONEST + HELD_BACK - 0.001)
        assert not bench.echo.takes(READ, bench.now + 0.5), "a copy came between"


def test_copies_are_counted_anew_after_a_while_and_after_another_frame() -> None:
    bench = Bench()
    bench.hear(WRITE, 1.0)
    for _ in range(3):
        assert [bench.hear(WRITE, 0.2) for _ in range(COPIES)] == [True] * COPIES
        assert not bench.hear(WRITE, 0.2)
        assert bench.hear(WRITE, SOONEST + NEAR - 0.2)
    bench.hear(READ, 0.2, VALUES)
    assert all(bench.hear(WRITE, 0.2) for _ in range(9 * COPIES))


def test_a_copy_that_nobody_can_have_sent_is_none() -> None:
    bench = Bench()
    bench.hear(READ, 1.0, VALUES)
    bench.hear(WRITE, 1.0)
    assert not bench.hear(WRITE, SOONEST - 0.001), "nobody can be that quick"
    assert bench.hear(WRITE, SOONEST + 0.001)
    assert bench.hear(WRITE, SOONEST + 0.001)


@pytest.mark.parametrize("copy", [VALUES, sealed(b"\x05\x83\x02")])
def test_an_unexpected_echo_is_told_once(caplog: pytest.LogCaptureFixture, copy: bytes) -> None:
    caplog.set_level(logging.INFO)
    bench = Bench(False, 0.001)
    for _ in range(3):
        bench.ask(READ, 1.0, copy)
    assert caplog.messages == ["event=rtu_echo where=/dev/ttyX set=modbus.rtu.echo"]


@pytest.mark.parametrize(
    "happens",
    [
        lambda: Bench(True, 0.001).ask(READ, 1.0, VALUES),
        lambda: [Bench(False, 0.06).ask(WRITE, 1.0) for _ in range(9)],
        lambda: [bench.ask(WRITE, 0.001) for bench in [Bench()] for _ in range(9)],
    ],
    ids=["expected", "late", "hasty master"],
)
def test_what_may_be_no_echo_is_not_told(
    caplog: pytest.LogCaptureFixture, happens: Callable[[], object]
) -> None:
    happens()
    assert not caplog.messages
