"""Calibration by hand at the running program: taken back, damaged, void at other ratings."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from submeter import calibration_session, config
from submeter.calibration_work import Work
from submeter.errors import SubmeterError
from tooling.clamp_records import Load
from tooling.instruments import EXPORT, Site
from tooling.instruments_clamps import ClampBoard, Index, Shown, clamps
from tooling.program import eventually

SECONDS = 2.0
PACE = 0.15  # s between records at first
AHEAD = 40.0  # s of the clock that the board may be, and is believed
PRIMARY = 1001  # holding register of CT_Primary_Rating


def test_by_hand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(calibration_session, "PERIOD", 0.1)
    kettle = [Load(8.0, 178.0), Load(0.0), Load(0.0)]  # reversed, and 2 degrees off
    with ClampBoard(tmp_path / "board", loads=kettle) as board:
        site = Site(tmp_path, 76, {"oven": [clamps(board)]})
        with site.running() as program:
            board.begin()
            with living(board):
                see, index = Shown(site, "oven"), Index(site, "oven")
                see.sees("Active_Power_L1", -1.8389)
                work = Work(config.load(site.config), "oven", yes=True)
                work.resistive(None, SECONDS)
                see.sees("Active_Power_L1", 1.84)
                see.sees("Reactive_Power_L1", 0, floor=0.003)
                assert "reversed" in capsys.readouterr().out
                before = index.now()
                work.known((1900.0, None, None), "L1", SECONDS)
                see.sees("Active_Power_L1", 1.9)
                work.undo()
                see.sees("Active_Power_L1", 1.84)
                eventually(lambda: (index.now() or 0) > (before or 0))
                assert site.exact("oven", EXPORT) > 0, "what was counted stays"
                see_damaged(work, see, tmp_path / "park.db.clamps.json")
            assert program.stop() == 0
        assert program.log.count("event=calibration_changed") == 3
        assert program.log.count("event=calibration_damaged") == 1
        told = capsys.readouterr().out
        assert told.count("stored, and in use; 'submeter calibrate undo' takes it back") == 1
        assert "known 1900 W, clamp 1" in told


def see_damaged(work: Work, see: Shown, file: Path) -> None:
    """What was read before counts on, and nothing is written over."""
    good = file.read_text()
    file.write_text(good[:-20])
    with pytest.raises(SubmeterError, match="move it away"):
        work.undo()
    see.sees("Active_Power_L1", 1.84)
    assert file.read_text() == good[:-20]


@contextmanager
def living(board: ClampBoard) -> Iterator[None]:
    """Let the board live and tell, quicker than a real one while it is believed."""
    stop = threading.Event()
    begun = time.monotonic() - board.board.seconds

    def live() -> None:
        while not stop.wait(PACE):
            if begun + board.board.seconds < time.monotonic() + AHEAD:
                board.live()

    thread = threading.Thread(target=live)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def test_another_rating_voids_it_until_it_is_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(calibration_session, "PERIOD", 0.1)
    kettle = [Load(8.0, 180.0), Load(0.0), Load(0.0)]  # reversed
    with ClampBoard(tmp_path / "board", loads=kettle) as board:
        site = Site(
            tmp_path,
            78,
            {"oven": [{"rp2040": {"port": board.node, "snapshot": 0}}]},
            settings={"oven": {"CT_Primary_Rating": 50}},
            access={"networks": ["127.0.0.0/8"], "unlock": "none"},
        )
        with site.running() as program:
            board.begin()
            with living(board):
                see, index = Shown(site, "oven"), Index(site, "oven")
                see.sees("Active_Power_L1", -1.84)
                work = Work(config.load(site.config), "oven", yes=True)
                work.resistive(None, SECONDS)
                work.known((1900.0, None, None), "L1", SECONDS)
                see.sees("Active_Power_L1", 1.9)
                before = index.now()
                site.write("oven", PRIMARY, 100)
                see.sees("Active_Power_L1", -3.68)
                see.sees("Current_L1", 16.0)
                work.show()
                site.write("oven", PRIMARY, 50)
                see.sees("Active_Power_L1", 1.9)
                eventually(lambda: (index.now() or 0) > (before or 0))
            assert program.stop() == 0
        assert program.log.count("event=calibration_void") == 1
        assert program.log.count("event=calibration_valid") == 1
    assert "clamp 1: its calibration does not count: it was made where" in capsys.readouterr().out
