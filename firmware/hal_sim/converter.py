"""The converter of the RP2040: twelve bits, noise, and four codes that are ten times too wide."""

import math

WIDE = (512, 1536, 2560, 3584)
STEP = 9
SPAN = 4096 + 4 * STEP
"""Codes over the whole range once the steps are taken out."""

MIDDLE = SPAN // 2
REFERENCE = 3.3  # V over the whole range
NOISE = 1.2  # codes, RMS
_NOISES = 4093  # a prime, so that no cycle of the mains meets the same noise again soon
_MOST = 0x7FFFFFFF


def samples():
    """Return what the converter says for each of SPAN inputs of equal width."""
    said = []
    for raw in range(4096):
        said.extend([raw] * (1 + STEP if raw in WIDE else 1))
    return said


def codes_of(volts):
    """Return volts at the input as 1/16 codes, not rounded."""
    return volts / REFERENCE * SPAN * 16


def noises(seed):
    """Return noise in 1/16 codes, always the same for a seed."""
    return [int(16 * NOISE * each) for each in _normal(Dice(seed), _NOISES)]


def _normal(dice, count):
    """Return normally distributed numbers, by Box and Muller."""
    found = []
    while len(found) < count:
        radius = math.sqrt(-2 * math.log(1 - dice.throw()))
        angle = 2 * math.pi * dice.throw()
        found.append(radius * math.cos(angle))
    return found


class Dice:
    """Numbers from 0 to 1 that are the same in MicroPython and CPython."""

    def __init__(self, seed):
        self._state = (seed * 2 + 1) & _MOST or 1
        for _ in range(8):
            self.throw()

    def throw(self):
        """Return the next number, below 1 (minimal standard of Park and Miller)."""
        self._state = self._state * 48271 % _MOST or 1
        return self._state / (_MOST + 1)

    def between(self, least, most):
        """Return a number of that range."""
        return least + (most - least) * self.throw()
