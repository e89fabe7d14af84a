"""The loop of a board on a clock of its own: records, runs, overruns, commands."""

import json
import random
import zlib
from itertools import pairwise
from typing import Any

import pytest

from tooling.firmware import load
from tooling.virtual_board import VirtualBoard, only

GROWING = ("t", "f", "n", "c", "z", "o", "l")


def test_it_tells_who_it_is() -> None:
    board = VirtualBoard()
    [first] = board.go(0.01)
    assert first.tag == "ID"
    boot = first.said.pop("boot")
    assert first.said == {
        "uid": "e66001", "fw": load("core.version").FIRMWARE, "v": 1, "fs": 6000, "ch": 4,
        "layout": "v3i", "order": [0, 1, 2, 3], "lags": [0, 0, 0], "quarter": 30,
        "steps": [9, 9, 9, 9], "period": 1, "pins": [], "debounce": 20, "reset": "power",
    }  # fmt: skip
    assert {each["b"] for each in only(board.go(2.1), "S")} == {boot}


@pytest.mark.parametrize(("profile", "sums", "split"), [("steady", 17, 24), ("dead", 17, 24),
                                                        ("currents", 8, 0)])  # fmt: skip
def test_a_record_each_second(profile: str, sums: int, split: int) -> None:
    board = VirtualBoard(profile)
    records = only(board.go(5.05), "S")
    assert [each["q"] for each in records] == [1, 2, 3, 4, 5]
    for before, after in pairwise(records):
        assert all(after[key] >= before[key] for key in GROWING)
        assert after["t"] - before["t"] == 1_000_000
        assert after["f"] - before["f"] == 6000
        assert abs(after["n"] - before["n"] - 6000) <= 400
    for each in records:
        assert each["uid"] == "e66001"
        assert (len(each["s"]), len(each["e"]), len(each["x"])) == (sums, split, 4)
        assert each["w"] <= 24
        assert each["a"] == (0 if profile == "dead" else 1)
        if profile == "dead":
            assert (each["c"], each["z"], each["m"]) == (0, 0, [0, 0])


def test_quadrants_hold_all_of_what_was_summed() -> None:
    records = only(VirtualBoard().go(4.05), "S")
    last = records[-1]
    for clamp in range(3):
        active = sum(last["e"][8 * clamp : 8 * clamp + 8 : 2])
        assert abs(active - last["s"][4 + 5 * clamp]) < 5e4  # the product of small means
    inside = {k for k, each in enumerate(last["e"]) if each}
    assert inside == {6, 7, 8, 9, 18, 19}  # turned by the skew: 0 var is -1.5 degrees at clamp 1


def test_the_period_may_be_longer() -> None:
    board = VirtualBoard(settings={"period": 3})
    assert [each["t"] for each in only(board.go(9.1), "S")] == [3_000_000, 6_000_000, 9_000_000]


def test_an_overrun_is_counted_and_told_and_breaks_the_cycle() -> None:
    board = VirtualBoard()
    board.go(2.5)
    board.clock.now += 1_000_000  # nothing was drained for a second
    lines = board.go(3.0)
    [event] = only(lines, "E")
    assert (event["k"], event["q"]) == ("overrun", 1)
    assert event["l"] == pytest.approx(6000, abs=30)
    last = only(lines, "S")[-1]
    assert (last["o"], last["l"]) == (1, event["l"])
    assert last["f"] == pytest.approx(last["t"] * 6 // 1000, abs=2)
    assert last["n"] <= last["f"] - last["l"] - 2 * 151
    assert last["n"] >= last["f"] - last["l"] - 2 * (151 + 120) - 400
    assert last["c"] * 120 * 4096 == pytest.approx(last["z"], rel=1e-5)
    assert last["a"] == 1


def test_a_sampler_that_says_so_is_started_anew() -> None:
    board = VirtualBoard()
    board.go(1.5)
    board.hal.sampler.lose()
    lines = board.go(1.0)
    assert only(lines, "S")[-1]["o"] == 1
    assert only(lines, "E")[0]["l"] < 40


def test_a_sampler_that_gives_nothing_is_started_anew_and_records_go_on() -> None:
    board = VirtualBoard()
    board.go(1.5)
    board.hal.sampler.available = lambda: 0
    records = only(board.go(5.0), "S")
    assert len(records) == 5
    assert records[-1]["o"] == 2
    assert records[-1]["n"] == records[-2]["n"]


def test_a_host_that_does_not_read_costs_no_sample() -> None:
    board = VirtualBoard()
    board.go(1.5)
    board.host.room = 0
    assert board.go(30.0, turn=20_000) == []
    board.host.room = 1 << 20
    records = only(board.go(2.0), "S")
    assert records[-1]["o"] == 0
    assert records[-1]["q"] == 33
    assert records[-1]["n"] >= records[-1]["f"] - 151 - 2 * 120
    assert len(records) == 16 + 2


def test_saturated_samples_are_counted_by_channel() -> None:
    class Loud:
        def fill(self, ring: Any, at: int, frames: int, mask: int) -> None:
            for k in range(frames):
                for channel, code in enumerate((2048, 4095, 2048, 0)):
                    ring[(at + 4 * k + channel) & mask] = code

    records = only(VirtualBoard(wave=Loud()).go(2.05), "S")
    for each in records:
        assert each["x"] == [0, each["f"], 0, each["f"]]
        assert each["n"] % 400 == 0


def test_settings_are_kept_and_begin_another_run() -> None:
    board = VirtualBoard()
    [first] = only(board.go(1.5), "ID")
    lines = board.ask('4 cfg {"lags": [0, 40, 80], "pins": [2, 3], "period": 2}')
    assert [each.tag for each in lines] == ["R", "S", "ID"]
    assert lines[0].said["ok"] == 1
    assert lines[0].said["lags"] == [0, 40, 80]
    last, second = lines[1].said, lines[2].said
    assert (last["b"], last["q"]) == (first["boot"], 2)  # the half second since the record
    assert last["f"] == pytest.approx(9_000, abs=60)
    assert second["boot"] != first["boot"]
    assert (second["reset"], second["lags"], second["period"]) == ("settings", [0, 40, 80], 2)
    records = only(board.go(8.1), "S")
    assert [each["q"] for each in records] == [1, 2, 3, 4]
    assert records[0]["b"] == second["boot"]
    assert records[0]["f"] == pytest.approx(12_000, abs=30)
    assert [each["p"] for each in records] == [[1, 0], [2, 1], [3, 1], [4, 2]]
    after = load("core.board").Board(board.hal)
    assert after._settings["lags"] == [0, 40, 80]
    assert only(board.ask("5 cfg"), "R")[0]["pins"] == [2, 3]


def test_settings_that_are_so_already_begin_nothing() -> None:
    board = VirtualBoard()
    board.go(0.5)
    assert [each.tag for each in board.ask('4 cfg {"lags": [0, 0, 0], "period": 1}')] == ["R"]
    assert [each["q"] for each in only(board.go(1.0), "S")] == [1]


@pytest.mark.parametrize("content", ['{"lags": [0, 0, 500]}', '{"period": 5, "layout": "2i"}',
                                     '{"colour": 1}', '{"pins": [7]}'])  # fmt: skip
def test_settings_that_do_not_fit_change_nothing(content: str) -> None:
    board = VirtualBoard()
    board.hal.check_pulses = _refuse
    [first] = only(board.go(0.5), "ID")
    before = only(board.ask("1 cfg"), "R")[0]
    [answer] = board.ask(f"1 cfg {content}")
    assert (answer.tag, answer.said["ok"]) == ("R", 0)
    assert only(board.ask("1 cfg"), "R")[0] == before
    assert only(board.go(1.1), "S")[0]["b"] == first["boot"]
    assert board.hal._kept is None


def _refuse(pins: list[int]) -> None:
    if pins:
        raise ValueError("there is no such pin")


def test_settings_that_cannot_be_kept_are_refused() -> None:
    board = VirtualBoard()

    def full(settings: Any) -> None:
        raise OSError(28)

    board.hal.save = full
    answer = only(board.ask('1 cfg {"period": 2}'), "R")
    assert answer == [{"r": 1, "ok": 0, "error": "it cannot be kept"}]


def test_time_and_identity_are_told_on_request() -> None:
    board = VirtualBoard()
    [first] = only(board.go(1.25), "ID")
    lines = board.ask("7 time") + board.ask("8 id")
    assert lines[0].said["t"] == pytest.approx(1_250_000, abs=5_000)
    assert lines[0].said["f"] == pytest.approx(7_500, abs=30)
    assert [each.tag for each in lines] == ["R", "R", "ID"]
    assert lines[2].said == first


def test_it_resets_and_shows_its_disk_after_its_answer_went_out() -> None:
    for word, exception in (("reset", load("hal_sim.hal").Restart), ("boot", SystemExit)):
        board = VirtualBoard()
        board.go(0.5)
        assert only(board.ask(f"3 {word}"), "R") == [{"r": 3, "ok": 1}]
        with pytest.raises(exception):
            board.go(0.2)


def test_no_line_of_a_host_harms_it() -> None:
    dice, board = random.Random(5), VirtualBoard()
    board.go(0.5)
    said = b"0 id\r\n" + zlib.compress(b"x") + b"\x03\x04\x01" + b"AT+CGMI\r" + b"9" * 5000 + b"\n"
    for _ in range(30):
        damaged = bytearray(b'12 cfg {"lags":[0,0,0],"period":1}\r\n')
        for _ in range(dice.randrange(1, 4)):
            damaged[dice.randrange(len(damaged) - 2)] = dice.randrange(256)
        said += bytes(damaged)
    board.host.waiting = said
    records = only(board.go(3.0), "S")
    assert records[-1]["o"] == 0
    assert board.host.waiting == b""
    assert json.dumps(board.board._settings, sort_keys=True) == json.dumps(
        load("core.settings").kept(board.board._settings), sort_keys=True
    )


def test_dips_and_lost_mains_are_told_with_their_time() -> None:
    board = VirtualBoard()
    board.go(3.0)
    scene = board.hal.sampler._wave.scene
    _set_volts(scene, 184.0)
    began = board.clock.now
    board.go(0.1)
    _set_volts(scene, 230.0)
    [dip] = only(board.go(0.5), "E")
    assert dip["k"] == "dip"
    assert dip["t"] == pytest.approx(began - 123, abs=25_000)
    assert dip["f"] == pytest.approx(dip["t"] * 6 // 1000, abs=30)
    assert dip["d"] / 4096 / 6000 == pytest.approx(0.1, abs=0.025)
    assert dip["v"] / dip["r"] == pytest.approx(0.64, abs=0.01)
    _set_volts(scene, 0.0)
    lost_at = board.clock.now
    [lost] = only(board.go(0.5), "E")
    assert (lost["k"], lost["q"]) == ("lost", 2)
    assert lost["t"] == pytest.approx(lost_at - 123, abs=25_000)
    assert only(board.go(1.0), "S")[-1]["a"] == 0
    _set_volts(scene, 230.0)
    [back] = only(board.go(0.5), "E")
    assert back["k"] == "back"
    assert only(board.go(1.0), "S")[-1]["a"] == 1


def _set_volts(scene: Any, volts: float) -> None:
    scene._volts = volts
    scene._energise()
