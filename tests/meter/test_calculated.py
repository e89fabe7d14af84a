"""Calculated meters: sums and differences with an honest quality and an index that never falls."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from submeter.meter.calculated import Calculated
from submeter.meter.expression import parse
from submeter.meter.feed import Dial
from submeter.meter.instant import Instant
from submeter.meter.reading import Quality, Reading, Update, Value

MEASURED, DERIVED, ESTIMATED = Quality.MEASURED, Quality.DERIVED, Quality.ESTIMATED
STALE, FAILED, ABSENT = Quality.STALE, Quality.FAILED, Quality.ABSENT
P, Q, P1 = "Active_Power_Total", "Reactive_Power_Total", "Active_Power_L1"
PHASES = (P1, "Active_Power_L2", "Active_Power_L3")
IMPORT, EXPORT = "Active_Energy_Import", "Active_Energy_Export"
Q_IMPORT, Q_EXPORT = "Reactive_Energy_Import", "Reactive_Energy_Export"
ALL = (P, Q, *PHASES, IMPORT, EXPORT, Q_IMPORT, Q_EXPORT)
NOW = Instant(5.0, 1_700_000_005.0)
NOTHING = dict.fromkeys(ALL, Reading(None, ABSENT))


def good(number: float, quality: Quality = MEASURED) -> Reading:
    return Reading(number, quality, NOW)


def common(**parts: dict[str, Reading]) -> Calculated:
    """Return `main - a - b` that heard all of the parts, whose other points are absent."""
    made = Calculated(parse("main - a - b"), 10.0)
    for name, readings in parts.items():
        made.hear(name, NOTHING | readings)
    return made


def told(made: Calculated) -> Update:
    update = made.update()
    assert update is not None
    return update


def index(made: Calculated, point: str = IMPORT) -> float:
    return told(made).values[point].number


def test_nothing_before_every_part_was_heard() -> None:
    made = common(main={P: good(5.0)}, a={P: good(1.0)})
    assert made.update() is None
    made.hear("b", {P: good(0.5)})
    assert told(made).values == {P: Value(3.5, DERIVED)}


def test_powers_are_signed_sums() -> None:
    whole = {point: good(float(3 + place)) for place, point in enumerate((P, Q, *PHASES))}
    part = dict.fromkeys((P, Q, *PHASES), good(1.0))
    update = told(common(main=whole, a=part, b=part))
    assert update.values == {
        point: Value(1.0 + place, DERIVED) for place, point in enumerate((P, Q, *PHASES))
    }
    assert update.instrument == "main - a - b"
    assert update.absent == {IMPORT, Q_IMPORT}


def test_a_guess_in_one_part_makes_the_sum_one() -> None:
    made = common(main={P: good(5.0)}, a={P: good(1.0, ESTIMATED)}, b={P: good(1.0, DERIVED)})
    assert told(made).values[P] == Value(3.0, ESTIMATED)


@pytest.mark.parametrize("quality", [STALE, FAILED])
def test_a_part_that_is_not_good_silences_what_needs_it(quality: Quality) -> None:
    both = {P: good(2.0), IMPORT: good(1000)}
    made = common(main={P: good(5.0), IMPORT: good(9000)}, a=both, b=both)
    assert told(made).values.keys() == {P, IMPORT}
    made.hear("a", {IMPORT: Reading(1000, quality, NOW)})
    assert told(made).values.keys() == {P}
    made.hear("b", {P: Reading(2.0, quality, NOW)})
    assert made.update() is None
    made.hear("b", {P: good(2.0)})
    made.hear("a", {IMPORT: good(1001)})
    assert told(made).values == {P: Value(1.0, DERIVED), IMPORT: Value(7000, DERIVED)}


def test_a_point_that_a_part_lacks_is_absent() -> None:
    whole = {P: good(5.0), P1: good(2.0)}
    update = told(common(main=whole, a=whole, b={P: good(1.0)}))
    assert update.values.keys() == {P}
    assert P1 in update.absent


def test_an_index_is_net_of_the_export() -> None:
    made = common(
        main={IMPORT: good(10_000), EXPORT: good(3_000)},
        a={IMPORT: good(2_000), EXPORT: good(500)},
        b={IMPORT: good(1_000)},
    )
    assert index(made) == 10_000 - 3_000 - (2_000 - 500) - 1_000


def test_a_meter_that_only_feeds_in_counts_against() -> None:
    made = Calculated(parse("house + roof"), 10.0)
    made.hear("house", NOTHING | {IMPORT: good(10_000)})
    made.hear("roof", NOTHING | {EXPORT: good(3_000)})
    assert index(made) == 7_000


def test_reactive_energy_likewise() -> None:
    part = {Q_IMPORT: good(100), Q_EXPORT: good(40)}
    made = common(main={Q_IMPORT: good(1_000), Q_EXPORT: good(100)}, a=part, b=part)
    assert told(made).values == {Q_IMPORT: Value(780, DERIVED)}


def test_the_index_waits_at_its_mark() -> None:
    part = {IMPORT: good(1_000)}
    made = common(main={IMPORT: good(9_000)}, a=part, b=part)
    assert index(made) == 7_000
    made.hear("a", {IMPORT: good(1_300)})
    assert index(made) == 7_000
    made.hear("main", {IMPORT: good(9_200)})
    assert index(made) == 7_000
    made.hear("main", {IMPORT: good(9_400)})
    assert index(made) == 7_100


def test_a_difference_that_begins_below_zero_counts_from_zero() -> None:
    """Tenants' meters are often older than the main one."""
    old = {IMPORT: good(20_000)}
    made = common(main={IMPORT: good(500)}, a=old, b=old)
    assert index(made) == 0
    made.hear("main", {IMPORT: good(800)})
    assert index(made) == 300
    again = common(main={IMPORT: good(900)}, a=old, b=old)
    again.restore(json.loads(json.dumps(made.saved())))
    assert index(again) == 400


def test_a_restart_keeps_the_mark() -> None:
    part = {IMPORT: good(1_000)}
    made = common(main={IMPORT: good(9_000)}, a=part, b=part)
    index(made)
    saved = json.loads(json.dumps(made.saved()))
    again = common(main={IMPORT: good(9_000)}, a={IMPORT: good(1_500)}, b=part)
    again.restore(saved)
    assert index(again) == 7_000


def test_another_expression_is_another_register() -> None:
    part = {IMPORT: good(1_000)}
    made = common(main={IMPORT: good(9_000)}, a=part, b=part)
    index(made)
    other = Calculated(parse("main - a"), 10.0)
    other.restore(made.saved())
    other.hear("main", NOTHING | {IMPORT: good(1_200)})
    other.hear("a", NOTHING | part)
    assert index(other) == 200
    assert told(other).instrument == "main - a"


@pytest.mark.parametrize(
    "saved",
    [
        {},
        {"expression": 3, "marks": {}},
        {"expression": "main - a - b"},
        {"expression": "main - a - b", "marks": []},
        {"expression": "main - a - b", "marks": {P: [0, 1]}},
        {"expression": "main - a - b", "marks": {IMPORT: 7}},
        {"expression": "main - a - b", "marks": {IMPORT: [0]}},
        {"expression": "main - a - b", "marks": {IMPORT: [0, 1.5]}},
        {"expression": "main - a - b", "marks": {IMPORT: [False, True]}},
        {"expression": "main - a - b", "marks": {IMPORT: [5, 9]}},
        {"expression": "main - a - b", "marks": {IMPORT: [-5, -9]}},
    ],
)
def test_a_saved_state_that_does_not_fit_changes_nothing(saved: dict[str, Any]) -> None:
    part = {IMPORT: good(1_000)}
    made = common(main={IMPORT: good(9_000)}, a=part, b=part)
    index(made)
    before = made.saved()
    with pytest.raises(ValueError, match="saved"):
        made.restore(saved)
    assert made.saved() == before


def test_the_same_readings_are_told_again_so_that_they_do_not_age() -> None:
    part = {P: good(1.0)}
    made = common(main={P: good(5.0)}, a=part, b=part)
    assert made.update() == made.update()
    made.hear("a", {"Voltage_L1_N": good(230.0)})
    assert told(made).values == {P: Value(3.0, DERIVED)}
    with pytest.raises(KeyError):
        made.hear("c", part)


def test_what_is_to_be_expected() -> None:
    made = Calculated(parse("main - a"), 10.0)
    main = dict.fromkeys((P, P1, IMPORT, EXPORT, Q_IMPORT), MEASURED)
    tenant = {P: DERIVED, P1: ABSENT, EXPORT: ABSENT, IMPORT: ESTIMATED, Q: MEASURED}
    assert made.expected([main, tenant]) == {IMPORT: ESTIMATED, P: DERIVED}
    feed = made.as_feed("calculated", [main, tenant], step=2_000)
    assert feed.name == "calculated"
    assert feed.expected == {IMPORT: ESTIMATED, P: DERIVED}
    assert feed.max_age == 10.0
    assert feed.dials == {IMPORT: Dial(2_000)}


POINTS = st.sampled_from(ALL)
HAS = st.dictionaries(POINTS, st.sampled_from([MEASURED, DERIVED, ESTIMATED, ABSENT]))


@given(st.tuples(HAS, HAS, HAS))
def test_what_is_expected_is_what_comes(parts: tuple[dict[str, Quality], ...]) -> None:
    made = Calculated(parse("main - a + b"), 10.0)
    for name, part in zip(made.expression.names, parts, strict=True):
        readings = {p: Reading(None if q is ABSENT else 1, q) for p, q in part.items()}
        made.hear(name, NOTHING | readings)
    update = made.update()
    expected = made.expected(parts)
    assert ({p: v.quality for p, v in update.values.items()} if update else {}) == expected
    if update:
        assert update.absent == {P, Q, *PHASES, IMPORT, Q_IMPORT} - expected.keys()


STEP = 1_000  # mWh, of each part's register
READ = st.tuples(
    st.sampled_from(["main", "a", "b"]),
    st.sampled_from(["read", "read", "read", "silent", "restart"]),
    st.tuples(*[st.integers(0, 1_500)] * 3),  # what a, b and the stairs draw meanwhile
)


@given(st.lists(READ, max_size=60), st.tuples(*[st.integers(0, 10**7)] * 3))
@settings(max_examples=200, deadline=None)
def test_the_index_never_falls_and_ends_at_the_truth(
    course: list[Any], starts: tuple[int, int, int]
) -> None:
    """Parts are read in steps of their registers, at different times, and now and then not."""
    made = Calculated(parse("main - a - b"), 10.0)
    names = ("main", "a", "b")
    true = dict(zip(names, starts, strict=True))
    first: int | None = None
    seen: list[float] = []
    course = [*((name, "read", (0, 0, 0)) for name in names), *course]
    course += [(name, "read", (0, 0, 0)) for name in names]  # all are read at last
    stairs = lag = 0
    shown = dict.fromkeys(names, 0)
    for name, what, (drawn_a, drawn_b, drawn) in course:
        true["main"] += drawn_a + drawn_b + drawn
        true["a"] += drawn_a
        true["b"] += drawn_b
        if first is not None:
            stairs += drawn
        if what == "restart":
            saved = json.loads(json.dumps(made.saved()))
            made = Calculated(parse("main - a - b"), 10.0)
            made.restore(saved)
            for each in names:
                made.hear(each, NOTHING | {IMPORT: good(shown[each])})
        elif what == "silent":
            made.hear(name, {IMPORT: Reading(shown[name], STALE, NOW)})
        else:
            shown[name] = true[name] // STEP * STEP
            made.hear(name, NOTHING | {IMPORT: good(shown[name])})
        update = made.update()
        if update and IMPORT in update.values:
            seen.append(update.values[IMPORT].number)
            if first is None:
                first, stairs = int(seen[0]), 0
            else:
                assert seen[-1] >= seen[-2]
            lag = max(lag, sum(true[each] - shown[each] for each in names))
    assert first is not None
    # The highest difference that any mixture of old and new readings showed is the worst case.
    assert first + stairs - 2 * STEP - lag <= seen[-1] <= first + stairs + 2 * STEP + lag
