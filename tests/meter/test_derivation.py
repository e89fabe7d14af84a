"""Deriving the points of a meter, against a plain reading of the rules."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from submeter.meter.derivation import Derivation
from submeter.meter.derived import RULES, Rule, prospects
from submeter.meter.instant import Instant
from submeter.meter.reading import Quality, Reading
from submeter.pointmap import points

POINTS = tuple(points.all_points().values())
M, D, E = Quality.MEASURED, Quality.DERIVED, Quality.ESTIMATED
GOOD = [M, D, E]
ABSENT = Reading(None, Quality.ABSENT)
P, Q, S, PF = (
    "Active_Power_Total",
    "Reactive_Power_Total",
    "Apparent_Power_Total",
    "Power_Factor_Total",
)
U1, U2, U3 = "Voltage_L1_N", "Voltage_L2_N", "Voltage_L3_N"
I1, I2, I3 = "Current_L1", "Current_L2", "Current_L3"
THREE = {U1: 230.0, U2: 231.0, U3: 229.0, I1: 10.0, I2: 20.0, I3: 15.0}


def at(seconds: float) -> Instant:
    return Instant(seconds, 1_700_000_000 + seconds)


class Site:
    """A derivation with what it is told, as a meter would: a new dictionary each time."""

    def __init__(self, **given: Quality) -> None:
        self.given = given
        self.told: dict[str, Reading] = dict.fromkeys(given, Reading(None, Quality.STALE))
        self.derivation = Derivation(POINTS, frozenset(given))
        self.readings: dict[str, Reading] = {}

    def tell(self, changed: Mapping[str, Reading]) -> dict[str, Reading]:
        """Return all readings after `changed` was told."""
        self.told |= changed
        self.readings = dict.fromkeys((point.name for point in POINTS), ABSENT) | self.told
        self.derivation.apply(self.readings, self.given)
        return self.readings

    def measure(self, second: float, **numbers: float) -> dict[str, Reading]:
        return self.tell({name: Reading(n, M, at(second)) for name, n in numbers.items()})


def site(*given: str) -> Site:
    return Site(**dict.fromkeys(given, M))


class Plain:
    """The rules read one by one, as their document says, without regard to speed."""

    def __init__(self, given: Mapping[str, Quality]) -> None:
        self.given = given
        self.origin: dict[str, Quality] = {}
        self.kept: dict[str, Reading] = {}

    def apply(self, told: Mapping[str, Reading]) -> dict[str, Reading]:
        """Return the reading of every derived point that is not absent."""
        self.origin |= {name: r.quality for name, r in told.items() if r.quality.good}
        origin = {**self.given, **self.origin}
        have = {name: r for name, r in told.items() if r.quality is not Quality.ABSENT}
        for rule in RULES:
            if rule.point in self.given or rule.point in have or have.keys() & set(rule.without):
                continue
            if all(name in have and self._fits(rule, name, origin) for name in rule.inputs):
                guessed = any(origin[name] is E for name in rule.inputs)
                origin[rule.point] = E if guessed else rule.quality
                have[rule.point] = self._reading(rule, have, origin[rule.point])
        self.kept = {name: r for name, r in have.items() if name not in self.given}
        return self.kept

    def _fits(self, rule: Rule, name: str, origin: Mapping[str, Quality]) -> bool:
        averaged = rule.live and name in self.given and origin[name] is D
        return not averaged and not (rule.exact and origin[name] is E)

    def _reading(self, rule: Rule, have: Mapping[str, Reading], quality: Quality) -> Reading:
        inputs: list[Any] = [have[name] for name in rule.inputs]
        kept = self.kept.get(rule.point, ABSENT)
        if not all(reading.quality.good for reading in inputs):
            return Reading(kept.value, Quality.STALE, kept.at)
        number = rule.formula(*(reading.value for reading in inputs))
        oldest = min(reading.at for reading in inputs)
        if number is None:
            return Reading(kept.value, Quality.FAILED, oldest)
        return Reading(number, quality, oldest)


SOURCES = sorted({name for rule in RULES for name in (*rule.inputs, rule.point)})
QUALITIES = st.sampled_from([*GOOD, M, M, Quality.STALE, Quality.FAILED, Quality.ABSENT])
NUMBERS = st.one_of(st.floats(-500, 500), st.sampled_from([0.0, 1.0, 230.0]))
CHANGES = st.dictionaries(st.sampled_from(SOURCES), st.tuples(NUMBERS, QUALITIES), max_size=30)
GIVEN = st.dictionaries(st.sampled_from(SOURCES), st.sampled_from([M, M, M, *GOOD]))


@given(GIVEN, st.lists(CHANGES, max_size=6))
@settings(max_examples=300, deadline=None)
def test_it_does_what_the_rules_say(
    given_: dict[str, Quality], steps: list[dict[str, tuple[float, Quality]]]
) -> None:
    tested, plain = Site(**given_), Plain(given_)
    derivable = {rule.point for rule in RULES} - given_.keys()
    for second, step in enumerate([{}, *steps]):
        changed = {
            name: ABSENT if quality is Quality.ABSENT else Reading(number, quality, at(second))
            for name, (number, quality) in step.items()
            if name in given_
        }
        found = tested.tell(changed)
        expected = plain.apply(tested.told)
        assert {name: found[name] for name in derivable} == {
            name: expected.get(name, ABSENT) for name in derivable
        }
        assert all(found[name] == reading for name, reading in tested.told.items())


@given(GIVEN)
@settings(max_examples=200, deadline=None)
def test_it_gives_what_was_promised(given_: dict[str, Quality]) -> None:
    """Before the first frame stale, then as promised; failed where the numbers do not fit.

    What follows from something that failed is stale.
    """
    promised = prospects(given_)
    tested = Site(**given_)
    before = tested.tell({})
    after = tested.tell({name: Reading(1.0, quality, at(1)) for name, quality in given_.items()})
    qualities = {reading.quality for reading in after.values()}
    unfit = {Quality.FAILED, Quality.STALE} if Quality.FAILED in qualities else set()
    for point in POINTS:
        quality = promised.get(point.name, Quality.ABSENT)
        absent = quality is Quality.ABSENT
        assert before[point.name].quality is (Quality.ABSENT if absent else Quality.STALE)
        assert after[point.name].quality in {quality} | (set() if absent else unfit)


def test_consistent_totals_of_a_three_phase_meter() -> None:
    made = site(*THREE, "Active_Power_L1", "Active_Power_L2", "Active_Power_L3", Q)
    powers = {"Active_Power_L1": -2.0, "Active_Power_L2": 4.0, "Active_Power_L3": -3.0}
    found = made.measure(1, **THREE, **powers, **{Q: -0.75})
    values: dict[str, Any] = {name: reading.value for name, reading in found.items()}
    assert values[P] == pytest.approx(-1.0)
    assert values[S] == pytest.approx(1.25)  # (3, 4, 5) / 4
    assert values[PF] == pytest.approx(-0.8)
    assert values["Power_Factor_L1"] == pytest.approx(-2 / 2.3)
    assert found["Current_Neutral"].quality is E
    assert found["Voltage_L1_L2"].quality is E
    assert values["Voltage_Unbalance"] == pytest.approx(100 / 230)
    assert found["Voltage_Unbalance"].quality is D


def test_measured_angles_win_over_assumed_ones_even_when_they_are_stale() -> None:
    made = site(U1, U2, "Voltage_Angle_L2")
    assert made.measure(1, **{U1: 230.0, U2: 230.0, "Voltage_Angle_L2": 180.0})[
        "Voltage_L1_L2"
    ] == Reading(460.0, D, at(1))
    made.tell({"Voltage_Angle_L2": Reading(180.0, Quality.STALE, at(1))})
    assert made.readings["Voltage_L1_L2"] == Reading(460.0, Quality.STALE, at(1))
    made.tell({"Voltage_Angle_L2": ABSENT})
    assert made.readings["Voltage_L1_L2"].quality is E


def test_the_neutral_of_a_single_phase_meter_carries_what_the_phase_does() -> None:
    assert site(U1, I1).measure(1, **{U1: 230.0, I1: 7.0})["Current_Neutral"] == Reading(
        7.0, D, at(1)
    )


def test_a_value_is_kept_while_it_is_stale_though_the_meter_forgets_it() -> None:
    made = site(P, S)
    made.measure(1, **{P: 3.0, S: 5.0})
    for second in (2, 3):
        made.tell({S: Reading(5.0, Quality.STALE, at(1))})
        assert made.readings[PF] == Reading(0.6, Quality.STALE, at(1)), second
    made.measure(4, **{S: 6.0})
    assert made.readings[PF] == Reading(0.5, D, at(1))


def test_a_failed_result_makes_what_follows_from_it_stale() -> None:
    made = site(P, S, U1, I1)
    made.measure(1, **{P: 3.0, S: 5.0, U1: 230.0, I1: 20.0})
    assert made.readings["Power_Factor_L1"] == Reading(0.6, D, at(1))
    made.measure(2, **{P: 30.0})
    assert made.readings[PF] == Reading(0.6, Quality.FAILED, at(1))
    assert made.readings["Power_Factor_L1"] == Reading(0.6, Quality.STALE, at(1))
    made.measure(3, **{P: 4.0})
    assert made.readings["Power_Factor_L1"] == Reading(0.8, D, at(1))


def test_an_origin_is_what_a_point_was_while_known_whatever_was_promised() -> None:
    """A source that fell back to a mean gives no power factor, even once it is lost."""
    made = site(P, S)
    made.measure(1, **{P: 3.0, S: 5.0})
    made.tell({P: Reading(3.0, D, at(2))})
    assert made.readings[PF] == ABSENT
    made.tell({P: Reading(3.0, Quality.STALE, at(2))})
    assert made.readings[PF] == ABSENT
    made.measure(3, **{P: 3.0})
    assert made.readings[PF] == Reading(0.6, D, at(1))


def test_points_that_the_meter_does_not_have_are_left_out() -> None:
    listed = [point for point in POINTS if point.name in (U1, U2, "Voltage_L1_L2")]
    readings = {U1: Reading(230.0, M, at(1)), U2: Reading(0.0, M, at(1)), "Voltage_L1_L2": ABSENT}
    Derivation(listed, frozenset({U1, U2})).apply(readings, {U1: M, U2: M})
    assert readings["Voltage_L1_L2"] == Reading(230.0, E, at(1))
    assert list(readings) == [U1, U2, "Voltage_L1_L2"]


@pytest.mark.parametrize("given_", [(), (U1,)])
def test_a_meter_that_derives_nothing(given_: tuple[str, ...]) -> None:
    made = site(*given_)
    found = made.measure(1, **dict.fromkeys(given_, 1.0))
    assert {name for name, reading in found.items() if reading != ABSENT} == set(given_)
