"""`submeter flash` at boards that are odd, are those of somebody else, or are left half way."""

import json
import os
import select
import threading
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from submeter.errors import LinkError
from submeter.flash import facts, stock, talk, timed
from submeter.flash.repl import Repl
from submeter.flash_command import flash
from tooling.board import line
from tooling.flashing import flashed, hurry
from tooling.program import eventually
from tooling.repl_board import INTERPRETER, ReplBoard

needs_interpreter = pytest.mark.skipif(
    not INTERPRETER, reason="MicroPython for this machine is missing"
)
MINE = 'print("mine")\nimport time\nwhile True:\n    time.sleep(1)\n'


@pytest.fixture
def board(tmp_path: Path) -> Iterator[ReplBoard]:
    board = ReplBoard(tmp_path)
    yield board
    board.unplug()


@pytest.fixture(autouse=True)
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(monkeypatch, 0.5)


def broken_off(monkeypatch: pytest.MonkeyPatch, at: str) -> None:
    """Let somebody press Ctrl-C in the middle of the file `at`."""
    write = Repl.write

    def interrupted(repl: Repl, name: str, content: bytes, advance: Any) -> None:
        if name != at:
            write(repl, name, content, advance)
            return
        repl._transport.exec(f"f=open({name!r},'wb')\nw=f.write")
        repl._transport.serial.write(b"\x05A\x01w(")  # a piece is on its way
        raise KeyboardInterrupt

    monkeypatch.setattr(Repl, "write", interrupted)


@needs_interpreter
def test_after_a_ctrl_c_a_program_of_somebody_else_is_back(
    board: ReplBoard, monkeypatch: pytest.MonkeyPatch
) -> None:
    (board.files / "main.py").write_text(MINE)
    (board.files / "main_before.py").write_text("older")
    starts = board.starts
    with monkeypatch.context() as patch:
        broken_off(patch, "main.py")
        status, told = flashed(board.port, "--force")
    assert status == 1
    assert "broken off: the board at" in told
    assert "starts its own program again" in told
    assert (board.files / "main.py").read_text() == MINE
    assert (board.files / "main_before.py").read_text() == "older"
    eventually(lambda: board.starts > starts)

    status, told = flashed(board.port, "--force")
    assert status == 0, told
    assert (board.files / "main_before.py").read_text() == "older"
    assert (board.files / "main_before_2.py").read_text() == MINE


@needs_interpreter
def test_after_a_ctrl_c_it_is_told_that_the_board_is_stopped_and_again_repairs_it(
    board: ReplBoard, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        broken_off(patch, "core/line.mpy")
        status, told = flashed(board.port)
    assert (status, "is stopped, run it again" in told) == (1, True)
    assert not (board.files / "main.py").exists()
    status, told = flashed(board.port, "--check")
    assert (status, "no firmware of ours" in told) == (0, True)
    status, told = flashed(board.port)
    assert status == 0, told


@needs_interpreter
@pytest.mark.parametrize("error", [KeyboardInterrupt, LinkError, RuntimeError])
def test_a_board_that_was_stopped_is_started_whatever_happens(
    board: ReplBoard, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    starts = board.starts

    def failing(*_: object) -> None:
        raise error("as it is")

    monkeypatch.setattr(facts, "prove", failing)
    result = CliRunner().invoke(_app(), [board.port])
    assert result.exit_code != 0
    eventually(lambda: board.starts > starts)


def _app() -> typer.Typer:
    app = typer.Typer()
    app.command()(flash)
    return app


@needs_interpreter
def test_modules_of_somebody_else_need_force(board: ReplBoard) -> None:
    (board.files / "core").mkdir()
    (board.files / "core" / "board.py").write_text("mine")
    status, told = flashed(board.port)
    assert status == 1
    assert "has files of somebody else where the firmware goes (core/board.py); --force" in told
    assert (board.files / "core" / "board.py").read_text() == "mine"
    status, told = flashed(board.port, "--force")
    assert status == 0, told
    assert not (board.files / "core" / "board.py").exists()


@needs_interpreter
def test_what_cannot_be_written_moves_no_program_away(board: ReplBoard) -> None:
    (board.files / "main.py").write_text(MINE)
    (board.files / "core").write_text("no folder")
    status, told = flashed(board.port, "--force")
    assert status == 1
    assert (board.files / "main.py").read_text() == MINE, told
    talk.stop(Path(board.port), None)
    with Repl(Path(board.port)) as prompt:
        with pytest.raises(LinkError, match=r"is read-only: nothing can be kept"):
            prompt.run("raise OSError(30)")
        with pytest.raises(LinkError, match=r"says: ValueError: \?\[2Jx{10}") as caught:
            prompt.run("raise ValueError('\\x1b[2J' + 'x' * 1000)")
    assert len(str(caught.value)) < 200


@contextmanager
def talking(calms: bool) -> Iterator[Path]:
    """A raw prompt at which something prints, with `calms` until a soft reset."""
    master, slave = os.openpty()
    tty.setraw(slave)
    stop, stopper = os.pipe()
    greeting = b"raw REPL; CTRL-B to exit\r\n"

    def talk_on() -> None:
        prints = True
        while True:
            ready, _, _ = select.select([master, stop], [], [], 0.02)
            if stop in ready:
                return
            heard = os.read(master, 4096) if ready else b""
            if b"\x01" in heard:
                os.write(master, greeting + (b">" if calms else b""))
            if b"\x04" in heard and calms:
                prints = False
                os.write(master, b"soft reboot\r\n" + greeting + b">")
            if prints:
                os.write(master, b"tick\r\n")

    thread = threading.Thread(target=talk_on)
    thread.start()
    try:
        yield Path(os.ttyname(slave))
    finally:
        os.close(stopper)
        thread.join()
        for each in (master, slave, stop):
            os.close(each)


def test_a_board_that_prints_all_the_time_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timed, "SECONDS", 0.5)
    with (
        talking(calms=False) as path,
        Repl(path) as prompt,
        pytest.raises(LinkError, match="prints all the time"),
    ):
        prompt.run("1")


def test_a_board_that_prints_at_its_prompt_is_reset_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timed, "SECONDS", 3.0)
    with talking(calms=True) as path, Repl(path, afresh=True) as prompt:
        assert not prompt._prints()


class Liar(Repl):
    """Answers what it is told to."""

    def __init__(self, answer: str) -> None:
        self.answer = answer

    def run(self, code: str) -> str:
        return self.answer


@pytest.mark.parametrize(
    "answer",
    ["", "[]", "{}", "null", "[" * 3000, "tick {}", '{"sizes": [1]}', '{"sizes": {"a": "x"}}'],
)
def test_odd_answers_are_one_line(answer: str) -> None:
    with pytest.raises(LinkError, match="gives no sense"):
        stock.take(Liar(answer))
    if answer != "{}":
        with pytest.raises(LinkError, match="gives no sense"):
            facts.parse(answer)
    if answer in ("[]", "null", "[" * 3000, "tick {}"):
        with pytest.raises(LinkError, match="gives no sense"):
            Liar(answer).hashes([])


def test_a_manifest_that_is_deep_is_none_and_numbers_have_an_end() -> None:
    told = {"sizes": {}, "head": "", "manifest": "[" * 3900}
    assert stock.take(Liar(json.dumps(told))).version is None
    with pytest.raises(LinkError, match="gives no sense"):
        facts.parse('["micropython", [1, 28, 0], "x", 1e999, true, "u", 1e999, 1]')


def test_what_a_board_tells_does_nothing_to_a_terminal() -> None:
    told = ["micro\x1b[2Jpython", [1, 28, 0], "x\n\u202e", 1, True, "u" * 500, 1, 1]
    board = facts.parse(json.dumps(told))
    assert (board.name, board.machine) == ("micro?[2Jpython", "x??")
    assert len(board.uid) < 200
    heard = talk._Heard()
    heard.take(_line({"uid": "\x1b[31m", "fw": "9\n8"}))
    assert heard.running == talk.Running("?[31m", "9?8")


def test_a_prompt_is_seen_although_something_prints_after_it() -> None:
    heard = talk._Heard()
    heard.take(b"tick\r\n>>> tick\r\n")
    assert (heard.prompt, heard.prompted) == (False, True)


def _line(content: object) -> bytes:
    return line("ID", content)


def test_the_next_name_that_is_free() -> None:
    there = stock.Stock({"main_before.py": 1, "main_before_2.py": 1}, None, frozenset(), False)
    assert stock.free_name(there) == "main_before_3.py"
