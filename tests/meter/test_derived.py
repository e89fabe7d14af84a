"""The rules of derived points, and what a meter is promised to have."""

import pytest

from submeter.meter.derived import RULES, prospects
from submeter.meter.reading import Quality
from submeter.pointmap import points

M, D, E = Quality.MEASURED, Quality.DERIVED, Quality.ESTIMATED
U = ("Voltage_L1_N", "Voltage_L2_N", "Voltage_L3_N")
I = ("Current_L1", "Current_L2", "Current_L3")  # noqa: E741
P = ("Active_Power_L1", "Active_Power_L2", "Active_Power_L3")
PF = ("Power_Factor_L1", "Power_Factor_L2", "Power_Factor_L3")
LINES = ("Voltage_L1_L2", "Voltage_L2_L3", "Voltage_L3_L1")
ANGLES = ("Voltage_Angle_L2", "Voltage_Angle_L3")
P_TOTAL, Q_TOTAL, S_TOTAL = "Active_Power_Total", "Reactive_Power_Total", "Apparent_Power_Total"
PF_TOTAL, NEUTRAL = "Power_Factor_Total", "Current_Neutral"
UNBALANCE = {"Voltage_Unbalance": D, "Current_Unbalance": D}


def follows(*given: str, **others: Quality) -> dict[str, Quality]:
    """Return what follows from measured points and those of another quality."""
    all_given = dict.fromkeys(given, M) | others
    found = prospects(all_given)
    return {name: found[name] for name in found.keys() - all_given.keys()}


def test_rules_name_points_and_take_as_many_inputs_as_their_formula() -> None:
    for rule in RULES:
        assert {rule.point, *rule.inputs, *rule.without} <= points.all_points().keys()
        assert rule.point not in rule.inputs
        rule.formula(*(1.0 for _ in rule.inputs))


def test_no_rule_gives_what_only_an_instrument_can_know() -> None:
    given = {rule.point for rule in RULES}
    assert not given & {"Frequency", "THD_Voltage_L1", "THD_Current_L1", *ANGLES, *U, *I}
    kinds = {points.all_points()[name].kind for name in given}
    assert kinds == {"analog"}  # an index above all


def test_a_three_phase_tic_meter() -> None:
    lines = dict.fromkeys(LINES, E)
    assert follows(*U, *I, S_TOTAL, Active_Power_Total=D) == lines | UNBALANCE


def test_a_single_phase_tic_meter() -> None:
    """Its power is a mean over a minute: that of L1 is the same, but no power factor follows."""
    found = follows(U[0], I[0], S_TOTAL, Active_Power_Total=D)
    assert found == {P[0]: D, NEUTRAL: D}


def test_a_single_phase_meter_that_measures_its_power() -> None:
    expected = {P[0]: D, S_TOTAL: D, Q_TOTAL: E, PF_TOTAL: D, PF[0]: D, NEUTRAL: D}
    assert follows(U[0], I[0], P_TOTAL) == expected
    del expected[P[0]]
    assert follows(U[0], I[0], P[0]) == expected | {P_TOTAL: D}


@pytest.mark.parametrize("other", [*P[1:], *U[1:], *I[1:], *PF[1:]])
def test_what_has_a_second_phase_is_not_single_phase(other: str) -> None:
    assert not follows(U[0], I[0], P_TOTAL, other).keys() & {P[0], NEUTRAL, S_TOTAL}
    assert P_TOTAL not in follows(P[0], other)


@pytest.mark.parametrize("given", [(P_TOTAL,), (P_TOTAL, U[0]), (P_TOTAL, I[0])])
def test_a_total_alone_does_not_show_that_there_is_one_phase(given: tuple[str, ...]) -> None:
    assert follows(*given) == {}


def test_phase_powers_give_almost_everything() -> None:
    assert follows(*U, *I, *P) == {
        P_TOTAL: D,
        S_TOTAL: D,
        Q_TOTAL: E,
        PF_TOTAL: D,
        NEUTRAL: E,
        **dict.fromkeys(LINES, E),
        **dict.fromkeys(PF, D),
        **UNBALANCE,
    }


def test_power_factors_give_phase_powers() -> None:
    assert dict.fromkeys((*P, P_TOTAL, PF_TOTAL), D).items() <= follows(*U, *I, *PF).items()
    assert not follows(*U, *I).keys() & {*P, P_TOTAL, *PF, PF_TOTAL, NEUTRAL}


def test_measured_angles_make_line_voltages_true() -> None:
    assert follows(*U, *ANGLES) == dict.fromkeys(LINES, D) | {"Voltage_Unbalance": D}
    assert follows(*U, ANGLES[0])[LINES[0]] is D
    assert follows(*U, ANGLES[0])[LINES[1]] is E
    assert follows(U[0], *ANGLES) == {}  # nothing is known of the other phases


def test_measured_line_voltages_are_enough_for_the_unbalance() -> None:
    assert follows(*LINES) == {"Voltage_Unbalance": D}
    assert follows(*dict.fromkeys(LINES[:2])) == {}


def test_what_follows_from_an_estimate_is_one() -> None:
    assert follows(*P[1:], Active_Power_L1=E) == {P_TOTAL: E}
    assert follows(*I[1:], Current_L1=E) == {"Current_Unbalance": E}


def test_no_power_factor_follows_from_an_estimate() -> None:
    assert follows(P_TOTAL, Apparent_Power_Total=E) == {}
