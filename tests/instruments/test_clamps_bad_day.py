"""A board that is lost, damaged, reset and unheard: its energy is the true one all the same."""

import os
import random
import signal
from pathlib import Path

from submeter.errors import Condition
from tooling.clamp_records import Load
from tooling.instruments import Site, Sources
from tooling.instruments_clamps import ClampBoard, Index, Shown, clamps
from tooling.program import PATIENCE, Program, eventually

TRACEBACK = b'Traceback (most recent call last):\r\n  File "main.py", line 7\r\nMemoryError:\r\n'
LOADS = [Load(1.0), Load(1.0, 60.0), Load(0.0)]
"""Of A; so little that what they take in minutes may be told within a second."""


def test_nothing_is_lost_and_nothing_comes_twice(tmp_path: Path) -> None:
    with ClampBoard(tmp_path / "board", pins=(2,), loads=LOADS) as board:
        oven, water = clamps(board), {"board": {"port": board.node, "input": 1}, "weight": "1 kWh"}
        motor = clamps(board, clamps={"L1": 2})
        sources: Sources = {"oven": [oven], "motor": [motor], "pulses": [{"pulse": water}]}
        site = Site(tmp_path, 72, sources)
        day = Day(site, board)
        with site.running() as program:
            day.begin()
            day.damage()
            day.unplug()
            day.reset()
            board.live(5)
            kill(program)
        board.hang_up()
        board.seconds(200)
        day.pulse()
        with site.running() as program:
            day.go_on()
            Shown(site, "oven").sees("Active_Power_Total", 0.23)
            board.live(3)
            assert program.stop() == 0
        board.hang_up()
        board.board.second()  # nobody ever hears of it
        board.board.reset("0000a005")
        board.seconds(30)
        with site.running() as program:
            day.go_on()
            assert program.stop() == 0
        assert program.log.count("level=WARNING") == 0, program.log


def kill(program: Program) -> None:
    """End it where it stands."""
    os.kill(program.process.pid, signal.SIGKILL)
    program.process.wait(PATIENCE)


class Day:
    """What happens to a board, and that its three meters know."""

    def __init__(self, site: Site, board: ClampBoard) -> None:
        self._site, self._board = site, board
        self._oven, self._motor = Index(site, "oven"), Index(site, "motor")
        self._pulses, self._closed = Index(site, "pulses"), 0

    def pulse(self) -> None:
        """Let the contact close."""
        self._board.board.closed[0] += 1
        self._closed += 1

    def begin(self) -> None:
        """What was counted before the first record is not ours."""
        self._board.begin()
        self._board.live(3)
        self._agree()

    def damage(self) -> None:
        """Of many lines some are lost, damaged, sent twice or late; a traceback stands between.

        The records after them make up for all.
        """
        luck = random.Random(7)
        lines = self._board.seconds(20)
        good = lines[-1]
        cut = lines[5][:200]
        lines[7] = lines[7].replace(b'"n": ', b'"n": 9')
        lines[9:11] = reversed(lines[9:11])
        sent = [each for each in lines[:-1] if luck.random() > 0.2]
        again = luck.sample(lines, 5)
        for each in (*sent, cut, TRACEBACK, *again, b"MicroPython v1.28 " + good):
            self._board.say(each)
        self._board.live()
        self._agree()

    def unplug(self) -> None:
        """The board goes on while it is pulled out, and comes back as another device."""
        self._board.unplug()
        self._site.agrees(oven=Condition.NO_DEVICE, motor=Condition.NO_DEVICE)
        assert self._site.shown()["oven/rp2040"].startswith("no device (")
        self._board.seconds(15)
        self.pulse()
        self._board.plug()
        self.go_on()
        self._site.agrees(oven=Condition.ONLINE, motor=Condition.ONLINE)

    def reset(self) -> None:
        """What it had not sent is lost, and nothing else."""
        self._board.board.second()
        self._board.board.reset("0000a004")
        self._board.introduce()
        self._board.live(4)
        self._agree()
        eventually(lambda: Shown(self._site, "oven").modbus("Board_Resets") == 1)

    def go_on(self) -> None:
        """Let it be asked who it is, and count on."""
        self._board.meet(*self._board.seconds())
        self._board.live(2)
        self._agree()

    def _agree(self) -> None:
        """See the true energies, and pulses of a kWh each."""
        oven, motor, _ = self._board.energies
        self._board.live()
        self._oven.becomes(oven)
        self._motor.becomes(motor)
        self._pulses.becomes(3_600_000 * self._closed)
