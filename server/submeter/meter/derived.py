"""Points that follow from others: formulas, and when each of them is true.

A rule is used for a point that no source gives. Its inputs must all be known at the same instant:
a power that a source itself worked out over a window is not one, which is what `live` says.
Signs follow IEC 62053-23: import is positive.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from submeter.meter.reading import Quality

ROUNDING = 1.05  # how far P may exceed S before one of them is wrong

Formula = Callable[..., float | None]


@dataclass(frozen=True, slots=True)
class Rule:
    """`formula` of the `inputs`, in that order, gives `point`.

    `without` names points that must be absent for the rule to be true; `live` demands inputs that
    are instantaneous, `exact` inputs that are no estimates. The formula returns None where the
    result is not defined.
    """

    point: str
    inputs: tuple[str, ...]
    formula: Formula
    quality: Quality = Quality.DERIVED
    without: tuple[str, ...] = ()
    live: bool = True
    exact: bool = False


def total(*phases: float) -> float:
    """Return the sum of the phases, in their unit."""
    return sum(phases)


def line_voltage(a: float, b: float) -> float:
    """Return the voltage in V between two phases of `a` and `b` volts, 120 degrees apart.

    Law of cosines with cos 120 degrees = -1/2; the angle is assumed, so the result is an estimate.
    """
    return math.sqrt(a * a + b * b + a * b)


def apparent_of_phases(*volts_and_amperes: float) -> float:
    """Return the arithmetic apparent power in kVA of U1, I1, U2, I2, ... (IEEE 1459, 3.2.2.5)."""
    volts, amperes = volts_and_amperes[::2], volts_and_amperes[1::2]
    return sum(u * i for u, i in zip(volts, amperes, strict=True)) / 1000


def apparent(active: float, reactive: float) -> float:
    """Return the apparent power in kVA of kW and kvar (IEEE 1459, 3.1.2.7)."""
    return math.hypot(active, reactive)


def reactive_magnitude(active: float, apparent_power: float) -> float | None:
    """Return |Q| in kvar of kW and kVA; the sign cannot be known, so it is an estimate.

    None where P exceeds S by more than rounding can explain.
    """
    if abs(active) > ROUNDING * abs(apparent_power):
        return None
    return math.sqrt(max(0.0, apparent_power**2 - active**2))


def power_factor(active: float, apparent_power: float) -> float | None:
    """Return P/S with the sign of P; None where P exceeds S by more than rounding can explain.

    Without load it is not defined; 1 is what meters show then.
    """
    if not apparent_power and not active:
        return 1.0
    if abs(active) > ROUNDING * abs(apparent_power):
        return None
    return max(-1.0, min(1.0, active / abs(apparent_power)))


def phase_power_factor(active: float, volts: float, amperes: float) -> float | None:
    """Return the power factor of one phase of kW, V and A."""
    return power_factor(active, volts * amperes / 1000)


def _phases(name: str) -> tuple[str, str, str]:
    return name.format(1), name.format(2), name.format(3)


P = _phases("Active_Power_L{}")
U = _phases("Voltage_L{}_N")
A = _phases("Current_L{}")
PF = _phases("Power_Factor_L{}")
P_TOTAL, Q_TOTAL, S_TOTAL = "Active_Power_Total", "Reactive_Power_Total", "Apparent_Power_Total"
_SINGLE_PHASE = (U[1], U[2], A[1], A[2])

RULES: tuple[Rule, ...] = (
    Rule(P_TOTAL, P, total),
    Rule(P_TOTAL, P[:1], total, without=(*P[1:], *_SINGLE_PHASE)),
    Rule("Voltage_L1_L2", (U[0], U[1]), line_voltage, Quality.ESTIMATED),
    Rule("Voltage_L2_L3", (U[1], U[2]), line_voltage, Quality.ESTIMATED),
    Rule("Voltage_L3_L1", (U[2], U[0]), line_voltage, Quality.ESTIMATED),
    Rule(S_TOTAL, (P_TOTAL, Q_TOTAL), apparent),
    Rule(S_TOTAL, (U[0], A[0], U[1], A[1], U[2], A[2]), apparent_of_phases),
    Rule(S_TOTAL, (U[0], A[0]), apparent_of_phases, without=_SINGLE_PHASE),
    Rule(Q_TOTAL, (P_TOTAL, S_TOTAL), reactive_magnitude, Quality.ESTIMATED, exact=True),
    Rule("Power_Factor_Total", (P_TOTAL, S_TOTAL), power_factor, exact=True),
    *(Rule(PF[n], (P[n], U[n], A[n]), phase_power_factor, exact=True) for n in range(3)),
)


def prospects(given: Mapping[str, Quality]) -> dict[str, Quality]:
    """Return the points that a meter will have, with their usual quality.

    `given` are those that its sources give; the rest follows by the rules.
    """
    found = dict(given)
    for rule in RULES:
        averaged = any(given.get(name) is Quality.DERIVED for name in rule.inputs)
        estimated = any(found.get(name) is Quality.ESTIMATED for name in rule.inputs)
        barred = (rule.live and averaged) or (rule.exact and estimated)
        true = found.keys() >= set(rule.inputs) and not found.keys() & set(rule.without)
        if rule.point not in found and true and not barred:
            found[rule.point] = Quality.ESTIMATED if estimated else rule.quality
    return found
