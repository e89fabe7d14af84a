"""What a clamp may be around: loads that come and go."""

import math
from array import array

from hal_sim.converter import Dice
from hal_sim.wave import POINTS

# Harmonics of the current for 1 A of active current: (number, in phase, lagging by a quarter).
HEATER = ((1, 1.0, 0.0),)
MOTOR = ((1, 1.0, 0.88), (3, 0.05, 0.0))  # power factor 0.75
RECTIFIER = ((1, 1.0, -0.1), (3, -0.7, 0.0), (5, 0.4, 0.0), (7, -0.15, 0.0))
SOLAR = ((1, -1.0, 0.03), (5, 0.02, 0.0))


class Load:
    """Takes `watts` at 230 V for times of `on` s and none for times of `off` s, (least, most)."""

    def __init__(self, shape, watts, on, off, seed):
        self.shape = shape
        self._watts = watts
        self._spans = (off, on)
        self._dice = Dice(seed)
        self._on = self._dice.throw() < 0.5
        self._until = self._dice.between(0, self._spans[self._on][1])

    def watts(self, second):
        """Return what it takes in that second; seconds are asked one after another."""
        while second >= self._until:
            self._on = not self._on
            self._until += max(1, self._dice.between(*self._spans[self._on]))
        return self._watts if self._on else 0


class Always:
    """Takes `watts` at 230 V all the time."""

    def __init__(self, shape, watts):
        self.shape = shape
        self._watts = watts

    def watts(self, second):
        """Return what it takes."""
        return self._watts


class Clouds:
    """A solar plant of up to `watts` behind clouds; a day takes ten minutes."""

    def __init__(self, watts, seed):
        self.shape = SOLAR
        self._watts = watts
        self._dice = Dice(seed)
        self._clear = 1.0

    def watts(self, second):
        """Return what it gives, in steps of some watts every 5 s."""
        if second % 5 == 0:
            drift = self._dice.between(-0.15, 0.18)
            self._clear = min(1.0, max(0.2, self._clear + drift))
            self._sun = max(0.0, math.sin(math.pi * ((second + 150) % 600) / 500))
        return int(self._watts * self._sun * self._clear)


def period(shape):
    """Return one period of the current of 1 A (RMS) of active current, in A."""
    root = math.sqrt(2)
    points = array("d", [0.0] * POINTS)
    for number, active, reactive in shape:
        for k in range(POINTS):
            angle = 2 * math.pi * number * k / POINTS
            points[k] += root * (active * math.sin(angle) - reactive * math.cos(angle))
    return points
