"""What the running program answers at its local socket."""

from collections.abc import Mapping
from typing import Any

from submeter import calibration_answer, explain
from submeter.latest import Latest
from submeter.meter.instant import Instant
from submeter.restore import ServedMeter
from submeter.sources.rp2040.calibration_file import CalibrationFile
from submeter.sources.source import Health, Source


class Questions:
    """Answers by what is known of the meters, of the health of their sources, and what they said.

    `calibration` is what the clamps go by.
    """

    def __init__(
        self,
        meters: Mapping[str, ServedMeter],
        health: Mapping[Source, Health],
        latest: Latest,
        calibration: CalibrationFile,
    ) -> None:
        self._meters = meters
        self._health = health
        self._latest = latest
        self._calibration = calibration

    def answer(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """Return the answer, ready for JSON."""
        told = calibration_answer.answer(
            question, self._meters, self._latest, self._calibration, Instant.now()
        )
        return told or explain.answer(question, self._meters, self._health)
