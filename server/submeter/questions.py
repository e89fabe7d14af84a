"""What the running program answers at its local socket."""

from collections.abc import Mapping
from typing import Any

from submeter import calibration_answer, explain
from submeter.latest import Latest
from submeter.meter.instant import Instant
from submeter.restore import ServedMeter
from submeter.sources.source import Health, Source


class Questions:
    """Answers by what is known of the meters and of the health of their sources."""

    def __init__(
        self,
        meters: Mapping[str, ServedMeter],
        health: Mapping[Source, Health],
        latest: Latest,
    ) -> None:
        self._meters = meters
        self._health = health
        self._latest = latest

    def answer(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """Return the answer, ready for JSON."""
        told = calibration_answer.answer(question, self._meters, self._latest, Instant.now())
        return told or explain.answer(question, self._meters, self._health)
