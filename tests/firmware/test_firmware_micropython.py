"""The firmware in MicroPython itself: the same numbers from compiled viper, and lines that hold."""

import json
import os
import select
import subprocess
import sys
import time
import tty
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from tooling.firmware import FOLDER, load, program
from tooling.virtual_board import Line, only, read

MICROPYTHON = program("micropython")
SIMULATE = str(FOLDER / "simulate.py")

needs_micropython = pytest.mark.skipif(not MICROPYTHON, reason="micropython is not installed")


@needs_micropython
def test_compiled_kernels_give_the_same_sums() -> None:
    run = subprocess.run(
        [str(MICROPYTHON), str(FOLDER / "measure.py")], capture_output=True, timeout=30, check=True
    )
    said = json.loads(run.stdout)
    assert said["results"] == load("measure").results()
    assert all(ns < 400 for ns in said["ns"].values())  # bytecode takes over 1000


@contextmanager
def simulated(*command: str) -> Iterator[int]:
    """Give the end of a terminal, the other one of which a simulated board is at."""
    master, slave = os.openpty()
    tty.setraw(slave)
    board = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=subprocess.PIPE)
    os.close(slave)
    try:
        yield master
    finally:
        os.close(master)
        board.wait(10)  # it ends with its terminal
        assert board.stderr is not None
        assert board.stderr.read() == b""
        board.stderr.close()
    assert board.returncode == 0


def listen(master: int, seconds: float) -> list[Line]:
    """Return the lines that come in that time; they begin and end whole."""
    data, end = b"", time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0 or not data.endswith(b"\r\n"):
        if select.select([master], [], [], max(left, 0.05))[0]:
            with suppress(OSError):
                data += os.read(master, 4096)
    return [read(each) for each in data.split(b"\r\n")[:-1]]


@pytest.mark.parametrize(
    "interpreter", [sys.executable, pytest.param(str(MICROPYTHON), marks=needs_micropython)]
)
def test_a_simulated_board_talks_behind_a_terminal(interpreter: str) -> None:
    with simulated(interpreter, SIMULATE, "steady", "--uid", "e66001") as master:
        os.write(master, b"1 id\n2 snap\n")
        lines = listen(master, 3.1)
    [first, again] = only(lines, "ID")
    assert first == again
    assert first["uid"] == "e66001"
    assert only(lines, "R") == [{"r": 1, "ok": 1}, {"r": 2, "ok": 1}]
    records = only(lines, "S")
    assert len(records) in (2, 3, 4)
    assert {each["b"] for each in records} == {first["boot"]}
    assert sum(each["n"] for each in only(lines, "W")) == 1400
    last = records[-1]
    assert (last["a"], last["o"], last["x"]) == (1, 0, [0, 0, 0, 0])
    assert 6000 * 4096 * last["c"] / last["z"] == pytest.approx(50, abs=0.01)
    assert last["s"][1] / last["n"] == pytest.approx(1328.1**2 / 2, rel=0.01)


def test_settings_outlast_the_program_and_a_reset(tmp_path: object) -> None:
    command = (sys.executable, SIMULATE, "--state", f"{tmp_path}/state.json", "currents")
    with simulated(*command) as master:
        os.write(master, b'1 cfg {"layout":"v3i","lags":[0,40,80]}\n2 reset\n')
        lines = listen(master, 1.5)
    assert [(each["layout"], each["reset"]) for each in only(lines, "ID")] == [
        ("4i", "power"), ("v3i", "settings"), ("v3i", "soft"),
    ]  # fmt: skip
    assert len({each["boot"] for each in only(lines, "ID")}) == 3
    with simulated(*command) as master:
        [identity] = only(listen(master, 0.3), "ID")
    assert identity["lags"] == [0, 40, 80]


@pytest.mark.parametrize("arguments", [["nothing"], ["--uid"], ["--uid", "xyz"], ["--seed", "a"],
                                       ["--help"]])  # fmt: skip
def test_arguments_that_make_no_sense_are_told(arguments: list[str]) -> None:
    run = subprocess.run([sys.executable, SIMULATE, *arguments], capture_output=True, timeout=20)
    assert run.returncode == 2
    assert b"household|pv|steady|dead|currents" in run.stderr
