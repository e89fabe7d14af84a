"""main.py: three seconds in which Ctrl-C gets in, and what becomes of failures."""

import sys
import types
from collections.abc import Callable

import pytest

from tooling.rp2_fakes import FakeBoard

SCRATCH = 0x4005800C


def started(
    monkeypatch: pytest.MonkeyPatch, run: Callable[[], None], board: FakeBoard
) -> list[tuple[object, ...]]:
    """Run main.py with a core whose loop is `run`; return what was done, in order."""

    def print_exception(error: BaseException) -> None:
        board.note("told", str(error))

    monkeypatch.setattr(sys, "print_exception", print_exception, raising=False)
    core = types.ModuleType("core.board")
    core.__dict__["Board"] = lambda hal: types.SimpleNamespace(run=run)
    hal = types.ModuleType("hal_rp2.hal")
    hal.__dict__["Hal"] = lambda starts: types.SimpleNamespace(
        close=lambda: board.note("closed"), watchdog=lambda: board.note("fed")
    )
    board.load("core.version")
    board.load("hal_rp2.starts")
    board.replace("core.board", core)
    board.replace("hal_rp2.hal", hal)
    board.load("main")
    return [note for note in board.notes if note[0] not in ("write",)]


def test_a_failure_is_told_and_resets(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    board = FakeBoard()

    def run() -> None:
        assert sum(note[1] for note in board.notes if note[0] == "sleep") == 3000
        raise ValueError("of mine")

    done = started(monkeypatch, run, board)
    assert done[-7:] == [
        ("sleep", 125), ("kbd_intr", -1), ("fed",), ("told", "of mine"), ("closed",),
        ("sleep", 5000), ("reset",),
    ]  # fmt: skip
    assert board.mem32[SCRATCH] == 0x5B3E_0201
    version = board.load("core.version").FIRMWARE
    assert capsys.readouterr().out == (
        f"submeter {version} starts in 3 s, Ctrl-C stops it\nsubmeter failed, and resets in 5 s\n"
    )


def test_ctrl_c_leads_to_the_prompt(monkeypatch: pytest.MonkeyPatch) -> None:
    board = FakeBoard()
    lamp = board.load("hal_rp2.lamp")

    def interrupted(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(lamp, "blink", interrupted)
    with pytest.raises(KeyboardInterrupt):
        started(monkeypatch, lambda: None, board)
    assert not [note for note in board.notes if note[0] in ("kbd_intr", "reset")]
    assert board.mem32[SCRATCH] == 0x5B3E_0100


def test_a_core_that_cannot_be_imported_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    board = FakeBoard()
    board.cause = 3
    board.mem32.values[SCRATCH] = 0x5B3E_0205

    def run() -> None:
        raise ImportError("no module")

    done = started(monkeypatch, run, board)
    assert sum(note[1] for note in done if note[0] == "sleep") == 65_000  # type: ignore[misc]
    assert done[-1] == ("reset",)
    assert board.mem32[SCRATCH] == 0x5B3E_0206
