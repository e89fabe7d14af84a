"""`submeter flash` at boards that are to be repaired, and at ports that others are after."""

import fcntl
import os
import termios
import tty
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from submeter import firmware_files
from submeter.errors import Condition, LinkError
from submeter.flash import image, install, stock, talk
from submeter.flash.facts import Facts
from submeter.flash.repl import Repl
from tooling.flashing import flashed, hurry
from tooling.program import eventually
from tooling.repl_board import INTERPRETER, ReplBoard

needs_interpreter = pytest.mark.skipif(
    not INTERPRETER, reason="MicroPython for this machine is missing"
)
MINE = 'print("mine")\nimport time\nwhile True:\n    time.sleep(1)\n'
FAILED_OFTEN = 0x5B3E << 16 | 2 << 8 | 6  # of hal_rp2/starts.py


@pytest.fixture
def board(tmp_path: Path) -> Iterator[ReplBoard]:
    board = ReplBoard(tmp_path)
    yield board
    board.unplug()


@pytest.fixture
def path() -> Iterator[Path]:
    """Return a port at which nothing answers."""
    master, slave = os.openpty()
    tty.setraw(slave)
    yield Path(os.ttyname(slave))
    os.close(master)
    os.close(slave)


@pytest.fixture(autouse=True)
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(monkeypatch, 0.5)


@needs_interpreter
@pytest.mark.parametrize("left", ["", '"""Starts the fir'])
def test_a_start_file_of_ours_that_is_there_by_half_needs_no_force(
    board: ReplBoard, left: str
) -> None:
    (board.files / "main.py").write_text(left)
    status, told = flashed(board.port)
    assert status == 0, told
    assert not (board.files / "main_before.py").exists()


@needs_interpreter
def test_a_start_file_that_is_no_text_is_of_somebody_else(board: ReplBoard) -> None:
    (board.files / "main.py").write_bytes(b"\xff\xfe")
    status, told = flashed(board.port)
    assert (status, "a program of somebody else" in told) == (1, True)


@needs_interpreter
def test_a_board_that_failed_again_and_again_forgets_it(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text(str(FAILED_OFTEN))
    board = ReplBoard(tmp_path)
    try:
        status, told = flashed(board.port)
    finally:
        board.unplug()
    assert status == 0, told
    assert int((tmp_path / "kept").read_text()) & 0xFF == 0


@needs_interpreter
def test_a_program_is_back_although_it_was_broken_off_as_it_was_put_away(
    board: ReplBoard, monkeypatch: pytest.MonkeyPatch
) -> None:
    (board.files / "main.py").write_text(MINE)
    put_away = install._put_away_start

    def late(*arguments: object) -> None:
        put_away(*arguments)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    def early(*_: object) -> None:
        raise KeyboardInterrupt

    for interrupted in (late, early):
        with monkeypatch.context() as patch:
            patch.setattr(install, "_put_away_start", interrupted)
            starts = board.starts
            status, told = flashed(board.port, "--force")
        assert (status, "starts its own program again" in told) == (1, True)
        assert (board.files / "main.py").read_text() == MINE
        eventually(partial(_started_since, board, starts))


def _started_since(board: ReplBoard, starts: int) -> bool:
    return board.starts > starts


@needs_interpreter
def test_another_board_is_not_taken_for_the_one_that_was_installed(
    board: ReplBoard, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = talk.Running("e66038b7130000ff", firmware_files.version())
    monkeypatch.setattr(talk, "start", lambda _: running)
    status, told = flashed(board.port)
    assert status == 1
    assert "is now board e66038b7130000ff, and not e66038b713000001" in told


@needs_interpreter
def test_nor_is_another_board_installed_than_the_one_that_was_asked(
    board: ReplBoard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(talk, "ask", lambda *_: talk.Running("e66038b7130000ff", "0.9"))
    status, told = flashed(board.port)
    assert status == 1
    assert "is now board e66038b713000001, and not e66038b7130000ff" in told
    assert not list(board.files.iterdir())


def test_an_update_needs_less_room_than_all_files_once_more() -> None:
    board = Facts("micropython", (1, 28, 0), "Pico with RP2040", 0, True, "e6", 110_000, 4096)
    made = image.Image({f"core/{place}.mpy": b"x" * 1000 for place in range(25)}, True)
    there = stock.Stock(dict.fromkeys(made.files, 1000), "0.9", frozenset(made.files), True)
    todo = stock.plan(made.files, there, {})
    install._prove_room(board, made, there, todo, "/dev/x")
    with pytest.raises(LinkError, match="is full"):
        install._prove_room(board, made, there._replace(sizes={}), todo, "/dev/x")


def test_a_port_that_goes_away_as_it_is_opened_is_gone(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object) -> None:
        raise termios.error(5, "Input/output error")

    monkeypatch.setattr(termios, "tcflush", gone)
    with pytest.raises(LinkError, match="is gone"):
        talk.ask(path)
    with pytest.raises(LinkError, match="is gone"):
        Repl(path)


def test_a_port_that_another_program_takes_meanwhile_is_told(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be a submeter that runs: it comes back to a board that was reset."""
    monkeypatch.setattr(talk, "RESTART", 0.5)
    holder = os.open(path, os.O_RDWR | os.O_NOCTTY)
    fcntl.flock(holder, fcntl.LOCK_EX)
    try:
        uses: list[Callable[[Path], object]] = [talk.ask, partial(talk.stop, state=None)]
        for use in (*uses, talk.start, Repl):
            with pytest.raises(LinkError, match="another program uses it") as caught:
                use(path)
            assert caught.value.condition is Condition.BUSY
    finally:
        os.close(holder)
