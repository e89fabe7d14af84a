"""Boards with clamps behind the whole program: what they count in truth, and what is shown."""

import fcntl
import math
import os
import re
import termios
import threading
import time
from array import array
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import pytest

from bacnet.client import ANALOG_INPUT
from submeter.pointmap import meter_map
from tooling.answering_board import AnsweringBoard
from tooling.clamp_records import IdealBoard
from tooling.instruments import Adapter, Settings, Site
from tooling.program import PATIENCE, eventually

CLAMP: Settings = {"current": 50}
"""That of `IdealBoard`."""

_STANDARD = meter_map.load("standard")
_FLOATS = {
    each.point.name: int(each.at)
    for each in _STANDARD.registers
    if each.point and each.type == "float32" and each.at.isdigit()
}
_OBJECTS = {
    each.point.name: each.instance for each in _STANDARD.objects if each.object == "analog-input"
}
_VALUE = re.compile(r"^value:   (\d+)\.(\d{6}) kWh$", re.MULTILINE)


def clamps(at: "ClampBoard", **more: object) -> Settings:
    """Return the entry of a source at the board `at`, without waveforms."""
    return {"rp2040": {"port": at.node, "clamp": CLAMP, "snapshot": 0, **more}}


class ClampBoard(AnsweringBoard, Adapter):
    """An ideal board at a port that can be pulled out; it lives as quickly as a test wants it to.

    `energies` are the Ws of each clamp that were counted since `begin`, but for what a reset took.
    """

    def __init__(self, link: Path, **board: Any) -> None:
        AnsweringBoard.__init__(self, IdealBoard(**board))
        Adapter.__init__(self, link)
        self._met = 0  # how often it was asked who it is
        self.energies = [0.0] * len(self.board.loads)
        self._guard = threading.RLock()
        self._stop = threading.Event()
        self._listener = threading.Thread(target=self._listen)

    def __enter__(self) -> Self:
        super().__enter__()
        self._listener.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._listener.join()
        super().__exit__()

    def plug(self) -> None:
        with self._guard:
            super().plug()

    def unplug(self) -> None:
        with self._guard:
            super().unplug()
        self.hang_up()

    def hang_up(self) -> None:
        """Nobody listens any more: who comes next will ask who it is."""
        self._met = self.asked.count("id")

    def say(self, data: bytes) -> None:
        """Send `data` as it is, as quickly as it is taken; nobody hears it while unplugged."""
        end = time.monotonic() + PATIENCE
        with self._guard:
            while data and self._master is not None:
                assert time.monotonic() < end, "nobody listens"
                try:
                    data = data[os.write(self._master, data[:512]) :]
                except BlockingIOError:
                    time.sleep(0.002)

    def begin(self) -> None:
        """Say the record of a second that nobody counts, until it is asked whose it is."""
        self.meet(self.board.line("S", self.board.second()))

    def meet(self, record: bytes) -> None:
        """Say one record again and again, until it is asked anew whose it is, and once more."""

        def asked() -> bool:
            self.say(record)
            return self.asked.count("id") > self._met

        eventually(asked)
        self.hang_up()
        self.say(record)

    def seconds(self, count: int = 1) -> list[bytes]:
        """Live on for so many seconds; return the records, which nobody was told yet."""
        for place, load in enumerate(self.board.loads):
            angle = math.radians(load.lag)
            self.energies[place] += count * self.board.volts * load.amperes * math.cos(angle)
        with self._guard:
            return [self.board.line("S", self.board.second()) for _ in range(count)]

    def live(self, count: int = 1) -> None:
        """Live on for so many seconds, and tell; of an answer to the host no record is ahead."""
        for each in self.seconds(count):
            self.say(each)

    def await_heard(self) -> None:
        """Wait until the program has read what was said; that of another port comes after it."""
        time.sleep(0.03)  # the kernel takes a moment to hand it over
        eventually(lambda: not array("i", fcntl.ioctl(self._slave, termios.FIONREAD, b"\0" * 4))[0])
        time.sleep(0.02)

    def _listen(self) -> None:
        while not self._stop.wait(0.01):
            with self._guard, suppress(OSError):
                if self._master is not None:
                    self.hear(os.read(self._master, 4096))


class Index:
    """The index of a meter in mWh as the program tells it, which never falls.

    It is what the record before the last one says: the last one bears that out.
    """

    def __init__(self, site: Site, meter: str, point: str = "Active_Energy_Import") -> None:
        self._site, self._meter, self._point = site, meter, point
        self._last = 0

    def now(self) -> int | None:
        """Return what it is, None while it is not known."""
        found = _VALUE.search(self._site.explained(self._meter, self._point))
        if found is None:
            return None
        number = int(found[1] + found[2])
        assert number >= self._last, f"{self._meter}: it fell from {self._last} to {number} mWh"
        self._last = number
        return number

    def becomes(self, energy: float) -> None:
        """Wait until it is this energy in Ws; it may never be more."""
        milli = round(energy / 3.6)

        def reached() -> bool:
            number = self.now()
            assert (number or 0) <= milli + 1, f"{self._meter}: {number} is above {milli} mWh"
            return number is not None and number >= milli - 1

        eventually(reached, 15, lambda: f"{self._meter}: {self.now()} of {milli} mWh")


class Shown:
    """What both faces show of a meter."""

    def __init__(self, site: Site, meter: str) -> None:
        self._site, self._meter = site, meter

    def modbus(self, point: str) -> float:
        """Return the float register of a point."""
        return self._site.number(self._meter, _FLOATS[point])

    def bacnet(self, point: str) -> float:
        """Return the Present_Value of a point."""
        return self._site.present(self._meter, ANALOG_INPUT, _OBJECTS[point])

    def sees(self, point: str, value: float, tolerance: float = 0.002, floor: float = 0.0) -> None:
        """Wait for this on both faces, but for a share `tolerance` or `floor` in its unit."""
        about = pytest.approx(value, rel=tolerance, abs=floor)

        def both() -> tuple[float, float]:
            return self.modbus(point), self.bacnet(point)

        eventually(lambda: all(each == about for each in both()), 10, lambda: f"{point}: {both()}")

    def lacks(self, *names: str) -> None:
        """See that no face has anything of these points."""
        for point in names:
            assert math.isnan(self.modbus(point)), point
            kind = ANALOG_INPUT, _OBJECTS[point]
            gone = self._site.lacks(self._meter, *kind)
            assert gone or not self._site.has_sensor(self._meter, *kind), point

    def estimates(self, names: Sequence[str]) -> None:
        """See that these points are known, and marked as estimates."""
        for point in names:
            assert "quality: estimated" in self._site.explained(self._meter, point), point
