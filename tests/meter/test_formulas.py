"""The formulas of derived points: by hand, against vectors, and against each other."""

import cmath
import inspect
import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from submeter.meter import formulas

POWERS = st.floats(-1000, 1000)
VOLTS = st.floats(1, 500)
AMPERES = st.floats(0, 500)
FACTORS = st.floats(-1, 1)
ANGLES = st.floats(0, 360)
ALL = [
    formula
    for name, formula in vars(formulas).items()
    if inspect.isfunction(formula) and not name.startswith("_")
]


def phasor(size: float, lag: float) -> complex:
    return cmath.rect(size, -math.radians(lag))


def test_total() -> None:
    assert formulas.total(1.5, -2.0, 3.0) == 2.5
    assert formulas.total(4.0) == 4.0


def test_same_is_the_first_whatever_the_evidence() -> None:
    assert formulas.same(7.5, 230.0, 0.0) == 7.5


# line voltages


def test_line_voltage() -> None:
    assert formulas.line_voltage(230, 230) == pytest.approx(230 * math.sqrt(3))
    assert formulas.line_voltage(230, 0) == 230


@given(st.floats(0, 500), st.floats(0, 500))
def test_line_voltage_is_the_distance_of_two_vectors(a: float, b: float) -> None:
    distance = abs(a - phasor(b, 120))
    assert formulas.line_voltage(a, b) == pytest.approx(distance, abs=1e-9)
    assert formulas.line_voltage(a, b) == formulas.line_voltage(b, a)


def test_line_voltage_at_90_degrees_is_the_hypotenuse_3_4_5() -> None:
    assert formulas.line_voltage_at(300, 400, 90) == pytest.approx(500)
    assert formulas.line_voltage_at(300, 400, 270) == pytest.approx(500)
    assert formulas.line_voltage_at(300, 400, 210, 120) == pytest.approx(500)


def test_two_wires_of_one_phase_have_no_voltage_between_them() -> None:
    assert formulas.line_voltage_at(230, 230, 0) == 0
    assert formulas.line_voltage_at(230, 230, 240, 240) == 0


@given(VOLTS, VOLTS, ANGLES, ANGLES)
def test_line_voltage_at_is_the_distance_of_two_vectors(
    a: float, b: float, first: float, second: float
) -> None:
    found = formulas.line_voltage_at(a, b, second, first)
    distance = abs(phasor(a, first) - phasor(b, second))
    # The root of a small difference of squares is exact to the root of a float's precision.
    assert found == pytest.approx(distance, rel=1e-6, abs=1e-4)


@given(VOLTS, VOLTS)
def test_120_measured_degrees_give_what_120_assumed_ones_do(a: float, b: float) -> None:
    assumed = formulas.line_voltage(a, b)
    assert formulas.line_voltage_at(a, b, 120) == pytest.approx(assumed)
    assert formulas.line_voltage_at(a, b, 240, 120) == pytest.approx(assumed)


# powers and power factors


def test_apparent_of_phases() -> None:
    assert formulas.apparent_of_phases(230, 10, 231, 20, 229, 0) == pytest.approx(6.92)
    assert formulas.apparent_of_phases(230, 10) == 2.3


def test_apparent_and_reactive_3_4_5() -> None:
    assert formulas.apparent(3, 4) == formulas.apparent(-3, -4) == 5
    assert formulas.reactive_magnitude(-3, 5) == 4
    assert formulas.reactive_magnitude(5, 5) == 0
    assert formulas.reactive_magnitude(5.01, 5) == 0  # rounding
    assert formulas.reactive_magnitude(5.3, 5) is None


@given(POWERS, POWERS)
def test_active_reactive_and_apparent_power_are_consistent(active: float, reactive: float) -> None:
    total = formulas.apparent(active, reactive)
    assert abs(active) <= total
    found = formulas.reactive_magnitude(active, total)
    assert found == pytest.approx(abs(reactive), rel=1e-6, abs=1e-4)
    factor = formulas.power_factor(active, total)
    assert factor is not None
    assert factor * total == pytest.approx(active)


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
    assert formulas.power_factor(active, apparent) == expected


@given(POWERS, POWERS)
def test_power_factor_has_the_sign_of_the_active_power(active: float, apparent: float) -> None:
    found = formulas.power_factor(active, apparent)
    assert found is None or -1 <= found <= 1
    if found and active:
        assert math.copysign(1, found) == math.copysign(1, active)


def test_phase_power_factor_of_1150_w_and_2300_va() -> None:
    assert formulas.phase_power_factor(1.15, 230, 10) == 0.5
    assert formulas.phase_power_factor(1.15, 230, 0) is None


def test_phase_power_of_230_v_10_a_and_half_of_it() -> None:
    assert formulas.phase_power(230, 10, 0.5) == pytest.approx(1.15)
    assert formulas.phase_power(230, 10, -0.5) == pytest.approx(-1.15)


@given(VOLTS, st.floats(0.01, 500), FACTORS)
def test_phase_power_undoes_phase_power_factor(u: float, i: float, factor: float) -> None:
    power = formulas.phase_power(u, i, factor)
    assert formulas.phase_power_factor(power, u, i) == pytest.approx(factor)


# neutral current


def test_equal_phases_have_no_neutral_current() -> None:
    assert formulas.neutral_current(10, 10, 10, 0.8, 0.8, 0.8) == pytest.approx(0, abs=1e-9)


def test_one_loaded_phase_returns_through_the_neutral() -> None:
    assert formulas.neutral_current(0, 10, 0, 1, 0.7, 1) == pytest.approx(10)


def test_two_resistive_loads_of_10_a() -> None:
    """|1 + (-1/2 - j 0.866)| = |1/2 - j 0.866| = 1: as much as one of them."""
    assert formulas.neutral_current(10, 10, 0, 1, 1, 1) == pytest.approx(10)


def test_an_exporting_phase_turns_its_current_round() -> None:
    """10 A drawn on L1, 10 A fed in on L2: |1 - (-1/2 - j 0.866)| = |3/2 + j 0.866| = 1.732."""
    assert formulas.neutral_current(10, 10, 0, 1, -1, 1) == pytest.approx(10 * math.sqrt(3))


def test_an_inductive_current_on_l1_and_a_resistive_one_on_l2() -> None:
    """PF 0: L1 at -90 degrees, L2 at -120; 30 apart: 2 cos 15 degrees. Capacitive: 210 apart."""
    lagging = formulas.neutral_current(10, 10, 0, 0, 1, 1, 5.0)
    leading = formulas.neutral_current(10, 10, 0, 0, 1, 1, -5.0)
    assert lagging == pytest.approx(20 * math.cos(math.radians(15)))
    assert leading == pytest.approx(20 * abs(math.cos(math.radians(105))))
    assert formulas.neutral_current(10, 10, 0, 0, 1, 1) == lagging


@given(AMPERES, AMPERES, AMPERES, FACTORS, FACTORS, FACTORS, POWERS, ANGLES, ANGLES)
def test_neutral_current_is_the_vector_sum(
    i1: float,
    i2: float,
    i3: float,
    f1: float,
    f2: float,
    f3: float,
    reactive: float,
    lag2: float,
    lag3: float,
) -> None:
    def lag(factor: float) -> float:
        return math.degrees(math.acos(factor)) * (-1 if reactive < 0 else 1)

    def by_hand(lag2: float, lag3: float) -> float:
        l2, l3 = phasor(i2, lag2 + lag(f2)), phasor(i3, lag3 + lag(f3))
        return abs(phasor(i1, lag(f1)) + l2 + l3)

    found = formulas.neutral_current(i1, i2, i3, f1, f2, f3, reactive)
    assert found == pytest.approx(by_hand(120, 240), abs=1e-4)
    assert found <= i1 + i2 + i3 + 1e-6
    found = formulas.neutral_current_at(i1, i2, i3, f1, f2, f3, reactive, lag2, lag3)
    assert found == pytest.approx(by_hand(lag2, lag3), abs=1e-4)


def test_two_phases_of_one_transformer_winding_add_up() -> None:
    assert formulas.neutral_current_at(10, 10, 0, 1, 1, 1, 0, 0, 240) == pytest.approx(20)


# unbalance


def test_negative_sequence_of_400_400_380() -> None:
    """b = (2 * 256e8 + 208.5136e8) / 464400^2 = 0.3340856; r = sqrt(3 - 6b) = 0.9977406.

    u2 = sqrt((1 - r) / (1 + r)) = sqrt(0.00113098) = 3.3630 %.
    """
    assert formulas.negative_sequence(400, 400, 380) == pytest.approx(3.3630, abs=1e-3)


def test_negative_sequence_extremes() -> None:
    assert formulas.negative_sequence(400, 400, 400) == pytest.approx(0, abs=1e-4)
    # One phase twice: both sequences are equal.
    assert formulas.negative_sequence(400, 400, 0) == pytest.approx(100)
    assert formulas.negative_sequence(0, 0, 0) is None
    assert formulas.negative_sequence(400, 100, 100) is None  # no triangle


@given(VOLTS, VOLTS, VOLTS, ANGLES, ANGLES)
def test_negative_sequence_is_that_of_symmetrical_components(
    a: float, b: float, c: float, lag2: float, lag3: float
) -> None:
    """|U1 + a^2 U2 + a U3| / |U1 + a U2 + a^2 U3| with a = 1 at 120 degrees, or its inverse."""
    phases = (complex(a), phasor(b, lag2), phasor(c, lag3))
    turn = phasor(1, -120)
    positive = abs(phases[0] + turn * phases[1] + turn**2 * phases[2])
    negative = abs(phases[0] + turn**2 * phases[1] + turn * phases[2])
    least, most = sorted((positive, negative))
    lines = [abs(phases[n] - phases[(n + 1) % 3]) for n in range(3)]
    if most > 1:
        found = formulas.negative_sequence(*lines)
        # Magnitudes do not tell the sequence, so it is always the smaller part of the larger.
        assert found == pytest.approx(100 * least / most, abs=0.02)


def test_phase_unbalance_of_230_230_218_5() -> None:
    """Mean 226.1667; the largest deviation is 7.6667: 3.38983 %."""
    assert formulas.phase_unbalance(230, 230, 218.5) == pytest.approx(3.38983, abs=1e-5)
    assert formulas.phase_unbalance(218.5, 230, 230) == pytest.approx(3.38983, abs=1e-5)


def test_phase_unbalance_of_a_single_loaded_phase_and_of_none() -> None:
    assert formulas.phase_unbalance(0, 12, 0) == pytest.approx(200)
    assert formulas.phase_unbalance(0, 0, 0) is None


@given(AMPERES, AMPERES, AMPERES)
def test_phase_unbalance_lies_between_0_and_200(a: float, b: float, c: float) -> None:
    found = formulas.phase_unbalance(a, b, c)
    assert found is None or -1e-9 <= found <= 200 + 1e-9
    assert (found is None) == (a + b + c == 0) or a + b + c < 1e-300


@given(VOLTS, st.floats(0.5, 2))
def test_unbalance_does_not_depend_on_the_size(volts: float, times: float) -> None:
    small = formulas.phase_unbalance(volts, volts * 1.1, volts * 0.9)
    large = formulas.phase_unbalance(volts * times, volts * 1.1 * times, volts * 0.9 * times)
    assert small == pytest.approx(large)


@pytest.mark.parametrize("formula", ALL, ids=lambda each: each.__name__)
@given(st.lists(st.floats(), min_size=9, max_size=9))
def test_no_number_makes_a_formula_fail(
    formula: Callable[..., float | None], numbers: list[float]
) -> None:
    """Infinities, NaN and overflows too: a reading must not be able to stop the meter."""
    parameters = list(inspect.signature(formula).parameters.values())
    needed = [p for p in parameters if p.kind is not p.VAR_POSITIONAL]
    count = len(needed) or 6
    assert isinstance(formula(*numbers[:count]), float | None)
