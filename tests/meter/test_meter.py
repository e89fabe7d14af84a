"""The meter: updates as a whole, ages, absence, derived points, communication."""

import math
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from submeter.meter.derived import RULES, prospects
from submeter.meter.instant import Instant
from submeter.meter.meter import COMMUNICATION, Meter, values
from submeter.meter.reading import Quality, Reading, Update, Value
from submeter.pointmap import points
from tooling import meters

MAX_AGE = 10.0
POINTS = tuple(points.all_points().values())
GOOD = [Quality.MEASURED, Quality.DERIVED, Quality.ESTIMATED]
P, Q, S = "Active_Power_Total", "Reactive_Power_Total", "Apparent_Power_Total"
P1, P2, P3 = "Active_Power_L1", "Active_Power_L2", "Active_Power_L3"
U1, U2, U3 = "Voltage_L1_N", "Voltage_L2_N", "Voltage_L3_N"
I1, I2, I3 = "Current_L1", "Current_L2", "Current_L3"
PF, PF1 = "Power_Factor_Total", "Power_Factor_L1"
ENERGY = "Active_Energy_Import"
HERTZ = "Frequency"


def at(seconds: float) -> Instant:
    return Instant(seconds, 1_700_000_000 + seconds)


def meter(*expected: str) -> Meter:
    return meters.meter("test", POINTS, expected, MAX_AGE)


def fed(numbers: Mapping[str, float], quality: Quality = Quality.MEASURED) -> Meter:
    """Return a meter that was told `numbers` at second 0."""
    made = meter(*numbers)
    made.update(values(numbers, quality), at(0))
    return made


def of(made: Meter, name: str) -> tuple[Any, Quality]:
    return made.readings[name][:2]


class Ear:
    """A listener that keeps what it is told."""

    def __init__(self, made: Meter) -> None:
        self.told: list[dict[str, Reading]] = []
        made.subscribe(lambda changed: self.told.append(dict(changed)))


def test_before_the_first_frame() -> None:
    made = meter(HERTZ)
    assert list(made.readings) == [point.name for point in POINTS]
    assert made.readings[HERTZ] == Reading(None, Quality.STALE, None)
    assert made.readings[ENERGY] == Reading(None, Quality.ABSENT, None)
    assert of(made, COMMUNICATION) == (0, Quality.MEASURED)


def test_a_listener_is_told_everything_at_first() -> None:
    made = fed({HERTZ: 50.7})
    assert Ear(made).told == [dict(made.readings)]


def test_an_update_is_told_once_and_as_a_whole() -> None:
    made = meter(HERTZ, U1, U2)
    ear = Ear(made)
    seen: list[Reading] = []
    made.subscribe(lambda changed: seen.append(made.readings[U2]))
    made.update(values({HERTZ: 50.7, U1: 230.0, U2: 231.0}), at(1))
    assert len(ear.told) == 2
    assert ear.told[1].keys() == {
        *(HERTZ, U1, U2, "Voltage_L1_L2", COMMUNICATION),
        *("Phase_Loss_L1", "Phase_Loss_L2"),
    }
    assert ear.told[1][HERTZ] == Reading(50.7, Quality.MEASURED, at(1))
    assert seen[1].value == 231.0  # who is told sees all of it in the meter already


def test_only_changes_are_told() -> None:
    made = fed({HERTZ: 50.7, U1: 230.0})
    ear = Ear(made)
    made.update(values({HERTZ: 50.7, U1: 231.0}), at(1))
    made.update(values({HERTZ: 50.7, U1: 231.0}), at(2))
    made.tick(at(3))
    assert [told.keys() for told in ear.told[1:]] == [{U1}]


def test_readings_that_were_handed_out_do_not_change() -> None:
    made = fed({HERTZ: 50.7})
    before = made.readings
    made.update(values({HERTZ: 50.8}), at(1))
    assert (before[HERTZ].value, made.readings[HERTZ].value) == (50.7, 50.8)


def test_an_unchanged_value_is_not_stale() -> None:
    made = fed({HERTZ: 50.7})
    for second in range(0, 100, 5):
        made.update(values({HERTZ: 50.7}), at(second))
        made.tick(at(second + 4))
        assert of(made, HERTZ) == (50.7, Quality.MEASURED)
    assert made.readings[HERTZ].at == at(95)


@pytest.mark.parametrize(
    ("second", "quality"), [(10, Quality.MEASURED), (10.1, Quality.STALE), (30, Quality.STALE)]
)
def test_age_counts_from_the_last_valid_frame_that_carried_the_value(
    second: float, quality: Quality
) -> None:
    made = fed({HERTZ: 50.7, U1: 230.0})
    made.update(values({U1: 231.0}), at(second - 1))
    made.tick(at(second))
    assert made.readings[HERTZ] == Reading(50.7, quality, at(0))
    assert of(made, U1) == (231.0, Quality.MEASURED)
    made.update(values({HERTZ: 50.8}), at(second + 1))
    assert of(made, HERTZ) == (50.8, Quality.MEASURED)


def test_an_update_ages_the_others_too() -> None:
    made = fed({HERTZ: 50.7, U1: 230.0})
    made.update(values({U1: 230.0}), at(11))
    assert of(made, HERTZ) == (50.7, Quality.STALE)


def test_staleness_is_told_once() -> None:
    made = fed({HERTZ: 50.7})
    ear = Ear(made)
    for second in range(30):
        made.tick(at(second))
    assert [told.keys() for told in ear.told[1:]] == [{HERTZ, COMMUNICATION}]


def test_absent_and_failed() -> None:
    made = fed({HERTZ: 50.7, U1: 230.0})
    made.update(Update({}, absent=frozenset({HERTZ}), failed=frozenset({U1})), at(1))
    assert made.readings[HERTZ] == Reading(None, Quality.ABSENT, None)
    assert made.readings[U1] == Reading(230.0, Quality.FAILED, at(1))
    made.update(values({HERTZ: 50.8, U1: 231.0}), at(2))
    assert of(made, HERTZ) == (50.8, Quality.MEASURED)
    assert of(made, U1) == (231.0, Quality.MEASURED)


@pytest.mark.parametrize(("second", "online"), [(15, 1), (15.1, 0)])
def test_communication_follows_the_frames_whatever_they_carry(second: float, online: int) -> None:
    made = meter(HERTZ, U1)
    made.update(values({U1: 230.0}), at(5))
    assert of(made, COMMUNICATION) == (1, Quality.MEASURED)
    made.tick(at(second))
    assert of(made, COMMUNICATION) == (online, Quality.MEASURED)
    made.update(Update({}, absent=frozenset({HERTZ})), at(20))
    assert of(made, COMMUNICATION) == (1, Quality.MEASURED)


def test_a_meter_without_the_point_has_no_communication_status() -> None:
    only = [point for point in POINTS if point.name == U1]
    made = meters.meter("test", only, [U1], MAX_AGE)
    made.update(values({U1: 230.0}), at(0))
    assert list(made.readings) == [U1]


# derived points


def test_total_power_of_three_phases() -> None:
    made = fed({P1: 1.0, P2: -2.0, P3: 4.0})
    assert of(made, P) == (3.0, Quality.DERIVED)


def test_total_power_of_a_single_phase_meter() -> None:
    assert of(fed({P1: 1.5, U1: 230.0, I1: 7.0}), P) == (1.5, Quality.DERIVED)


@pytest.mark.parametrize("other", [P2, U2, U3, I2, I3])
def test_one_phase_of_several_is_not_the_total(other: str) -> None:
    assert of(fed({P1: 1.5, other: 1.0}), P) == (None, Quality.ABSENT)


def test_apparent_power_of_active_and_reactive() -> None:
    assert of(fed({P: 3.0, Q: -4.0, U1: 230.0, I1: 10.0}), S) == (5.0, Quality.DERIVED)


def test_apparent_power_of_three_phases() -> None:
    made = fed({U1: 230.0, U2: 230.0, U3: 230.0, I1: 10.0, I2: 20.0, I3: 0.0})
    assert of(made, S) == (pytest.approx(6.9), Quality.DERIVED)


def test_apparent_power_of_a_single_phase_meter() -> None:
    assert of(fed({U1: 230.0, I1: 10.0}), S) == (2.3, Quality.DERIVED)


@pytest.mark.parametrize("other", [U2, I2])
def test_apparent_power_of_one_phase_of_several_is_not_the_total(other: str) -> None:
    assert of(fed({U1: 230.0, I1: 10.0, other: 1.0}), S) == (None, Quality.ABSENT)


def test_line_voltages_are_estimates() -> None:
    made = fed({U1: 230.0, U2: 230.0})
    assert of(made, "Voltage_L1_L2") == (pytest.approx(398.37, abs=0.01), Quality.ESTIMATED)
    assert of(made, "Voltage_L2_L3") == (None, Quality.ABSENT)


def test_reactive_power_and_power_factor() -> None:
    made = fed({P: -3.0, S: 5.0})
    assert of(made, Q) == (4.0, Quality.ESTIMATED)
    assert of(made, PF) == (-0.6, Quality.DERIVED)


def test_phase_power_factor() -> None:
    assert of(fed({P1: 1.15, U1: 230.0, I1: 10.0}), PF1) == (0.5, Quality.DERIVED)


def test_rules_do_not_go_round_in_circles() -> None:
    made = fed({P: 3.0, U1: 230.0, I1: 100.0})
    assert of(made, S) == (23.0, Quality.DERIVED)
    assert of(made, Q) == (pytest.approx(math.sqrt(23**2 - 9)), Quality.ESTIMATED)
    made = fed({P: 3.0})
    assert of(made, S) == of(made, Q) == of(made, PF) == (None, Quality.ABSENT)


def test_what_a_source_gives_is_not_derived() -> None:
    assert of(fed({P: 7.0, P1: 1.0, P2: 1.0, P3: 1.0}), P) == (7.0, Quality.MEASURED)


def test_what_follows_from_an_estimate_is_one() -> None:
    phases = {f"Active_Power_L{n}": 1.0 for n in (1, 2, 3)}
    assert of(fed(phases, Quality.ESTIMATED), P) == (3.0, Quality.ESTIMATED)


def test_no_power_factor_follows_from_an_estimate_not_even_a_stale_one() -> None:
    phases = {f"Active_Power_L{n}": 1.0 for n in (1, 2, 3)}
    made = meter(*phases, S)
    numbers = {name: Value(1.0, Quality.ESTIMATED) for name in phases}
    made.update(Update({**numbers, S: Value(5.0)}), at(0))
    assert of(made, PF) == of(made, Q) == (None, Quality.ABSENT)
    made.tick(at(60))
    assert of(made, PF) == of(made, Q) == (None, Quality.ABSENT)


@pytest.mark.parametrize("numbers", [{P: 1.0, S: 0.0}, {P: 9.0, S: 5.0}])
def test_an_impossible_result_is_failed(numbers: dict[str, float]) -> None:
    assert of(fed(numbers), PF) == (None, Quality.FAILED)


def test_a_mean_power_gives_no_power_factor() -> None:
    made = meter(P, S)
    update = Update({P: Value(3.0, Quality.DERIVED), S: Value(5.0)})
    made.update(update, at(0))
    assert of(made, PF) == of(made, Q) == (None, Quality.ABSENT)
    made.tick(at(60))
    assert of(made, P) == (3.0, Quality.STALE)
    assert of(made, PF) == (None, Quality.ABSENT)  # also while the link is lost
    made.update(values({P: 3.0, S: 5.0}), at(61))
    assert of(made, PF) == (0.6, Quality.DERIVED)


def test_a_derived_value_is_as_old_as_its_oldest_input_and_goes_stale_with_it() -> None:
    made = fed({P: 3.0, S: 5.0})
    made.update(values({S: 6.0}), at(8))
    assert made.readings[PF] == Reading(0.5, Quality.DERIVED, at(0))
    made.update(values({S: 10.0}), at(11))
    assert made.readings[PF] == Reading(0.5, Quality.STALE, at(0))
    made.update(values({P: 3.0}), at(12))
    assert made.readings[PF] == Reading(0.3, Quality.DERIVED, at(11))


def test_a_derived_point_is_absent_with_its_input() -> None:
    made = fed({P: 3.0, S: 5.0})
    made.update(Update({}, absent=frozenset({S})), at(1))
    assert of(made, PF) == (None, Quality.ABSENT)


SOURCES = sorted({name for rule in RULES for name in (*rule.inputs, rule.point)})
STEPS = st.lists(
    st.tuples(
        st.floats(0, 8),
        st.dictionaries(
            st.sampled_from(SOURCES), st.tuples(st.floats(-500, 500), st.sampled_from(GOOD))
        ),
        st.frozensets(st.sampled_from(SOURCES), max_size=2),
        st.frozensets(st.sampled_from(SOURCES), max_size=2),
    ),
    max_size=8,
)


@given(st.frozensets(st.sampled_from(SOURCES)), STEPS)
@settings(max_examples=150, deadline=None)
def test_whatever_happens(expected: frozenset[str], steps: list[Any]) -> None:
    """No derived point is good when an input is not, and time alone makes nothing good."""
    made = meter(*expected)
    known = dict(made.readings)
    made.subscribe(known.update)
    now = 0.0
    for pause, numbers, absent, failed in steps:
        now += pause
        before = dict(made.readings)
        made.tick(at(now))
        for name in SOURCES:
            reading = made.readings[name]
            if reading.quality.good:
                assert before[name].quality.good
                assert reading == before[name]
        carried = {n: Value(*value) for n, value in numbers.items() if n in expected}
        made.update(Update(carried, absent & expected, failed & expected), at(now))
        _check_derived(made, expected)
        for name, reading in made.readings.items():
            assert known[name][:2] == reading[:2]
            assert reading.value is not None or not reading.quality.good


def _check_derived(made: Meter, expected: frozenset[str]) -> None:
    for name in {rule.point for rule in RULES} - expected:
        reading = made.readings[name]
        if not reading.quality.good:
            continue
        assert any(
            all(made.readings[each].quality.good for each in rule.inputs)
            and not any(
                rule.live and each in expected and made.readings[each].quality is Quality.DERIVED
                for each in rule.inputs
            )
            and all(made.readings[each].quality is Quality.ABSENT for each in rule.without)
            and rule.formula(*(made.readings[each].value for each in rule.inputs)) == reading.value
            for rule in RULES
            if rule.point == name
        ), name


@given(st.dictionaries(st.sampled_from(SOURCES), st.sampled_from(GOOD)))
@settings(max_examples=150, deadline=None)
def test_a_meter_has_what_was_promised(given_: dict[str, Quality]) -> None:
    """Signs and sizes apart: a formula without a result makes a point failed, not absent."""
    made = meter(*given_)
    made.update(Update({name: Value(1.0, quality) for name, quality in given_.items()}), at(0))
    promised = prospects(given_)
    for name in SOURCES:
        reading = made.readings[name]
        if reading.quality is Quality.FAILED:
            assert name in promised
        else:
            assert reading.quality is promised.get(name, Quality.ABSENT), name


def test_instants_count_on_both_clocks() -> None:
    first, second = Instant.now(), Instant.now()
    assert first.mono <= second.mono
    assert first.utc > 1_700_000_000


@pytest.mark.parametrize(
    ("second", "quality"), [(1 + MAX_AGE, Quality.FAILED), (1.1 + MAX_AGE, Quality.STALE)]
)
def test_a_failed_reading_goes_stale_too(second: float, quality: Quality) -> None:
    made = meter(U1)
    made.update(values({U1: 230.0}), at(0))
    made.update(Update({}, failed=frozenset({U1})), at(1))
    made.tick(at(second))
    assert made.readings[U1].quality is quality


def test_a_power_that_will_be_a_mean_promises_no_power_factor() -> None:
    expected = {"Active_Power_Total": Quality.DERIVED, "Apparent_Power_Total": Quality.MEASURED}
    made = meters.meter("test", POINTS, expected, MAX_AGE)
    assert made.readings["Power_Factor_Total"].quality is Quality.ABSENT
    assert made.readings["Active_Power_Total"].quality is Quality.STALE
