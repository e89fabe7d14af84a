"""From what was found to the corrections of a board, those of everything else kept true."""

import cmath
import math
from collections.abc import Mapping

from submeter.calibration.sample import BoardSample
from submeter.sources.rp2040.correction import BoardCorrection, ClampCorrection


def with_factors(
    before: BoardCorrection, factors: Mapping[int, complex], voltage: float | None = None
) -> BoardCorrection:
    """Return `before` with a true `voltage`, unless None, and factors of true power by clamp.

    A clamp without a new factor keeps its power: its gain makes up for another voltage, unless it
    was found from a current, or never. What a clamp shows without load goes with its factor.
    """
    volts = before.voltage if voltage is None else voltage
    clamps = []
    for number, clamp in enumerate(before.clamps, 1):
        if number in factors:
            made = _turned(clamp, factors[number], volts)
            clamps.append(_shown(made, factors[number] / before.factor(number), before, volts))
        elif volts == before.voltage:
            clamps.append(clamp)
        elif clamp.by_current or clamp.gain == 1.0:
            clamps.append(_shown(clamp, complex(volts / before.voltage), before, volts))
        else:
            made = clamp._replace(gain=clamp.gain * before.voltage / volts)
            clamps.append(_shown(made, 1 + 0j, before, volts))
    return BoardCorrection(volts, before.voltage_noise, tuple(clamps))


def with_gain(before: BoardCorrection, number: int, gain: float) -> BoardCorrection:
    """Return `before` with the gain of clamp `number`, found from its current."""
    clamp = before.clamps[number - 1]
    factor = cmath.rect(gain * before.voltage, math.radians(clamp.phase))
    made = with_factors(before, {number: factor})
    return _replaced(made, number, gain=gain, by_current=True)


def with_phase(before: BoardCorrection, number: int, phase: float) -> BoardCorrection:
    """Return `before` with the `phase` of clamp `number` in degrees; its gain is what it was."""
    clamp = before.clamps[number - 1]
    size = abs(before.factor(number))
    made = with_factors(before, {number: cmath.rect(size, math.radians(phase))})
    return _replaced(made, number, gain=clamp.gain, by_current=clamp.by_current)


def with_noise(
    before: BoardCorrection, noises: Mapping[int, float], leaks: Mapping[int, complex]
) -> BoardCorrection:
    """Return `before` with the noise of clamps in codes^2, and their W and var without load."""
    clamps = []
    for number, clamp in enumerate(before.clamps, 1):
        made = clamp
        if number in noises:
            made = made._replace(noise=round(noises[number], 4))
        if number in leaks:
            leak = leaks[number]
            made = made._replace(leak_active=round(leak.real, 4))
            made = made._replace(leak_reactive=round(leak.imag, 4))
        clamps.append(made)
    return before._replace(clamps=tuple(clamps))


def to_store(board: BoardSample, made: BoardCorrection) -> BoardCorrection:
    """Return what is to be stored where `made` was made from `board.correction`.

    What was found of a clamp goes with its ratings of now. What is void at these stays stored, for
    it may count again, and keeps its power at another voltage like that of any other clamp.
    """
    kept = with_factors(board.stored, {}, made.voltage)
    unfound = with_factors(board.correction, {}, made.voltage)
    clamps = []
    for number, clamp in enumerate(made.clamps, 1):
        if clamp == unfound.clamps[number - 1]:
            clamps.append(kept.clamps[number - 1])
        else:
            clamps.append(clamp._replace(amperes=board.ratings.get(number, clamp.amperes)))
    return made._replace(clamps=tuple(clamps))


def _turned(clamp: ClampCorrection, factor: complex, volts: float) -> ClampCorrection:
    """Return `clamp` with a new factor of true power."""
    phase = math.degrees(cmath.phase(factor))
    # What has only grown keeps its phase to the last digit.
    same = abs((factor * cmath.rect(1.0, -math.radians(clamp.phase))).imag) < 1e-12
    forward = math.cos(math.radians(phase - clamp.phase)) > 0
    kept = clamp.phase if same and forward else phase
    return clamp._replace(gain=abs(factor) / volts, phase=kept, by_current=False)


def _shown(
    clamp: ClampCorrection, grown: complex, before: BoardCorrection, volts: float
) -> ClampCorrection:
    """Return `clamp` with what it shows without load, where its factor has `grown`.

    That is of 230 V of the true voltage, by which it is more or less too.
    """
    leak = complex(clamp.leak_active, clamp.leak_reactive) * grown * (before.voltage / volts) ** 2
    return clamp._replace(leak_active=leak.real, leak_reactive=leak.imag)


def _replaced(
    made: BoardCorrection, number: int, *, gain: float, by_current: bool
) -> BoardCorrection:
    clamps = list(made.clamps)
    clamps[number - 1] = clamps[number - 1]._replace(gain=gain, by_current=by_current)
    return made._replace(clamps=tuple(clamps))
