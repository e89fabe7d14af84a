"""From what was found to the corrections of a board, those of everything else kept true."""

import cmath
import math
from collections.abc import Mapping

from submeter.sources.rp2040.correction import BoardCorrection, ClampCorrection


def with_factors(
    before: BoardCorrection, factors: Mapping[int, complex], voltage: float | None = None
) -> BoardCorrection:
    """Return `before` with a true `voltage`, unless None, and factors of true power by clamp.

    A clamp without a new factor keeps its power: its gain makes up for another voltage, unless it
    was never calibrated. What a clamp shows without load turns and grows with its factor.
    """
    volts = before.voltage if voltage is None else voltage
    clamps = []
    for number, clamp in enumerate(before.clamps, 1):
        if number not in factors and volts == before.voltage:
            clamps.append(clamp)
            continue
        old = before.factor(number)
        raw = (clamp.gain, clamp.phase) == (1.0, 0.0)
        kept = old * volts / before.voltage if raw else old
        clamps.append(_turned(clamp, old, factors.get(number, kept), volts))
    return BoardCorrection(volts, before.voltage_noise, tuple(clamps))


def with_gain(before: BoardCorrection, number: int, gain: float) -> BoardCorrection:
    """Return `before` with the gain of clamp `number`, by its current."""
    phase = math.radians(before.clamps[number - 1].phase)
    return with_factors(before, {number: cmath.rect(gain * before.voltage, phase)})


def with_noise(
    before: BoardCorrection, noises: Mapping[int, float], leaks: Mapping[int, complex]
) -> BoardCorrection:
    """Return `before` with the noise of clamps in codes^2, and their W and var without load."""
    clamps = []
    for number, clamp in enumerate(before.clamps, 1):
        made = clamp._replace(noise=round(noises.get(number, clamp.noise), 4))
        if number in leaks:
            leak = leaks[number]
            made = made._replace(leak_active=round(leak.real, 4))
            made = made._replace(leak_reactive=round(leak.imag, 4))
        clamps.append(made)
    return before._replace(clamps=tuple(clamps))


def _turned(clamp: ClampCorrection, old: complex, factor: complex, volts: float) -> ClampCorrection:
    leak = complex(clamp.leak_active, clamp.leak_reactive) * factor / old
    # What has only grown keeps its phase to the last digit.
    grown = abs((factor / old).imag) < 1e-12
    phase = clamp.phase if grown and (factor / old).real > 0 else _degrees(factor)
    return clamp._replace(
        gain=abs(factor) / volts, phase=phase, leak_active=leak.real, leak_reactive=leak.imag
    )


def _degrees(factor: complex) -> float:
    return math.degrees(cmath.phase(factor))
