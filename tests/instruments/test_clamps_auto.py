"""Clamps of three meters are calibrated against a Linky, by the real program in real time.

It takes minutes, so it runs where SUBMETER_CALIBRATION says how many: `make soak` does.
"""

import cmath
import math
import os
import random
import re
import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest

from submeter.calibration.verdict import GAIN_ERROR, PHASE_ERROR
from submeter.calibration_session import Session
from submeter.errors import SubmeterError
from submeter.sources.rp2040.calibration_file import CalibrationFile
from submeter.sources.rp2040.correction import NONE
from submeter.sources.tic.decoder import Group, Mode
from tooling import tic
from tooling.clamp_records import Load
from tooling.instruments import Site
from tooling.instruments_clamps import ClampBoard, clamps
from tooling.program import COMMAND, PATIENCE, eventually, run
from tooling.tic_emitter import TicEmitter

MINUTES = float(os.environ.get("SUBMETER_CALIBRATION", "0"))
DOWN = 6.0  # s for which the program is down in the midst of it
VOLTS = 230.0
LOADS = [
    (3.0, 0.0),
    (12.0, 0.0),
    (9.0, 50.0),
    (20.0, 10.0),
    (30.0, 5.0),
    (16.0, 60.0),
    (5.0, -30.0),
]
TURNS = [0.0, 3.0, 180.0]  # degrees by which each clamp is late
RATED = [48.0, 50.0, 53.0]  # A; in truth it is 50 A


class Flats:
    """Three circuits whose loads come and go, at a board, and at a Linky that counts them all."""

    def __init__(self, board: ClampBoard) -> None:
        self._board = board
        self._luck = random.Random(11)
        self._guard = threading.Lock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._live)
        self._true = [LOADS[0]] * len(TURNS)
        self._energy, self._since = 1e10, time.monotonic()

    def __enter__(self) -> "Flats":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(PATIENCE)

    def next_frame(self) -> bytes:
        """Return a frame of this moment."""
        with self._guard:
            energy = self._energy + self._power() * (time.monotonic() - self._since)
        groups = [Group("ADSC", "042264000001"), Group("EAST", f"{int(energy / 3600):09}")]
        return tic.frame(Mode.STANDARD, groups)

    def _power(self) -> float:
        return sum(VOLTS * amperes * math.cos(math.radians(lag)) for amperes, lag in self._true)

    def _live(self) -> None:
        due = time.monotonic() + 1
        while not self._over.wait(max(0.0, due - time.monotonic())):
            due += 1
            with self._guard:
                now = time.monotonic()
                self._energy += self._power() * (now - self._since)
                self._since = now
            self._board.live()
            with self._guard:
                self._switch()

    def _switch(self) -> None:
        for place, turn in enumerate(TURNS):
            if self._luck.random() < 0.2:
                self._true[place] = self._luck.choice(LOADS)
            amperes, lag = self._true[place]
            self._board.board.loads[place] = Load(amperes, lag + turn)


@pytest.mark.skipif(MINUTES < 15, reason="it takes SUBMETER_CALIBRATION minutes")
def test_three_loads_against_a_linky(tmp_path: Path) -> None:
    with (
        ClampBoard(tmp_path / "board", loads=[Load(0.0)] * 3) as board,
        Flats(board) as flats,
        TicEmitter(flats, pause=0.4) as linky,
    ):
        meters = {
            name: [clamps(board, clamps={"L1": place + 1}, clamp={"current": RATED[place]})]
            for place, name in enumerate(("flat", "shop", "lift"))
        }
        site = Site(tmp_path, 79, {"main": [{"tic": {"port": linky.node}}], **meters})
        with site.running() as program:
            eventually(lambda: heard(tmp_path / "park.db"))
            auto = begun(site, tmp_path / "told")
            time.sleep(MINUTES * 30)
            assert auto.poll() is None, (tmp_path / "told").read_text()
            assert program.stop() == 0
        time.sleep(DOWN)
        with site.running():
            time.sleep(MINUTES * 30)
            auto.send_signal(signal.SIGINT)  # if it is not sure enough before
            auto.communicate(b"y\n", timeout=60)
            assert auto.returncode == 0, (tmp_path / "told").read_text()
            see(tmp_path)
            undone = run("calibrate", "undo", str(site.config), "shop", "--yes")
            assert "taken back" in undone.stdout, undone
    assert CalibrationFile(tmp_path / "park.db.clamps.json").current(board.board.uid) == NONE


def heard(store: Path) -> bool:
    """Tell whether the program hears the board and the Linky."""
    try:
        found = Session(store, dict.fromkeys(("flat", "shop", "lift"), 1), "main").ask()
    except SubmeterError:
        return False
    return bool(found.reference)


def begun(site: Site, told: Path) -> "subprocess.Popen[bytes]":
    """Begin to calibrate."""
    meters = ["flat", "--with", "shop", "--with", "lift", "--against", "main"]
    command = [*COMMAND, "calibrate", "auto", str(site.config), *meters, "--yes"]
    with told.open("w") as file:
        environment = os.environ | {"COLUMNS": "200"}
        return subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=file, stderr=file, env=environment
        )


def see(folder: Path) -> None:
    """See that it said what it did, and found what is so."""
    told = (folder / "told").read_text()
    print(told)
    assert told.count("waiting up to 180 s") <= 1
    assert "clamp 3 (L1 of lift) is reversed" in told
    assert "stored, and in use" in told
    file = CalibrationFile(folder / "park.db.clamps.json")
    made = file.current("e66038b713000001")
    kept = re.findall(r"^clamp (\d) .* it keeps its values$", told, re.MULTILINE)
    assert len(kept) < len(TURNS)
    for place, turn in enumerate(TURNS):
        if str(place + 1) in kept:
            continue  # of a short time too little is known
        true = cmath.rect(50.0 / RATED[place], math.radians(-turn))
        off = made.factor(place + 1) / true
        print(
            f"clamp {place + 1}: {abs(off) - 1:.3%}, {math.degrees(cmath.phase(off)):.2f} degrees"
        )
        assert abs(off) == pytest.approx(1, abs=3 * GAIN_ERROR)
        assert math.degrees(cmath.phase(off)) == pytest.approx(0, abs=3 * PHASE_ERROR)
