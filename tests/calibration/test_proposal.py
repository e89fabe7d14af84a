"""What is found of one thing leaves everything else true."""

import cmath
import math

import pytest

from submeter.calibration import proposal
from submeter.calibration.sample import BoardSample, ClampSample
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


@pytest.mark.parametrize("by_current", [False, True])
def test_another_voltage_leaves_nothing_without_load(by_current: bool) -> None:
    """What is shown without load is of 230 V in truth: at another voltage it is another one."""
    before = changed(BEFORE, 1, by_current=by_current)
    made = proposal.with_factors(before, {}, 1.05)
    for number in (1, 4):
        leaks = []
        for each in (before, made):
            clamp = each.clamps[number - 1]
            shown = complex(clamp.leak_active, clamp.leak_reactive) * each.voltage**2
            leaks.append(shown / each.factor(number))
        assert leaks[0] == pytest.approx(leaks[1])


def test_a_gain_by_current() -> None:
    made = proposal.with_gain(BEFORE, 3, 1.1)
    assert made.clamps[2].gain == 1.1
    assert made.clamps[2].phase == pytest.approx(-179)
    assert made.clamps[2].by_current
    assert not any(clamp.by_current for clamp in (*made.clamps[:2], made.clamps[3]))
    assert made.voltage == BEFORE.voltage


def test_another_voltage_keeps_a_gain_that_was_found_from_a_current() -> None:
    made = proposal.with_factors(proposal.with_gain(BEFORE, 3, 1.1), {}, 1.05)
    assert made.clamps[2].gain == 1.1
    assert made.clamps[2].phase == -179
    assert made.factor(3) == pytest.approx(cmath.rect(1.1 * 1.05, math.radians(-179)))
    assert made.clamps[0].gain == pytest.approx(1.05 * 1.01 / 1.05)


def test_a_gain_of_power_is_of_no_current_any_more() -> None:
    made = proposal.with_gain(BEFORE, 3, 1.1)
    assert not proposal.with_factors(made, {3: 1.2 + 0j}).clamps[2].by_current


@pytest.mark.parametrize("by_current", [False, True])
def test_a_phase_leaves_the_gain_what_it_was(by_current: bool) -> None:
    before = changed(BEFORE, 1, by_current=by_current)
    made = proposal.with_phase(before, 1, -3.0).clamps[0]
    assert (made.gain, made.by_current, made.noise) == (1.05, by_current, 1.2)
    assert made.phase == pytest.approx(-3)
    assert made.leak_active != 0.5


def test_another_voltage_after_a_phase_alone_leaves_the_gain_to_the_ratings() -> None:
    made = proposal.with_factors(proposal.with_phase(BEFORE, 2, 175.0), {}, 1.05)
    assert made.clamps[1].gain == 1


def board(stored: BoardCorrection, *amperes: float) -> BoardSample:
    clamps = (ClampSample(n, f"L{n}", 0j, 0.0, each) for n, each in enumerate(amperes, 1))
    return BoardSample("a", 0.0, 0.0, None, 0.0, tuple(clamps), stored=stored)


def changed(before: BoardCorrection, number: int, **values: object) -> BoardCorrection:
    clamps = list(before.clamps)
    clamps[number - 1] = clamps[number - 1]._replace(**values)  # type: ignore[arg-type]
    return before._replace(clamps=tuple(clamps))


def test_what_is_found_goes_with_the_ratings_of_now() -> None:
    one = board(BEFORE, 0.05, 0.06)
    made = proposal.to_store(one, proposal.with_gain(one.correction, 2, 1.1))
    assert made.clamps[1] == ClampCorrection(1.1, by_current=True, amperes=0.06)
    assert made.clamps[0] == BEFORE.clamps[0]
    assert made.clamps[2:] == BEFORE.clamps[2:]


def test_what_is_void_stays_stored_for_the_ratings_that_it_was_found_at() -> None:
    before = changed(changed(BEFORE, 1, amperes=0.05), 3, amperes=0.05)
    one = board(before, 0.1, 0.1, 0.1)
    assert one.correction.clamps[0] == one.correction.clamps[2] == ClampCorrection()
    assert one.correction.clamps[3] == BEFORE.clamps[3]
    made = proposal.to_store(one, proposal.with_noise(one.correction, {3: 1.6}, {}))
    assert made.clamps[0] == before.clamps[0]
    assert made.clamps[2] == ClampCorrection(noise=1.6, amperes=0.1)
    assert proposal.to_store(one, one.correction) == before


def test_what_only_makes_up_for_the_voltage_was_not_found_anew() -> None:
    one = board(BEFORE, 0.1, 0.1, 0.1)
    made = proposal.to_store(one, proposal.with_factors(one.correction, {}, 1.05))
    assert made == proposal.with_factors(BEFORE, {}, 1.05)


def test_what_is_void_keeps_its_power_at_another_voltage() -> None:
    before = changed(BEFORE, 1, amperes=0.05)
    one = board(before, 0.1)
    made = proposal.to_store(one, proposal.with_factors(one.correction, {}, 1.05))
    assert made.voltage == 1.05
    assert made.factor(1) == pytest.approx(before.factor(1))
    assert made.clamps[0].amperes == 0.05


def test_noise_and_leaks() -> None:
    made = proposal.with_noise(NONE, {1: 2.25, 2: 1.5}, {1: 1.25 - 0.5j})
    assert made.clamps[0] == ClampCorrection(1, 0, 2.25, 1.25, -0.5)
    assert made.clamps[1] == ClampCorrection(noise=1.5)
    assert made.clamps[2] == ClampCorrection()


def test_the_factor_of_true_power() -> None:
    assert BEFORE.factor(1) == pytest.approx(cmath.rect(1.05 * 1.01, math.radians(2)))
