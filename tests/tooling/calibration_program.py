"""Stands for the running program, in which an hour of a modelled house passes in no time."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from submeter import calibration_session, calibration_watch, local_socket
from submeter.sources.rp2040.calibration_file import CalibrationFile
from tooling.calibration_house import UID, House


class HouseProgram:
    """Answers questions on the clamps of `house`, whose time goes on as whoever asks sleeps.

    Without a house a steady `load` is there: complex W of each clamp by the ratings. `meters` are
    those with clamps of the board, by their numbers. While `down` has this moment nobody answers,
    and the program counts anew from its end; while `unplugged` has it nobody hears the board.
    """

    def __init__(self, file: CalibrationFile, house: House | None = None) -> None:
        self.file = file
        self.house = house
        self.meters: dict[str, tuple[int, ...]] = {"clamps": (1, 2, 3)}
        self.down: range = range(0)
        self.unplugged: range = range(0)
        self.now = 50.0
        self.load = [0j, 0j, 0j]
        self.amperes = [0.0, 0.0, 0.0]
        self.volts = 230.0
        self.told: dict[str, Any] = {}
        self.asked: list[Mapping[str, Any]] = []
        self.sealed: list[str] = []
        self._crossings = house.reference().crossings if house else []

    def install(self, monkeypatch: Any) -> None:
        """Stand in for the program and the clock."""
        for module in (calibration_session, calibration_watch):
            monkeypatch.setattr(module, "time", self)
        monkeypatch.setattr(local_socket, "ask", self.ask)

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def ask(self, path: Path, question: Mapping[str, Any]) -> dict[str, Any] | None:
        self.asked.append(question)
        if int(self.now) in self.down:
            return None
        if self.told:
            return self.told
        answer: dict[str, Any] = {"at": 1000 + self.now, "utc": 0.0, "meter": question["meter"]}
        names = [question["meter"], *question["with"]]
        boards = [{"meter": name, **self._board(self.meters[name])} for name in names]
        answer |= {"sealed": self.sealed, "boards": boards, "begun": float(self._start())}
        if question["reference"]:
            answer["reference"] = {"meter": "main", "source": "tic", "values": self._values()}
        return answer

    def _start(self) -> int:
        """Return the row from which the run of this moment counts."""
        return self.down.stop if int(self.now) >= self.down.stop > 0 else 0

    def _board(self, numbers: Sequence[int]) -> dict[str, Any]:
        start, row = self._start(), int(self.now)
        if row in self.unplugged:
            row = self.unplugged.start
        correction = self.file.current(UID)
        clamps = []
        for number in numbers:
            place = number - 1
            energy = self._energy(place, row) - self._energy(place, start)
            square = (self.amperes[place] / 0.05) ** 2 + 1.5 + 0.01 * (row % 2)
            clamps.append(
                {
                    "number": number,
                    "conductor": f"L{number}" if len(self.meters) == 1 else "L1",
                    "active": float(np.real(energy)),
                    "reactive": float(np.imag(energy)),
                    "square": square * (row - start),
                    "amperes": 0.05,
                }
            )
        return {
            "uid": UID,
            "at": 1000.0 + row,
            "seconds": float(row - start),
            "voltage_square": self.volts**2 * (row - start),
            "saturated": 0.0,
            "clamps": clamps,
            "correction": {
                **correction._asdict(),
                "clamps": [clamp._asdict() for clamp in correction.clamps],
            },
        }

    def _energy(self, place: int, row: int) -> complex:
        """Return the Ws by the ratings of a clamp up to a second."""
        return complex(self.house.told[place, row] if self.house else self.load[place] * row)

    def _values(self) -> dict[str, Any]:
        at = 1000 + self.now
        volts = {"number": round(self.volts * 1.02 + wander(at)), "quality": "measured", "at": at}
        past = [each for each in self._crossings if each.at <= at]
        values: dict[str, Any] = {"Voltage_L1_N": volts}
        number = {"number": round(past[-1].level / 3.6) if past else 0, "quality": "measured"}
        values["Active_Energy_Import"] = {**number, "at": at, "step": 1000}
        if past:
            changed = {"changed": past[-1].at, "before": past[-1].before, "former": 0}
            values["Active_Energy_Import"] |= changed
        return values


def wander(at: float) -> float:
    """Return by how much the mains wander around their voltage."""
    return float(np.sin(at / 7.3))
