"""The factors of clamps that are wrong in known ways are found from a reference."""

import numpy as np
import pytest

from submeter.calibration.fit import Fit, fit
from submeter.calibration.reference import ReferenceCourse
from tooling.calibration_house import House


def fitted(house: House, reference: ReferenceCourse) -> Fit:
    found = fit([house.course()], reference)
    assert found is not None
    return found


def off(house: House, found: Fit) -> tuple[float, float]:
    """Return the largest errors in % and degrees."""
    ratio = np.array([clamp.factor for clamp in found.clamps]) / house.factors
    return 100 * np.abs(np.abs(ratio) - 1).max(), np.degrees(np.abs(np.angle(ratio)).max())


def surely(house: House, found: Fit) -> bool:
    """Tell whether every error is within four of the standard errors that are told."""
    ratio = np.array([clamp.factor for clamp in found.clamps]) / house.factors
    gains = np.abs(np.abs(ratio) - 1) / [clamp.gain_error for clamp in found.clamps]
    phases = np.degrees(np.abs(np.angle(ratio))) / [clamp.phase_error for clamp in found.clamps]
    return bool(max(gains.max(), phases.max()) < 4)


def test_an_hour_against_an_index_of_1_wh() -> None:
    """One clamp is reversed, one on another phase; the reference is late, by more or less."""
    house = House(0)
    found = fitted(house, house.reference())
    gain, phase = off(house, found)
    assert gain < 0.2
    assert phase < 0.3
    assert surely(house, found)
    assert found.lag == pytest.approx(1.5, abs=0.15)
    assert found.steps > 2000
    assert found.idle == ()


def test_an_index_that_is_heard_late_by_more_or_less() -> None:
    """Two that are heard early and late are close: that is no break, and no reason to choose."""
    house = House(1, hours=0.7, jitter=1.0)
    found = fitted(house, house.reference())
    assert found.breaks == 0
    assert off(house, found)[0] < 0.5
    assert surely(house, found)


def test_what_the_lag_is_between_the_steps_of_its_search_makes_no_difference() -> None:
    house = House(1, hours=0.3)
    reference, later = house.reference(), ReferenceCourse()
    later.crossings = [
        each._replace(at=each.at + 0.05, before=each.before + 0.05) for each in reference.crossings
    ]
    found, other = fitted(house, reference), fitted(house, later)
    for one, two in zip(found.clamps, other.clamps, strict=True):
        assert abs(one.factor - two.factor) < 0.1 * one.gain_error


def test_with_readings_of_power_too_it_needs_less_time() -> None:
    house = House(2, hours=0.4)
    reference = house.reference()
    alone = fitted(house, reference)
    house.add_powers(reference, 10, 1.0)
    both = fitted(house, reference)
    assert both.readings > 20
    assert surely(house, both)
    assert sum(c.gain_error for c in both.clamps) < sum(c.gain_error for c in alone.clamps)


def test_readings_of_power_alone_do() -> None:
    house = House(3, hours=0.5)
    reference = ReferenceCourse()
    house.add_powers(reference, 5, 0.1)
    found = fitted(house, reference)
    assert found.lag is None
    assert found.steps == 0
    assert surely(house, found)
    assert off(house, found)[0] < 0.3


@pytest.mark.parametrize(("seed", "appliances"), [(0, 24), (66, 14), (201, 14)])
def test_a_reading_while_something_changed_does_not_make_it_surely_wrong(
    seed: int, appliances: int
) -> None:
    """What changes by less than 1 % of the power of its clamp passes for steady."""
    house = House(seed, hours=1 / 6, turns=(0.0, 180.0, 0.0), appliances=appliances)
    reference = ReferenceCourse()
    house.add_powers(reference, 2, 0.1)
    assert surely(house, fitted(house, reference))


def test_what_is_exported_is_counted_or_left_out() -> None:
    house = House(1, hours=0.5, sun=6000.0)
    for exports in (True, False):
        found = fitted(house, house.reference(exports))
        assert found.breaks > 0
        assert surely(house, found)


def test_what_flows_past_the_clamps_is_told() -> None:
    house = House(4, hours=0.5, extra=250.0)
    found = fitted(house, house.reference())
    assert found.bias == pytest.approx(250, abs=4 * found.bias_error)
    assert found.bias_error < 30
    assert surely(house, found)


def test_a_gap_costs_a_step_and_no_more() -> None:
    house = House(5, hours=0.4)
    course = house.course()
    course.gaps.append(house.times[700])
    found = fit([course], house.reference())
    assert found is not None
    assert 1 <= found.breaks <= 12
    assert surely(house, found)


def test_too_little_is_no_fit() -> None:
    house = House(0, hours=0.002)
    assert fit([house.course()], house.reference()) is None
    assert fit([house.course()], ReferenceCourse()) is None


def test_a_clamp_without_load_is_left_out() -> None:
    house = House(6, hours=0.4)
    house.power = house.power - (house.told_power(1) * house.factors[1]).real
    house.told[1] = 0
    found = fitted(house, house.reference())
    assert found.idle == ((found.clamps[0].uid, 2),)
    assert [clamp.number for clamp in found.clamps] == [1, 3]
    ratio = np.array([clamp.factor for clamp in found.clamps]) / house.factors[[0, 2]]
    assert np.abs(ratio - 1).max() < 0.01
