"""Waveforms on request: complete, in lines that the host takes, and of the same samples."""

import base64
import struct
from typing import Any

import pytest

from tooling.virtual_board import Line, VirtualBoard, only

Frames = list[tuple[int, int, int, int]]


def frames_of(lines: list[dict[str, Any]]) -> Frames:
    """Put a waveform together, checking what its lines say of themselves."""
    assert [each["k"] for each in lines] == list(range(lines[0]["m"]))
    assert len(lines) == lines[0]["m"]
    assert len({(each["b"], each["i"]) for each in lines}) == 1
    frames: Frames = []
    for each in lines:
        data = base64.b64decode(each["d"], validate=True)
        assert len(data) == 8 * each["n"]
        assert each["f"] == lines[0]["f"] + len(frames)
        frames += struct.iter_unpack("<4H", data)
    return frames


def snap(board: VirtualBoard, content: str = "") -> tuple[list[Line], list[dict[str, Any]]]:
    lines = board.ask(f"9 snap {content}", 0.2)
    return lines, only(lines, "W")


@pytest.mark.parametrize(
    ("content", "count"), [("", 1400), ('{"n": 200}', 200), ('{"n":300}', 300)]
)
def test_a_waveform_is_whole(content: str, count: int) -> None:
    board = VirtualBoard()
    board.go(1.5)
    lines, waveform = snap(board, content)
    assert only(lines, "R") == [{"r": 9, "ok": 1}]
    frames = frames_of(waveform)
    assert len(frames) == count
    now = only(board.ask("1 time"), "R")[0]["f"]
    assert now - 2000 < waveform[0]["f"] + count <= now
    peak = 0.75 * 2**0.5 / 3.3 * 4132
    assert max(frame[0] for frame in frames) == pytest.approx(2066 + peak, abs=6)


def test_it_is_of_the_samples_that_were_summed() -> None:
    lags = [0, 40, 80]
    board = VirtualBoard(settings={"lags": lags})
    board.go(1.0)
    began, before = cut(board)
    board.go(0.1)
    ended, after = cut(board)
    _, waveform = snap(board)
    first, frames = waveform[0]["f"], frames_of(waveform)
    codes = [[each - 2066 for each in frame] for frame in frames]
    expected = [0] * 17
    for k in range(began - first, ended - first):
        voltage = [codes[k - delay][0] for delay in range(152)]
        expected[0] += voltage[0]
        expected[1] += voltage[0] ** 2
        for clamp, lag in enumerate(lags):
            current = codes[k][1 + clamp]
            terms = (1, current, voltage[lag], voltage[lag + 1], voltage[lag + 30])
            for place, term in enumerate(terms):
                expected[2 + 5 * clamp + place] += current * term
    assert ended - began > 500
    assert [b - a for a, b in zip(before, after, strict=True)] == expected


def cut(board: VirtualBoard) -> tuple[int, list[int]]:
    """Return the frame at which the last cycle ended, and the sums up to it."""
    cycles = board.board._cycles
    return board.board._position - cycles._piece, cycles.totals()


def test_one_at_a_time_and_only_such_as_fit() -> None:
    board = VirtualBoard()
    board.go(0.5)
    board.host.room = 0
    board.host.waiting = b"1 snap\r\n2 snap\r\n"
    board.go(0.1)
    board.host.room = 1 << 20
    lines = board.go(0.2)
    answers = only(lines, "R")
    assert [each["ok"] for each in answers] == [1, 0]
    assert answers[1]["error"] == "another one is being sent"
    assert len(frames_of(only(lines, "W"))) == 1400
    for content in ('{"n": 100}', '{"n": 1500}', '{"n": 250}', '{"n": "400"}', '{"n": 400.0}',
                    '{"n": true}', '{"n": null}'):  # fmt: skip
        answer = only(board.ask(f"3 snap {content}"), "R")[0]
        assert answer == {"r": 3, "ok": 0, "error": "n is 200 to 1400 in whole hundreds"}
    assert [each["i"] for each in snap(board, '{"n": 200}')[1]] == [2]


def test_right_after_the_start_it_comes_once_there_are_enough_frames() -> None:
    board = VirtualBoard()
    lines = board.ask("1 snap", 0.1)
    assert only(lines, "R") == [{"r": 1, "ok": 1}]
    assert only(lines, "W") == []
    waveform = only(board.go(0.3), "W")
    assert len(frames_of(waveform)) == 1400
    assert waveform[0]["f"] < 100


def test_a_slow_host_gets_it_whole_and_records_meanwhile() -> None:
    board = VirtualBoard()
    board.go(0.5)
    left = [0]

    def write(data: memoryview) -> int:
        taken = bytes(data[: left[0]])
        left[0] -= len(taken)
        board.host.sent += taken
        return len(taken)

    board.board._outbox._write = write
    board.host.waiting = b"1 snap\r\n"
    lines: list[Line] = []
    for _ in range(600):  # 6.4 kB a second
        left[0] = 64
        lines += board.go(0.01, turn=10_000)
    assert len(frames_of(only(lines, "W"))) == 1400
    assert [each["q"] for each in only(lines, "S")] == [1, 2, 3, 4, 5, 6]
    assert only(lines, "S")[-1]["o"] == 0
