"""What is found of one thing leaves everything else true."""

import cmath
import math

import pytest

from submeter.calibration import proposal
from submeter.sources.rp2040.correction import NONE, BoardCorrection, ClampCorrection

BEFORE = BoardCorrection(
    1.01,
    0.0,
    (
        ClampCorrection(1.05, 2.0, 1.2, 0.5, 0.3),
        ClampCorrection(),
        ClampCorrection(0.98, 181.0 - 360, 1.4),
        ClampCorrection(leak_active=0.4),
    ),
)


def test_a_new_factor_turns_what_is_shown_without_load() -> None:
    made = proposal.with_factors(BEFORE, {1: -BEFORE.factor(1)})
    assert made.clamps[0].gain == pytest.approx(1.05)
    assert made.clamps[0].phase == pytest.approx(-178)
    assert made.clamps[0].leak_active == pytest.approx(-0.5)
    assert made.clamps[0].noise == 1.2
    assert made.clamps[1:] == BEFORE.clamps[1:]


def test_another_voltage_keeps_the_power_of_clamps_that_were_calibrated() -> None:
    made = proposal.with_factors(BEFORE, {}, 1.05)
    assert made.voltage == 1.05
    assert made.factor(1) == pytest.approx(BEFORE.factor(1))
    assert made.factor(3) == pytest.approx(BEFORE.factor(3))
    assert made.clamps[2].phase == -179
    assert made.clamps[1].gain == 1
    assert made.clamps[3].gain == 1
    assert made.clamps[3].leak_active == pytest.approx(0.4 * 1.05 / 1.01)


def test_a_gain_by_current() -> None:
    made = proposal.with_gain(BEFORE, 3, 1.1)
    assert made.clamps[2].gain == pytest.approx(1.1)
    assert made.clamps[2].phase == pytest.approx(-179)
    assert made.voltage == BEFORE.voltage


def test_noise_and_leaks() -> None:
    made = proposal.with_noise(NONE, {1: 2.25, 2: 1.5}, {1: 1.25 - 0.5j})
    assert made.clamps[0] == ClampCorrection(1, 0, 2.25, 1.25, -0.5)
    assert made.clamps[1] == ClampCorrection(noise=1.5)
    assert made.clamps[2] == ClampCorrection()


def test_the_factor_of_true_power() -> None:
    assert BEFORE.factor(1) == pytest.approx(cmath.rect(1.05 * 1.01, math.radians(2)))
