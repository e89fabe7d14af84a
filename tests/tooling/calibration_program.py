"""Stands for the running program, in which an hour of a modelled house passes in no time."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from submeter import calibration_session, calibration_watch, local_socket
from submeter.sources.rp2040.calibration_file import CalibrationFile
from tooling.calibration_house import UID, House


class HouseProgram:
    """Answers questions on the clamps of `house`, whose time goes on as whoever asks sleeps.

    Without a house a steady `load` is there: complex W of each clamp by the ratings.
    """

    def __init__(self, file: CalibrationFile, house: House | None = None) -> None:
        self.file = file
        self.house = house
        self.now = 50.0
        self.load = [0j, 0j, 0j]
        self.amperes = [0.0, 0.0, 0.0]
        self.volts = 230.0
        self.told: dict[str, Any] = {}
        self.asked: list[Mapping[str, Any]] = []
        self.sealed: list[str] = []
        if house:
            self._crossings = house.reference().crossings

    def install(self, monkeypatch: Any) -> None:
        """Stand in for the program and the clock."""
        for module in (calibration_session, calibration_watch):
            monkeypatch.setattr(module, "time", self)
        monkeypatch.setattr(local_socket, "ask", self.ask)

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def ask(self, path: Path, question: Mapping[str, Any]) -> dict[str, Any]:
        self.asked.append(question)
        if self.told:
            return self.told
        answer: dict[str, Any] = {"at": 1000 + self.now, "utc": 0.0, "meter": question["meter"]}
        answer |= {"sealed": self.sealed, "boards": [self._board()]}
        if question["reference"]:
            answer["reference"] = {"meter": "main", "source": "tic", "values": self._values()}
        return answer

    def _board(self) -> dict[str, Any]:
        row = int(self.now)
        correction = self.file.current(UID)
        clamps = []
        for place in range(3):
            energy = self.house.told[place, row] if self.house else self.load[place] * row
            square = (self.amperes[place] / 0.05) ** 2 + 1.5 + 0.01 * (row % 2)
            clamps.append(
                {
                    "number": place + 1,
                    "conductor": f"L{place + 1}",
                    "active": float(np.real(energy)),
                    "reactive": float(np.imag(energy)),
                    "square": square * row,
                    "amperes": 0.05,
                }
            )
        return {
            "uid": UID,
            "at": 1000.0 + row,
            "seconds": float(row),
            "voltage_square": self.volts**2 * row,
            "saturated": 0.0,
            "clamps": clamps,
            "correction": {
                **correction._asdict(),
                "clamps": [clamp._asdict() for clamp in correction.clamps],
            },
        }

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
