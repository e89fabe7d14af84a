"""What a simulated board is at. The transformer gives 0.75 V of 230 V, a clamp 1 V of 100 A.

`steady` is exact but for noise: 230 V and 50 Hz, clamp 1 20 A in phase (4600 W, 0 var), clamp 2
10 A that lag by 60 degrees (1150 W, 1991.9 var), clamp 3 5 A that flow back (-1150 W, 0 var).
"""

import math
from array import array

from hal_sim.converter import MIDDLE, Dice, codes_of
from hal_sim.loads import HEATER, MOTOR, RECTIFIER, Always, Clouds, Load, period
from hal_sim.wave import POINTS

VOLTS = 0.75 / 230  # at the input, of each V of the mains
AMPERES = 1 / 100
_REST = 16 * MIDDLE + 8  # 1/16 codes; rounded to the nearest code by a shift
_LAGGING = ((1, 0.5, math.sqrt(0.75)),)


class Scene:
    """The four inputs: tables of a period each, in 1/16 codes, and the frequency in Hz.

    `voltage` has the mains at GPIO26 and three clamps after it, else there are four clamps;
    `clamps` are lists of loads. `alive` lets voltage and frequency wander.
    """

    def __init__(self, clamps, voltage=True, alive=False, volts=230.0, seed=1):
        self.frequency = 50.0
        self._clamps = clamps
        self._alive = alive
        self._volts = volts
        self._dice = Dice(seed)
        self._shapes = {}
        self._taken = [None] * len(clamps)
        self._first = 1 if voltage else 0
        still = array("i", [_REST] * POINTS)
        self.tables = [still, still, still, still]
        if voltage:
            harmonics = ((1, 1.0, 0.0), (5, 0.02, 0.0)) if alive else HEATER
            self._mains = period(harmonics)
            self._energise()

    def advance(self, second):
        """Let a second begin."""
        if self._alive:
            self.frequency = 50 + 0.02 * math.sin(second / 47) + self._dice.between(-0.002, 0.002)
            if self._first and second % 10 == 0:
                self._volts = 230 + 4 * math.sin(second / 300) + self._dice.between(-0.5, 0.5)
                self._energise()
        for clamp, loads in enumerate(self._clamps):
            taken = [(load.shape, load.watts(second)) for load in loads]
            if taken != self._taken[clamp]:
                self._taken[clamp] = taken
                self.tables[self._first + clamp] = self._current(taken)

    def _energise(self):
        scale = codes_of(self._volts * VOLTS)
        self.tables[0] = array("i", [int(_REST + scale * each) for each in self._mains])

    def _current(self, taken):
        table = array("i", [_REST] * POINTS)
        for shape, watts in taken:
            scale = codes_of(watts / 230 * AMPERES)
            points = self._shape(shape)
            for k in range(POINTS):
                table[k] += int(scale * points[k])
        return table

    def _shape(self, shape):
        if shape not in self._shapes:
            self._shapes[shape] = period(shape)
        return self._shapes[shape]


def household(seed):
    """Return a flat: kitchen, living room, hot water."""
    kitchen = [
        Load(MOTOR, 95, (240, 420), (500, 900), seed + 1),
        Load(HEATER, 2050, (90, 180), (200, 700), seed + 2),
    ]
    living = [
        Always(RECTIFIER, 65),
        Load(RECTIFIER, 140, (300, 900), (60, 300), seed + 3),
        Load(HEATER, 60, (120, 600), (120, 600), seed + 4),
    ]
    water = [Load(HEATER, 2400, (120, 300), (240, 600), seed + 5)]
    return Scene([kitchen, living, water], alive=True, seed=seed)


def pv(seed):
    """Return a house, its solar plant, and the line to the grid that carries both."""

    def house():
        return [
            Always(RECTIFIER, 180),
            Load(MOTOR, 350, (120, 300), (200, 500), seed + 1),
            Load(HEATER, 2000, (60, 150), (200, 500), seed + 2),
        ]

    def plant():
        return [Clouds(3000, seed + 3)]

    return Scene([house(), plant(), house() + plant()], alive=True, seed=seed)


def steady(seed):
    """Return what does not change."""
    currents = [[Always(HEATER, 4600)], [Always(_LAGGING, 2300)], [Always(HEATER, -1150)]]
    return Scene(currents, seed=seed)


def dead(seed):
    """Return a board without mains."""
    return Scene([[], [], []], volts=0.0, seed=seed)


def currents(seed):
    """Return four clamps, of which the last one is around nothing."""
    heaters = [Always(HEATER, 2300), Load(HEATER, 2000, (30, 90), (30, 90), seed + 1)]
    clamps = [heaters, [Always(MOTOR, 700)], [Always(RECTIFIER, 230)], []]
    return Scene(clamps, voltage=False, alive=True, seed=seed)


PROFILES = {
    "household": household,
    "pv": pv,
    "steady": steady,
    "dead": dead,
    "currents": currents,
}
LAYOUTS = {"currents": "4i"}
"""Layouts other than v3i, in which the profiles start."""
