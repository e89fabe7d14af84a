"""Points that follow from others: when each formula is true.

A rule is used for a point that no source gives. Its inputs must all be known at the same instant:
a power that a source itself worked out over a window is not one, which is what `live` says.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from submeter.meter import formulas
from submeter.meter.reading import Quality

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


def _phases(name: str) -> tuple[str, str, str]:
    return name.format(1), name.format(2), name.format(3)


P = _phases("Active_Power_L{}")
U = _phases("Voltage_L{}_N")
A = _phases("Current_L{}")
PF = _phases("Power_Factor_L{}")
LINES = ("Voltage_L1_L2", "Voltage_L2_L3", "Voltage_L3_L1")
LAGS = ("Voltage_Angle_L2", "Voltage_Angle_L3")
P_TOTAL, Q_TOTAL, S_TOTAL = "Active_Power_Total", "Reactive_Power_Total", "Apparent_Power_Total"
PF_TOTAL, NEUTRAL = "Power_Factor_Total", "Current_Neutral"
_OTHER_PHASES = (*P[1:], *U[1:], *A[1:], *PF[1:])
# A voltage and a current of L1, and nothing of L2 and L3, are a single-phase circuit.
_SINGLE = (U[0], A[0])

RULES: tuple[Rule, ...] = (
    *(Rule(P[n], (U[n], A[n], PF[n]), formulas.phase_power) for n in range(3)),
    Rule(P_TOTAL, P, formulas.total),
    Rule(P_TOTAL, P[:1], formulas.total, without=_OTHER_PHASES),
    Rule(LINES[0], (U[0], U[1], LAGS[0]), formulas.line_voltage_at),
    Rule(LINES[1], (U[1], U[2], LAGS[1], LAGS[0]), formulas.line_voltage_at),
    Rule(LINES[2], (U[2], U[0], LAGS[1]), formulas.line_voltage_at),
    Rule(LINES[0], (U[0], U[1]), formulas.line_voltage, Quality.ESTIMATED),
    Rule(LINES[1], (U[1], U[2]), formulas.line_voltage, Quality.ESTIMATED),
    Rule(LINES[2], (U[2], U[0]), formulas.line_voltage, Quality.ESTIMATED),
    *(Rule(PF[n], (P[n], U[n], A[n]), formulas.phase_power_factor, exact=True) for n in range(3)),
    # Before the rule of the reactive power: what that gives has no sign, and adds nothing here.
    Rule(NEUTRAL, (*A, *PF, Q_TOTAL, *LAGS), formulas.neutral_current_at, Quality.ESTIMATED),
    Rule(NEUTRAL, (*A, *PF, Q_TOTAL), formulas.neutral_current, Quality.ESTIMATED),
    Rule(NEUTRAL, (*A, *PF), formulas.neutral_current, Quality.ESTIMATED),
    Rule(NEUTRAL, (A[0], U[0]), formulas.same, without=_OTHER_PHASES),
    Rule(S_TOTAL, (P_TOTAL, Q_TOTAL), formulas.apparent),
    Rule(S_TOTAL, (U[0], A[0], U[1], A[1], U[2], A[2]), formulas.apparent_of_phases),
    Rule(S_TOTAL, _SINGLE, formulas.apparent_of_phases, without=_OTHER_PHASES),
    Rule(Q_TOTAL, (P_TOTAL, S_TOTAL), formulas.reactive_magnitude, Quality.ESTIMATED, exact=True),
    Rule(PF_TOTAL, (P_TOTAL, S_TOTAL), formulas.power_factor, exact=True),
    Rule(PF[0], (PF_TOTAL, *_SINGLE), formulas.same, without=_OTHER_PHASES),
    # Not of estimated line voltages: the angles assumed in them are what would have to be known.
    Rule("Voltage_Unbalance", LINES, formulas.negative_sequence, exact=True),
    Rule("Voltage_Unbalance", U, formulas.phase_unbalance),
    Rule("Current_Unbalance", A, formulas.phase_unbalance),
    # Last, so that no power factor follows from it: the total may be a mean, as this is then.
    Rule(P[0], (P_TOTAL, *_SINGLE), formulas.same, without=_OTHER_PHASES, live=False),
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
