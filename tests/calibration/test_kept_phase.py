"""A clamp whose loads have one power factor: its gain, and how it was put up, but no phase."""

import cmath
import math

import numpy as np
import pytest

from submeter.calibration import kept_phase, verdict
from submeter.calibration.fit import fit
from submeter.calibration.kept_phase import Known
from submeter.calibration.reference import ReferenceCourse
from submeter.calibration.sample import BoardSample, ClampSample
from submeter.sources.rp2040.correction import NONE
from tooling.calibration_house import UID, House


def polar(size: float, degrees: float) -> complex:
    return cmath.rect(size, math.radians(degrees))


def known(part: float, degrees: float, wide: float = 3.0, stray: float = 0.0) -> Known:
    """Return what loads at `degrees` tell of a factor: how far it reaches there, and no more."""
    narrow = polar(1, degrees)
    axes = np.array([[narrow.real, -narrow.imag], [narrow.imag, narrow.real]])
    covariance = axes @ np.diag([1e-6, wide**2]) @ axes.T
    return Known((part + 1j * stray) * narrow, covariance)


@pytest.mark.parametrize(
    ("part", "degrees", "turns"),
    [
        (1.0, 3, [0]),
        (0.97, -176, [180]),
        (1.04, 125, [120]),
        (1.0, -62, [-60]),
        (0.8, 3, [0]),  # wrong ratings, nearest
        (0.5, 0, [-60, 60]),
        (math.cos(math.radians(60)), 60, [0, 120]),  # motors alone
        (0.7, 33, []),  # no gain that fits, and none that is known
    ],
)
def test_how_it_may_be_turned(part: float, degrees: float, turns: list[int]) -> None:
    assert kept_phase.turns(known(part, degrees), 1 + 0j) == turns


def test_what_the_phase_allows() -> None:
    # 63 degrees off the one that is expected: far from it by what little is known.
    assert kept_phase.turns(known(1.0, 0, 0.03, stray=2.0), 1 + 0j) == []
    # What is beyond finding is taken for anything.
    assert kept_phase.turns(known(1.0, 0, 3.0, stray=-9.2), 1 + 0j) == [0]


def test_turned_from_what_it_is_now_and_with_its_voltage() -> None:
    assert kept_phase.turns(known(1.2, 178), polar(1.2, 176)) == [0]
    assert kept_phase.turns(known(1.2, 178), polar(1.2, -4)) == [180]


def test_the_gain_is_that_of_the_phase_and_unsure_by_what_that_is() -> None:
    """Loads at 6 degrees by the clamp: 5 degrees of phase are about 0.9 % of gain."""
    seen = known(1.0, 6)
    weights = np.array(kept_phase.equation(1 + 0j))
    information = np.linalg.inv(seen.covariance) + np.outer(weights, weights)
    covariance = np.linalg.inv(information)
    found = covariance @ np.linalg.inv(seen.covariance) @ [seen.factor.real, seen.factor.imag]
    factor, error = kept_phase.kept(Known(complex(*found), covariance), 1 + 0j)
    assert factor == pytest.approx(1 / math.cos(math.radians(6)), rel=1e-3)
    assert error == pytest.approx(math.tan(math.radians(6)) * math.radians(5), rel=0.05)


def house() -> House:
    """Return a house of which one clamp, which is reversed or elsewhere, feeds heaters alone."""
    return House(0, hours=0.7, resistive=(1,))


def test_heaters_keep_their_phase_and_spoil_nothing() -> None:
    """The other clamps are found as if it were not there."""
    modelled = house()
    found = fit([modelled.course()], modelled.reference())
    assert found is not None
    kept = found.clamps[1]
    turn = round(math.degrees(cmath.phase(modelled.factors[1])) / 60) * 60
    assert kept.keeps_phase
    assert (turn - math.degrees(cmath.phase(kept.factor))) % 360 == pytest.approx(0, abs=1e-6)
    assert abs(kept.factor) == pytest.approx(abs(modelled.factors[1]), abs=3 * kept.gain_error)
    assert kept.gain_error < 0.01
    assert kept.power_error < 0.002
    for place in (0, 2):
        clamp = found.clamps[place]
        assert not clamp.turns
        assert abs(clamp.factor / modelled.factors[place] - 1) < 0.005
        assert clamp.gain_error < 0.003
    assert found.condition < verdict.WORST_CONDITION
    clamps = tuple(ClampSample(n, f"L{n}", 0j, 0.0, 0.05) for n in (1, 2, 3))
    judged = verdict.judge(found, [BoardSample(UID, 9.0, 9.0, 1.0, 0.0, clamps, NONE)], {})
    assert judged.doubts == ()
    assert [line for line in judged.findings if "tells nothing of its phase" in line]


def test_a_phase_that_it_has_already_stays() -> None:
    modelled = house()
    now = modelled.factors[1] / abs(modelled.factors[1]) * polar(1, 1.0)
    found = fit([modelled.course()], modelled.reference(), {(UID, 2): now})
    assert found is not None
    assert found.clamps[1].turns == (0,)
    assert cmath.phase(found.clamps[1].factor / now) == pytest.approx(0, abs=1e-9)


def test_what_says_nothing_at_all_of_a_phase() -> None:
    """Not a var and no noise: an unknown beyond finding."""
    modelled = house()
    told = np.diff(modelled.told[1]) * modelled.factors[1]
    modelled.told[1, 1:] = np.cumsum(told.real) / abs(modelled.factors[1])
    reference = ReferenceCourse()
    modelled.add_powers(reference, 5, 0.1)
    found = fit([modelled.course()], reference)
    assert found is not None
    assert found.clamps[1].turns == (0,)
    assert abs(found.clamps[1].factor) == pytest.approx(abs(modelled.factors[1]), rel=0.003)


def test_what_was_found_across_goes_into_the_gain() -> None:
    """Loads at 45 degrees: what is taken from one part is put on the other."""
    seen = known(1.0, 45, wide=0.1, stray=0.0)
    factor, error = kept_phase.kept(seen, 1 + 0j)
    assert factor == pytest.approx(math.sqrt(2), rel=1e-3)
    assert error == pytest.approx(0.5, rel=0.02)
