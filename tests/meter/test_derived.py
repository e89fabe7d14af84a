"""The formulas of derived points, and what a meter is promised to have."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from submeter.meter import derived
from submeter.meter.derived import RULES, prospects
from submeter.meter.reading import Quality
from submeter.pointmap import points

M, D, E = Quality.MEASURED, Quality.DERIVED, Quality.ESTIMATED
POWERS = st.floats(-1000, 1000)


def test_total() -> None:
    assert derived.total(1.5, -2.0, 3.0) == 2.5
    assert derived.total(4.0) == 4.0


def test_line_voltage() -> None:
    assert derived.line_voltage(230, 230) == pytest.approx(230 * math.sqrt(3))
    assert derived.line_voltage(230, 0) == 230


@given(st.floats(0, 500), st.floats(0, 500))
def test_line_voltage_is_the_distance_of_two_vectors(a: float, b: float) -> None:
    angle = math.radians(120)
    distance = math.hypot(a - b * math.cos(angle), b * math.sin(angle))
    assert derived.line_voltage(a, b) == pytest.approx(distance, abs=1e-9)


def test_apparent_of_phases() -> None:
    assert derived.apparent_of_phases(230, 10, 231, 20, 229, 0) == pytest.approx(6.92)
    assert derived.apparent_of_phases(230, 10) == 2.3


def test_apparent_and_reactive() -> None:
    assert derived.apparent(3, 4) == derived.apparent(-3, -4) == 5
    assert derived.reactive_magnitude(-3, 5) == 4
    assert derived.reactive_magnitude(5, 5) == 0
    assert derived.reactive_magnitude(5.01, 5) == 0  # rounding
    assert derived.reactive_magnitude(5.3, 5) is None


@given(POWERS, POWERS)
def test_reactive_magnitude_undoes_apparent(active: float, reactive: float) -> None:
    found = derived.reactive_magnitude(active, derived.apparent(active, reactive))
    assert found is None or found == pytest.approx(abs(reactive), rel=1e-6, abs=1e-2)


@pytest.mark.parametrize(
    ("active", "apparent", "expected"),
    [
        (3.0, 5.0, 0.6),
        (-3.0, 5.0, -0.6),
        (-3.0, -5.0, -0.6),
        (5.0, 5.0, 1.0),
        (5.2, 5.0, 1.0),
        (-5.2, 5.0, -1.0),
        (5.3, 5.0, None),
        (0.0, 5.0, 0.0),
        (0.0, 0.0, 1.0),
        (3.0, 0.0, None),
    ],
)
def test_power_factor(active: float, apparent: float, expected: float | None) -> None:
    assert derived.power_factor(active, apparent) == expected


@given(POWERS, POWERS)
def test_power_factor_lies_between_minus_one_and_one(active: float, apparent: float) -> None:
    found = derived.power_factor(active, apparent)
    assert found is None or -1 <= found <= 1


def test_phase_power_factor() -> None:
    assert derived.phase_power_factor(1.15, 230, 10) == 0.5
    assert derived.phase_power_factor(1.15, 230, 0) is None


def test_rules_name_points_of_the_list_and_take_as_many_inputs_as_their_formula() -> None:
    for rule in RULES:
        assert {rule.point, *rule.inputs, *rule.without} <= points.standard().keys()
        assert rule.point not in rule.inputs
        rule.formula(*(1.0 for _ in rule.inputs))


THREE = ("Voltage_L1_N", "Voltage_L2_N", "Voltage_L3_N", "Current_L1", "Current_L2", "Current_L3")


def test_a_tic_meter_s_prospects() -> None:
    given_ = dict.fromkeys(THREE, M) | {"Active_Power_Total": D, "Apparent_Power_Total": M}
    assert prospects(given_).keys() - given_.keys() == {
        "Voltage_L1_L2",
        "Voltage_L2_L3",
        "Voltage_L3_L1",
    }


def test_phase_powers_give_almost_everything() -> None:
    given_ = dict.fromkeys((*THREE, "Active_Power_L1", "Active_Power_L2", "Active_Power_L3"), M)
    found = prospects(given_)
    assert {name: found[name] for name in found.keys() - given_.keys()} == {
        "Active_Power_Total": D,
        "Apparent_Power_Total": D,
        "Reactive_Power_Total": E,
        "Power_Factor_Total": D,
        "Voltage_L1_L2": E,
        "Voltage_L2_L3": E,
        "Voltage_L3_L1": E,
        "Power_Factor_L1": D,
        "Power_Factor_L2": D,
        "Power_Factor_L3": D,
    }


def test_what_follows_from_an_estimate_is_one() -> None:
    found = prospects({"Active_Power_L1": E, "Active_Power_L2": M, "Active_Power_L3": M})
    assert found["Active_Power_Total"] is E


def test_no_power_factor_follows_from_an_estimate() -> None:
    found = prospects({"Active_Power_Total": M, "Apparent_Power_Total": E})
    assert not found.keys() & {"Power_Factor_Total", "Reactive_Power_Total"}
