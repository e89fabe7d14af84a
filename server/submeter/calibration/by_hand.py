"""Calibration by hand: no load, a resistive load, a known meter."""

import cmath
import math
from collections.abc import Sequence
from typing import NamedTuple

from submeter.calibration import proposal, steady, turning
from submeter.calibration.sample import BoardSample
from submeter.calibration.steady import Steady
from submeter.calibration.turning import Placed
from submeter.errors import SubmeterError
from submeter.sources.rp2040.correction import BoardCorrection

LEAST_AMPERES = 5.0
MOST_NOISE = 10.0  # codes^2; the converter has 1 to 2, what is more is a current
LEAST_VOLTS = 50.0
_LEAK_AT = 230.0  # V
_FACTOR = 2.0  # by which a gain may be off the ratings
_AGREE = 1.05
_LEAST = 0.05  # A
_ON = "is the load on, and its wire through the clamp?"


class Found(NamedTuple):
    """What is proposed of a board, and what was measured and found, in words."""

    proposed: BoardCorrection
    lines: tuple[str, ...]


def no_load(measured: Sequence[Steady], board: BoardSample) -> Found:
    """Return the noise of the clamps, and the W and var that they show; raises SubmeterError."""
    noises, leaks, lines = {}, {}, []
    for each in measured:
        who = Placed(each.number, each.conductor)
        if each.square > MOST_NOISE:
            message = f"{who} carries {each.amperes:.2f} A; take it off, and close it around"
            raise SubmeterError(f"{message} nothing")
        noises[each.number] = each.square
        text = f"{who}: noise {each.square:.2f} +- {each.square_error:.2f} codes^2"
        if each.volts is not None and each.volts >= LEAST_VOLTS:
            volts = each.volts * board.correction.voltage
            scale = (_LEAK_AT / volts) ** 2
            leak = each.power * board.correction.factor(each.number) * scale
            leaks[each.number] = leak
            error = each.power_error * abs(leak)
            text += f", shows {leak.real:.2f} W {leak.imag:+.2f} var +- {error:.2f} without load"
        lines.append(text)
    return Found(proposal.with_noise(board.correction, noises, leaks), tuple(lines))


def resistive(found: Steady, board: BoardSample) -> Found:
    """Return the phase at which a resistive load has no reactive power; raises SubmeterError."""
    who = Placed(found.number, found.conductor)
    _expect_voltage(found)
    amperes = found.amperes * board.correction.clamps[found.number - 1].gain
    if amperes < LEAST_AMPERES:
        message = f"the load is too small: {who} sees {amperes:.2f} A"
        raise SubmeterError(f"{message}; take one of {LEAST_AMPERES:g} A or more")
    steady.expect_steady(found)
    angle = -math.degrees(cmath.phase(found.power))
    turned = turning.of(angle)
    if not turned.clear:
        raise SubmeterError(
            f"{who}: current and voltage are {turned.rest:.0f} degrees apart, which is more than "
            "clamp and transformer do; the load is not resistive"
        )
    error = math.degrees(found.angle_error)
    lines = [
        f"{who}: {amperes:.2f} A, phase {angle:.2f} +- {error:.2f} degrees",
        *turning.words({who: turned}, sum(each.conductor != "N" for each in board.clamps)),
    ]
    proposed = proposal.with_phase(board.correction, found.number, angle)
    return Found(proposed, tuple(lines))


def known(
    found: Steady,
    board: BoardSample,
    power: float | None,
    voltage: float | None,
    current: float | None,
) -> Found:
    """Return the gain by which it measures the same as a known meter; raises SubmeterError.

    With `power` in W it is that of the power; else that of the `current` in A. `voltage` in V makes
    the factor of the voltage.
    """
    who = Placed(found.number, found.conductor)
    made = board.correction
    lines = []
    if voltage is not None:
        volts = _expect_voltage(found)
        factor = _within("the voltage", voltage / volts)
        made = proposal.with_factors(made, {}, factor)
        lines.append(
            f"voltage: {volts * board.correction.voltage:.2f} V, and {voltage:g} V in truth"
        )
    if power is not None:
        _expect_voltage(found)
        now = (found.power * made.factor(found.number)).real
        _prove(found, made, power, voltage, current)
        ratio = _ratio(who, power, now)
        steady.expect_steady(found)
        _within(str(who), ratio * made.clamps[found.number - 1].gain)
        made = proposal.with_factors(made, {found.number: made.factor(found.number) * ratio})
        lines.append(f"{who}: {now:.1f} W +- {found.power_error:.2%}, and {power:g} W in truth")
    elif current is not None:
        if found.amperes < _LEAST:
            raise SubmeterError(f"{who} sees {found.amperes:.2f} A; {_ON}")
        steady.expect_steady(found)
        made = proposal.with_gain(made, found.number, _within(str(who), current / found.amperes))
        error = found.square_error / 2 / max(found.square, 1e-9)
        seen = found.amperes * board.correction.clamps[found.number - 1].gain
        lines.append(f"{who}: {seen:.3f} A +- {error:.2%}, and {current:g} A in truth")
    return Found(made, tuple(lines))


def _prove(
    found: Steady,
    made: BoardCorrection,
    power: float,
    voltage: float | None,
    current: float | None,
) -> None:
    """Raise SubmeterError if `power` is more than voltage and current could be."""
    if current is None:
        return
    volts = voltage or (found.volts or 0.0) * made.voltage
    if abs(power) > volts * current * _AGREE:
        message = f"{power:g} W is more than {volts:.1f} V and {current:g} A can be"
        raise SubmeterError(f"{message}; read them at one time")


def _ratio(who: Placed, power: float, now: float) -> float:
    if abs(now) < 1.0:
        raise SubmeterError(f"{who} sees {now:.1f} W; {_ON}")
    if power / now < 0:
        raise SubmeterError(
            f"{who} sees {now:.1f} W, the wrong way round; turn it, or calibrate with 'resistive' "
            "first"
        )
    return power / now


def _within(what: str, factor: float) -> float:
    if not 1 / _FACTOR <= factor <= _FACTOR:
        message = f"{what} would need the factor {factor:.3g}: are the ratings right?"
        raise SubmeterError(message)
    return factor


def _expect_voltage(found: Steady) -> float:
    if found.volts is None:
        raise SubmeterError("the board has no voltage: only --current can be known there")
    if found.volts < LEAST_VOLTS:
        raise SubmeterError(f"the board sees {found.volts:.0f} V; is its transformer plugged in?")
    return found.volts
