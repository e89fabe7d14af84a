"""What a board does when a turn takes long, samples are lost, or its settings do not fit it."""

import math
from itertools import pairwise
from typing import Any

import pytest

from tooling.firmware import load
from tooling.virtual_board import VirtualBoard, only


class Biased:
    """Mains and three currents that do not rest at the middle; `volts` is a share of it."""

    def __init__(self) -> None:
        self.at, self.volts = 0, 1.0
        self.quiet: range = range(0)

    def fill(self, ring: Any, at: int, frames: int, mask: int) -> None:
        for k in range(frames):
            angle = math.tau * (self.at + k) / 120
            share = 0.6 if self.at + k in self.quiet else self.volts
            for channel, (rest, size, lag) in enumerate(
                ((2200, 1000 * share, 0), (1900, 500, 0.3), (2300, 300, 3), (2100, 20, 1.5))
            ):
                word = (at + 4 * k + channel) & mask
                ring[word] = round(rest + size * math.sin(angle - lag))
        self.at += frames

    def skip(self, frames: int) -> None:
        self.at += frames


def test_the_watchdog_is_fed_in_each_turn() -> None:
    board, fed = VirtualBoard(), []
    board.hal.watchdog = lambda: fed.append(board.clock.now)
    board.go(0.1)
    assert len(fed) == len(set(fed)) == 25


def test_what_waited_most_is_told_of_each_record() -> None:
    board = VirtualBoard()
    board.go(0.5)
    board.go(0.4, turn=400_000)
    assert [each["w"] for each in only(board.go(1.2), "S")] == [2400, 24]


def test_samples_that_are_lost_while_the_ring_is_drained_are_lost() -> None:
    board = VirtualBoard()
    board.go(0.5)
    sampler = board.hal.sampler
    asked: list[int] = []
    available = sampler.available

    def look() -> int:
        asked.clear()
        return int(available())

    def overran() -> bool:
        asked.append(1)
        return len(asked) == 2 and board.clock.now < 510_000

    sampler.available, sampler.overran = look, overran
    lines = board.go(1.0)
    assert {each["k"] for each in only(lines, "E")} == {"overrun"}
    assert only(lines, "S")[-1]["o"] == 2


def test_a_turn_of_seconds_makes_one_record_and_the_next_comes_in_time() -> None:
    board = VirtualBoard()
    board.go(1.5)
    board.clock.now += 3_000_000
    records = only(board.go(1.0), "S")
    assert [each["t"] for each in records] == [4_504_000, 5_000_000]
    assert [each["q"] for each in records] == [2, 3]


def test_a_dip_that_an_overrun_cuts_off_is_not_told() -> None:
    wave = Biased()
    board = VirtualBoard(wave=wave)
    board.go(2.0)
    wave.volts = 0.6
    board.go(0.1)
    wave.volts = 1.0
    board.clock.now += 1_000_000
    assert [each["k"] for each in only(board.go(1.0), "E")] == ["overrun"]


def test_an_overrun_is_told_with_the_time_at_which_it_began() -> None:
    board = VirtualBoard()
    board.go(2.0)
    board.clock.now += 1_000_000
    [event] = only(board.go(0.1), "E")
    assert event["t"] == pytest.approx(2_000_000, abs=1000)
    assert event["f"] == pytest.approx(12_000, abs=6)
    assert event["l"] == pytest.approx(6_024, abs=6)


@pytest.mark.parametrize("turn", [4_000, 50_000, 500_000])
def test_an_event_is_told_with_its_own_time(turn: int) -> None:
    """However much comes after it in the part of the ring that is drained at once."""
    wave = Biased()
    wave.quiet = range(15_000, 15_600)
    [dip] = only(VirtualBoard(wave=wave).go(4.0, turn), "E")
    assert dip["k"] == "dip"
    assert dip["f"] == pytest.approx(15_000, abs=2)
    assert dip["t"] == pytest.approx(2_500_000, abs=1000)
    assert dip["d"] == pytest.approx(600 * 4096, abs=2 * 4096)


def test_a_waveform_of_before_is_not_sent_in_another_run() -> None:
    board = VirtualBoard()
    board.go(0.5)
    board.host.room = 0
    board.host.waiting = b'1 snap\r\n2 cfg {"period": 2}\r\n'
    board.go(0.1)
    board.host.room = 1 << 20
    lines = board.go(0.5)
    assert only(lines, "R")[-1]["ok"] == 1
    assert only(lines, "W") == []
    [wave] = only(board.ask('3 snap {"n": 200}', 0.2), "W")
    assert wave["i"] == 1


def test_pins_that_do_not_fit_the_board_are_left_out() -> None:
    """They were kept by a board of another kind."""
    board = VirtualBoard(settings={"pins": [23], "period": 2})

    def refuse(pins: list[int]) -> None:
        if pins:
            raise ValueError("there is no such pin")

    board.hal.check_pulses = refuse
    board.go(0.1)
    board.board = load("core.board").Board(board.hal)
    lines = board.go(2.1)
    [identity] = only(lines, "ID")
    assert (identity["pins"], identity["period"]) == ([], 2)
    assert only(lines, "S")[0]["p"] == []


def test_pulses_are_told_in_32_bits() -> None:
    board = VirtualBoard(settings={"pins": [2]})
    board.hal.pulses = lambda: [(1 << 32) + 5]
    assert only(board.go(1.1), "S")[0]["p"] == [5]


def test_what_goes_into_quadrants_is_without_the_rests_of_that_record() -> None:
    first, *records = only(VirtualBoard(wave=Biased()).go(4.1), "S")
    for before, after in pairwise([first, *records]):
        frames = after["n"] - before["n"]
        grown = [b - a for a, b in zip(before["s"], after["s"], strict=True)]
        split = [b - a for a, b in zip(before["e"], after["e"], strict=True)]
        for clamp in range(3):
            total, _, active, _, reactive = grown[2 + 5 * clamp : 7 + 5 * clamp]
            means = total * grown[0] // frames
            assert abs(means) > 10_000_000
            inside = split[8 * clamp : 8 * clamp + 8]
            assert (sum(inside[::2]), sum(inside[1::2])) == (active - means, reactive - means)
