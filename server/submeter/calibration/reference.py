"""The course of what a reference said while samples were taken."""

from collections.abc import Mapping
from typing import NamedTuple

from submeter.calibration.sample import Told
from submeter.meter.reading import Quality

IMPORT, EXPORT, POWER = "Active_Energy_Import", "Active_Energy_Export", "Active_Power_Total"
VOLTAGES = ("Voltage_L1_N", "Voltage_L2_N", "Voltage_L3_N")
WS = 3.6
"""Ws of a mWh."""


class Crossing(NamedTuple):
    """An index that went on: it was heard `at` to have reached `level`, and not yet at `before`.

    `level` is net, import less export, in Ws; `step` in Ws is what the index shows at least, below
    0 for export.
    """

    at: float
    before: float
    level: float
    step: float


class ReferenceCourse:
    """Indexes, power and voltages of a reference.

    `powers` are (s, W); `voltages` by point (s, V).
    """

    def __init__(self) -> None:
        self.crossings: list[Crossing] = []
        self.powers: list[tuple[float, float]] = []
        self.voltages: dict[str, list[tuple[float, float]]] = {}
        self.heard: float | None = None
        self._changed: dict[str, float] = {}
        self._start: dict[str, float] = {}

    def add(self, values: Mapping[str, Told]) -> None:
        """Take in what the reference said last."""
        for each in values.values():
            self.heard = max(self.heard or each.at, each.at)
        for name, sign in ((IMPORT, 1), (EXPORT, -1)):
            if name in values and values[name].quality is Quality.MEASURED:
                self._index(name, sign, values)
        # What is worked out from VA is no active power, and the slope of an index is of a time ago.
        if POWER in values and values[POWER].quality is Quality.MEASURED:
            _add(self.powers, values[POWER], 1000.0)
        for name, said in values.items():
            if name in VOLTAGES and said.quality is Quality.MEASURED:
                _add(self.voltages.setdefault(name, []), said, 1.0)

    @property
    def exports(self) -> bool:
        """Whether it counts what is exported."""
        return EXPORT in self._start

    def _index(self, name: str, sign: int, values: Mapping[str, Told]) -> None:
        said = values[name]
        self._start.setdefault(name, said.number)
        if said.changed is None or said.before is None or said.step is None:
            return
        first = name not in self._changed
        if said.changed == self._changed.get(name):
            return
        self._changed[name] = said.changed
        if first and said.number == self._start[name]:
            return  # that was before the first sample
        net = sum(
            way * (values[each].number - self._start[each])
            for each, way in ((IMPORT, 1), (EXPORT, -1))
            if each in values and each in self._start
        )
        step = sign * said.step * WS
        self.crossings.append(Crossing(said.changed, said.before, net * WS, step))


def _add(course: list[tuple[float, float]], said: Told, factor: float) -> None:
    if not course or said.at > course[-1][0]:
        course.append((said.at, said.number * factor))
