"""The indexes of a meter: what is counted from which feed, kept, told and refused."""

import json
from collections.abc import Mapping

import pytest

from submeter.meter.energy import Energy
from submeter.meter.feed import Dial, Feed
from submeter.meter.instant import Instant
from submeter.meter.reading import Quality, Update, Value

WH = 1000
KWH = 1000 * WH
POWER = 36_000.0
UTC = 1_700_000_000.0
IMPORT, EXPORT = "Active_Energy_Import", "Active_Energy_Export"
VAR_IMPORT, VAR_EXPORT = "Reactive_Energy_Import", "Reactive_Energy_Export"
INDEXES = (IMPORT, EXPORT, VAR_IMPORT, VAR_EXPORT)
P, Q = "Active_Power_Total", "Reactive_Power_Total"
PHASES = ("Active_Power_L1", "Active_Power_L2", "Active_Power_L3")
MEASURED, DERIVED, ESTIMATED = Quality.MEASURED, Quality.DERIVED, Quality.ESTIMATED


def at(seconds: float) -> Instant:
    return Instant(seconds, UTC + seconds)


def feed(name: str, quality: Quality = MEASURED, *points: str) -> Feed:
    return Feed(name, dict.fromkeys(points, quality), 10.0, {IMPORT: Dial(WH, (100_000 * KWH,))})


def update(**numbers: float) -> Update:
    return Update({name: Value(number) for name, number in numbers.items()}, instrument="x")


def energy(
    *feeds: Feed,
    initial: Mapping[str, int] | None = None,
    saved: Mapping[str, str] | None = None,
    now: float = 0,
) -> Energy:
    return Energy(feeds, INDEXES, initial or {}, POWER, at(now), saved)


def run(made: Energy, source: str, *updates: Update, start: float = 0) -> list[tuple[str, str]]:
    """Give one update a second, book the source, return the events."""
    found = []
    for second, each in enumerate(updates):
        for point, event in made.take(source, each, at(start + second)):
            found.append((point, event.kind))
        made.book(dict.fromkeys(INDEXES, source))
    return found


def test_a_register_is_followed_point_by_point() -> None:
    made = energy(feed("tic", MEASURED, IMPORT, EXPORT))
    assert made.totals == {IMPORT: None, EXPORT: None}
    run(made, "tic", *[update(**{IMPORT: 5 * KWH + n * WH, EXPORT: 7 * WH}) for n in range(4)])
    assert made.totals == {IMPORT: 5 * KWH + 2 * WH, EXPORT: 7 * WH}
    assert made.counted("tic", IMPORT) == 2 * WH
    assert made.accepted(IMPORT, "tic") == at(2)
    assert made.gives("tic") == {}
    assert made.gap_seconds == 0


@pytest.mark.parametrize(("quality", "given"), [(MEASURED, DERIVED), (ESTIMATED, ESTIMATED)])
def test_powers_without_an_index_are_integrated(quality: Quality, given: Quality) -> None:
    made = energy(feed("clamps", quality, P, Q))
    assert made.gives("clamps") == dict.fromkeys(INDEXES, given)
    assert made.counted("clamps", IMPORT) is None
    powers = [0.0, 3.6, -7.2]
    run(made, "clamps", *[update(**{P: power, Q: -power}) for power in powers])
    assert made.totals == {IMPORT: WH, EXPORT: 2 * WH, VAR_IMPORT: 2 * WH, VAR_EXPORT: WH}
    assert not made.passed_through(IMPORT)


def test_a_gap_of_power_is_counted() -> None:
    made = energy(feed("clamps", MEASURED, P))
    for second in (0, 1, 100, 101):
        run(made, "clamps", update(**{P: 3.6}), start=second)
    assert made.totals[IMPORT] == 2 * WH
    assert made.gap_seconds == 99.0


@pytest.mark.parametrize("power", [3.6, 0.0])
def test_the_time_of_gaps_is_kept_and_has_the_downtime_in_it(power: float) -> None:
    """Also where nothing flows, and nothing but the last commit says when the power ended."""
    clamps = feed("clamps", MEASURED, P)
    made, disk = energy(clamps), dict[str, str]()
    for second in (*range(0, 60, 5), *range(100, 7205, 5)):
        made.take("clamps", update(**{P: power}), at(second))
        made.book(dict.fromkeys(INDEXES, "clamps"))
        disk |= made.saved()
    assert made.gap_seconds == 45.0
    again = energy(clamps, saved=disk, now=8000)
    assert again.gap_seconds == 45.0, "how long it was is known with the first power"
    run(again, "clamps", *[update(**{P: power})] * 2, start=8000)
    assert 45 + 800 <= again.gap_seconds <= 45 + 800 + 60


def test_a_register_at_rest_is_not_saved_again() -> None:
    made = energy(feed("tic", MEASURED, IMPORT))
    run(made, "tic", *[update(**{IMPORT: WH})] * 3)
    made.saved()
    run(made, "tic", *[update(**{IMPORT: WH})] * 3, start=3600)
    assert made.saved() == {}


def test_passed_through_is_a_register_that_nothing_came_between() -> None:
    tic, other = feed("tic", MEASURED, IMPORT), feed("other", MEASURED, IMPORT)
    steps = [update(**{IMPORT: 5 * KWH + n * WH}) for n in range(4)]
    made = energy(tic, other)
    assert not made.passed_through(IMPORT), "nothing is known yet"
    run(made, "tic", *steps)
    assert made.passed_through(IMPORT)
    assert not made.passed_through(EXPORT)
    again = energy(tic, other, saved=made.saved(everything=True), now=9)
    run(again, "tic", *steps[2:], start=9)
    assert again.passed_through(IMPORT)
    run(again, "other", *[update(**{IMPORT: 7 * KWH})] * 3, start=20)
    assert not again.passed_through(IMPORT), "another one speaks"
    given = energy(tic, initial={IMPORT: 42 * KWH})
    run(given, "tic", *steps)
    assert not given.passed_through(IMPORT)
    swapped = energy(tic)
    run(swapped, "tic", *steps)
    swapped.swap(IMPORT, "tic", 5 * KWH + 3 * WH, 0, at(4))
    run(swapped, "tic", *[update(**{IMPORT: WH})] * 3, start=5)
    assert not swapped.passed_through(IMPORT)


def test_a_power_beyond_the_connection_is_no_energy() -> None:
    made = energy(feed("clamps", MEASURED, P))
    run(made, "clamps", *[update(**{P: power}) for power in (0.0, 1e9, 3.6)])
    assert made.totals[IMPORT] == 2 * WH


def test_phases_are_netted_when_all_are_there() -> None:
    made = energy(feed("clamps", MEASURED, *PHASES))
    whole = update(**dict(zip(PHASES, (7.2, -1.8, -1.8), strict=True)))
    run(made, "clamps", whole, update(**{PHASES[0]: 7.2}), whole)
    assert made.totals == {IMPORT: 2 * WH, EXPORT: 0}


@pytest.mark.parametrize(
    ("quality", "points"),
    [(DERIVED, (P, Q)), (MEASURED, PHASES[:2]), (MEASURED, (P, EXPORT))],
)
def test_what_is_not_integrated(quality: Quality, points: tuple[str, ...]) -> None:
    """A power made from an index, two phases of three, and a power beside an index."""
    assert energy(feed("any", quality, *points)).gives("any") == {}


def test_a_power_takes_over_from_a_register_and_back() -> None:
    made = energy(feed("tic", MEASURED, IMPORT), feed("clamps", MEASURED, P))
    speakers = dict.fromkeys(INDEXES, "tic")
    for second in range(400):
        if 100 < second < 200:
            speakers[IMPORT] = "clamps"
        else:
            made.take("tic", update(**{IMPORT: 5 * KWH + second * WH}), at(second))
            speakers[IMPORT] = "tic"
        made.take("clamps", update(**{P: 3.6}), at(second + 0.5))
        made.book(speakers)
    assert abs((made.totals[IMPORT] or 0) - (5 * KWH + 398 * WH)) <= WH


def test_initial_counts_only_where_nothing_is_saved() -> None:
    tic = feed("tic", MEASURED, IMPORT, EXPORT)
    made = energy(tic, initial={IMPORT: 42 * KWH})
    run(made, "tic", *[update(**{IMPORT: 5 * KWH + n * WH}) for n in range(4)])
    assert made.totals == {IMPORT: 42 * KWH + 2 * WH, EXPORT: None}
    again = energy(tic, initial={IMPORT: 1, EXPORT: 3}, saved=made.saved(everything=True), now=9)
    assert again.totals == {IMPORT: 42 * KWH + 2 * WH, EXPORT: 3}


def test_only_what_changed_is_saved() -> None:
    made = energy(feed("tic", MEASURED, IMPORT, EXPORT))
    assert made.saved().keys() == {IMPORT, EXPORT}
    assert made.saved() == {}
    steps = [update(**{IMPORT: n * WH, EXPORT: 0}) for n in range(3)]
    run(made, "tic", *steps)
    assert made.saved().keys() == {IMPORT, EXPORT}
    run(made, "tic", *steps[2:], start=3)
    assert made.saved().keys() == {IMPORT}
    assert made.saved() == {}
    assert made.saved(everything=True).keys() == {IMPORT, EXPORT}
    again = energy(feed("tic", MEASURED, IMPORT), saved=made.saved(everything=True))
    assert again.saved() == {}


def test_times_are_saved_anew_when_the_clock_was_set() -> None:
    made = energy(feed("tic", MEASURED, IMPORT))
    for second in range(3):
        made.take("tic", update(**{IMPORT: 5 * KWH}), Instant(second, UTC + 1e7 + second))
        made.book({IMPORT: "tic"})
    assert made.saved().keys() == {IMPORT}
    assert made.saved() == {}
    saved = made.saved(now=at(3))
    assert saved.keys() == {IMPORT}
    again = energy(feed("tic", MEASURED, IMPORT), saved=saved, now=3600)
    run(again, "tic", *[update(**{IMPORT: 25 * KWH})] * 2, start=3600)
    assert again.totals[IMPORT] == 25 * KWH


def test_trouble_is_told_while_readings_are_refused() -> None:
    made = energy(feed("tic", MEASURED, IMPORT))
    good = update(**{IMPORT: 5 * KWH})
    assert run(made, "tic", good, good, update(**{IMPORT: WH})) == []
    text = made.trouble(IMPORT, "tic")
    assert text is not None
    assert "5000000 mWh; 1 readings refused" in text
    assert run(made, "tic", good, good, start=3) == []
    assert made.trouble(IMPORT, "tic") is made.trouble(EXPORT, "tic") is None
    damaged = [update(**{IMPORT: (n % 3) * WH}) for n in range(25)]
    assert run(made, "tic", *damaged, start=5) == [(IMPORT, "index_refused")]
    assert made.refused == 26


def test_an_exchange_of_the_instrument() -> None:
    made = energy(feed("tic", MEASURED, IMPORT))
    run(made, "tic", *[update(**{IMPORT: 5 * KWH})] * 3)
    made.swap(IMPORT, "tic", 5 * KWH + 3 * WH, 0, at(4))
    run(made, "tic", *[update(**{IMPORT: 2 * WH})] * 2, start=5)
    assert made.totals[IMPORT] == 5 * KWH + 5 * WH
    with pytest.raises(ValueError, match=EXPORT):
        made.swap(EXPORT, "tic", 0, 0, at(9))


@pytest.mark.parametrize("state", ["", "[]", "{", '{"total": -1}', "3"])
def test_a_damaged_state_is_refused_and_named(state: str) -> None:
    with pytest.raises(ValueError, match=IMPORT):
        energy(feed("tic", MEASURED, IMPORT), saved={IMPORT: state})


def test_a_state_of_an_index_that_no_feed_gives_is_left_alone() -> None:
    assert energy(feed("tic", MEASURED, IMPORT), saved={EXPORT: json.dumps(3)}).totals == {
        IMPORT: None
    }
