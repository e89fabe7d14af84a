"""Several sources of one meter: who speaks, who returns, and what is served meanwhile."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from submeter.meter.feed import Feed
from submeter.meter.feeds import Feeds
from submeter.meter.instant import Instant
from submeter.meter.reading import Quality, Reading, Update, Value

U, P, ENERGY = "Voltage_L1_N", "Active_Power_Total", "Active_Energy_Import"
MEASURED, DERIVED, ESTIMATED = Quality.MEASURED, Quality.DERIVED, Quality.ESTIMATED
STALE, FAILED, ABSENT = Quality.STALE, Quality.FAILED, Quality.ABSENT


def at(seconds: float) -> Instant:
    return Instant(seconds, 1_700_000_000 + seconds)


def feed(name: str, *points: str, max_age: float = 10.0, quality: Quality = MEASURED) -> Feed:
    return Feed(name, dict.fromkeys(points, quality), max_age)


def says(**numbers: float) -> Update:
    names = {"u": U, "p": P, "e": ENERGY}
    return Update({names[key]: Value(number) for key, number in numbers.items()})


def value(feeds: Feeds, point: str, now: float) -> tuple[Any, Quality]:
    return feeds.readings(at(now))[point][:2]


def test_one_source() -> None:
    feeds = Feeds([feed("tic", ENERGY, U)])
    assert feeds.given == {ENERGY, U}
    assert feeds.readings(at(0)) == {ENERGY: Reading(None, STALE), U: Reading(None, STALE)}
    feeds.update("tic", says(e=7, u=230.0), at(1))
    feeds.update("tic", says(u=231.0), at(9))
    assert feeds.readings(at(11)) == {
        ENERGY: Reading(7, MEASURED, at(1)),
        U: Reading(231.0, MEASURED, at(9)),
    }
    assert feeds.readings(at(11.1))[ENERGY] == Reading(7, STALE, at(1))
    assert value(feeds, U, 19) == (231.0, MEASURED)
    assert value(feeds, U, 19.1) == (231.0, STALE)
    assert feeds.speakers == {ENERGY: "tic", U: "tic"}
    assert feeds.take_switches() == []


def test_an_update_that_says_no_max_age_lasts_as_long_as_those_of_its_source() -> None:
    feeds = Feeds([feed("tic", U)])
    feeds.update("tic", replace(says(u=230.0), max_age=2.0), at(0))
    assert value(feeds, U, 2.1) == (230.0, STALE)
    feeds.update("tic", says(u=231.0), at(3))
    assert value(feeds, U, 13) == (231.0, MEASURED)


def test_what_was_handed_out_belongs_to_the_caller() -> None:
    feeds = Feeds([feed("tic", U)])
    feeds.update("tic", says(u=230.0), at(0))
    taken = feeds.readings(at(0))
    feeds.update("tic", says(u=231.0), at(1))
    assert taken[U].value == 230.0
    taken[U] = Reading(0, FAILED)
    assert value(feeds, U, 1) == (231.0, MEASURED)


def test_failed_and_absent_points() -> None:
    feeds = Feeds([feed("tic", U, P)])
    feeds.update("tic", says(u=230.0, p=1.0), at(0))
    feeds.update("tic", Update({}, absent=frozenset({P}), failed=frozenset({U})), at(1))
    assert feeds.readings(at(1)) == {U: Reading(230.0, FAILED, at(1)), P: Reading(None, ABSENT)}
    assert value(feeds, U, 11.1) == (230.0, STALE)
    assert value(feeds, P, 99) == (None, ABSENT)


def test_values_that_were_not_promised_are_ignored() -> None:
    feeds = Feeds([feed("tic", U), feed("clamp", P)])
    strange = Update({P: Value(1.0)}, absent=frozenset({P, ENERGY}), failed=frozenset({ENERGY}))
    feeds.update("tic", strange, at(0))
    assert feeds.readings(at(0)) == {U: Reading(None, STALE), P: Reading(None, STALE)}


def test_the_first_source_is_preferred_and_another_fills_in() -> None:
    feeds = Feeds([feed("tic", U), feed("clamp", U, P)])
    feeds.update("tic", says(u=230.0), at(0))
    feeds.update("clamp", says(u=229.0, p=2.0), at(1))
    assert feeds.readings(at(1)) == {U: Reading(230.0, MEASURED, at(0)),
                                     P: Reading(2.0, MEASURED, at(1))}  # fmt: skip
    assert feeds.speakers == {U: "tic", P: "clamp"}


def test_priority_is_per_point_and_the_rest_follow_in_order() -> None:
    made = [feed(name, U, P) for name in "abc"]
    feeds = Feeds(made, {U: ["c"]})
    assert feeds.speakers == {U: "c", P: "a"}
    feeds.update("b", says(u=1.0), at(0))
    feeds.update("a", says(u=2.0), at(0))
    assert value(feeds, U, 0) == (2.0, MEASURED)
    feeds.update("c", says(u=3.0), at(0))
    assert value(feeds, U, 0) == (3.0, MEASURED)


@pytest.mark.parametrize(
    ("priority", "message"),
    [
        ({U: ["b", "x"]}, f"priority of '{U}': unknown source 'x'; known: a, b"),
        ({ENERGY: ["a"]}, f"priority of '{ENERGY}': no source of this meter gives it"),
        ({U: ["b", "b"]}, f"priority of '{U}': twice in the list is 'b'"),
    ],
)
def test_a_priority_that_cannot_be(priority: dict[str, list[str]], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Feeds([feed("a", U), feed("b", U)], priority)


def test_two_sources_of_one_name() -> None:
    with pytest.raises(ValueError, match="two sources of one meter are both called 'a'"):
        Feeds([feed("a", U), feed("a", P)])


def two() -> Feeds:
    """Return the feeds of two sources that both were good at second 0."""
    feeds = Feeds([feed("tic", U), feed("clamp", U, max_age=100.0)], return_after=60)
    feeds.update("tic", says(u=230.0), at(0))
    feeds.update("clamp", says(u=229.0), at(0))
    assert value(feeds, U, 0) == (230.0, MEASURED)
    return feeds


def test_a_stale_source_is_replaced_at_once_and_returns_when_it_has_proved_steady() -> None:
    feeds = two()
    assert value(feeds, U, 10) == (230.0, MEASURED)
    assert feeds.readings(at(10.1))[U] == Reading(229.0, MEASURED, at(0))
    assert feeds.take_switches() == [(U, "tic", "clamp")]
    for second in range(20, 80, 5):
        feeds.update("tic", says(u=231.0), at(second))
        assert value(feeds, U, second) == (229.0, MEASURED)
    assert value(feeds, U, 79.9) == (229.0, MEASURED)
    assert value(feeds, U, 80) == (231.0, MEASURED)
    assert feeds.take_switches() == [(U, "clamp", "tic")]
    assert feeds.take_switches() == []


@pytest.mark.parametrize("how", ["failed", "absent"])
def test_failed_or_absent_counts_as_a_break(how: str) -> None:
    feeds = two()
    broken = Update({}, **{how: frozenset({U})})  # type: ignore[arg-type]
    feeds.update("tic", broken, at(1))
    assert value(feeds, U, 1) == (229.0, MEASURED)
    for second in range(2, 90, 4):
        feeds.update("tic", says(u=231.0), at(second))
        if second == 42:
            feeds.update("tic", broken, at(43))
    assert value(feeds, U, 95) == (229.0, MEASURED)


def test_a_break_between_two_looks_is_one_too() -> None:
    feeds = two()
    assert value(feeds, U, 11) == (229.0, MEASURED)
    for second in (12, 20, 28, 36, 44, 55, 64, 72):
        feeds.update("tic", says(u=231.0), at(second))
    assert value(feeds, U, 72.1) == (229.0, MEASURED)  # stale from 54 to 55


def test_another_good_quality_is_no_break() -> None:
    feeds = two()
    assert value(feeds, U, 11) == (229.0, MEASURED)
    for second in range(12, 72, 6):
        feeds.update("tic", Update({U: Value(231.0, [MEASURED, ESTIMATED][second % 4 // 2])}),
                     at(second))  # fmt: skip
    assert value(feeds, U, 71) == (229.0, MEASURED)
    assert feeds.readings(at(72))[U].value == 231.0


def test_the_first_words_of_a_source_are_no_return() -> None:
    feeds = Feeds([feed("tic", U), feed("clamp", U)])
    feeds.update("clamp", says(u=229.0), at(0))
    assert value(feeds, U, 0) == (229.0, MEASURED)
    feeds.update("tic", says(u=230.0), at(2))
    assert value(feeds, U, 2) == (230.0, MEASURED)


def test_whoever_is_good_speaks_at_once_when_the_speaker_is_lost() -> None:
    feeds = two()
    assert value(feeds, U, 50) == (229.0, MEASURED)
    feeds.update("tic", says(u=231.0), at(98))
    assert value(feeds, U, 99) == (229.0, MEASURED)
    assert value(feeds, U, 101) == (231.0, MEASURED)


def test_without_any_good_one_the_preferred_speaks_if_it_ever_knew() -> None:
    feeds = two()
    feeds.update("clamp", says(u=228.0), at(5))
    assert value(feeds, U, 200) == (230.0, STALE)
    feeds = Feeds([feed("tic", U), feed("clamp", U)])
    feeds.update("clamp", says(u=229.0), at(0))
    assert value(feeds, U, 100) == (229.0, STALE)  # the last good value is kept


def test_a_point_is_absent_only_if_no_source_has_it() -> None:
    feeds = Feeds([feed("tic", U), feed("clamp", U)])
    without = Update({}, absent=frozenset({U}))
    feeds.update("tic", without, at(0))
    assert value(feeds, U, 0) == (None, STALE)
    feeds.update("clamp", without, at(1))
    assert value(feeds, U, 1) == (None, ABSENT)


def test_a_loss_of_all_is_no_switch() -> None:
    feeds = two()
    for start in (200, 400, 600):
        feeds.readings(at(start))
        feeds.update("clamp", says(u=228.0), at(start + 1))
        feeds.readings(at(start + 1))
    assert feeds.take_switches() == [(U, "tic", "clamp")]


def test_online_while_any_source_is_heard() -> None:
    feeds = Feeds([feed("tic", U), feed("clamp", P, max_age=30.0)])
    assert not feeds.online(at(0))
    feeds.update("tic", Update({}), at(0))
    assert feeds.online(at(10))
    assert not feeds.online(at(10.1))
    feeds.update("clamp", says(p=1.0), at(10))
    assert feeds.online(at(40))
    assert not feeds.online(at(40.1))
    with pytest.raises(KeyError):
        feeds.update("other", says(u=1.0), at(0))


class _Said:
    """A source in the model: all it said of one point, with the time of each."""

    def __init__(self, max_age: float) -> None:
        self.max_age = max_age
        self.frames: list[tuple[float, Quality, Any]] = []

    def quality(self, now: float) -> Quality:
        if not self.frames:
            return STALE
        when, quality, _ = self.frames[-1]
        return STALE if quality is not ABSENT and now - when > self.max_age else quality

    def steady(self, now: float) -> float:
        """Return for how long it has been good without a break; for ever if there was none."""
        since, after = -1e9, None
        for when, quality, _ in self.frames:
            if not quality.good:
                since = 1e9
            elif since > 1e8 or (after is not None and when - after > self.max_age):
                since = when
            after = when
        return now - since

    def last(self) -> tuple[Any, float | None]:
        known, when = None, None
        for moment, quality, number in self.frames:
            known = None if quality is ABSENT else number if quality.good else known
            when = None if quality is ABSENT else moment
        return known, when


class _Model:
    """The rules of one point, looked at from the beginning of time at every look."""

    def __init__(self, ranks: list[_Said], return_after: float) -> None:
        self.ranks = ranks
        self.return_after = return_after
        self.speaker = ranks[0]

    def reading(self, now: float) -> Reading:
        good = [said for said in self.ranks if said.quality(now).good]
        if self.speaker in good:
            better = good[: good.index(self.speaker)]
            back = [said for said in better if said.steady(now) >= self.return_after]
            self.speaker = (back or [self.speaker])[0]
        elif good:
            self.speaker = good[0]
        else:
            having = [said for said in self.ranks if said.quality(now) is not ABSENT]
            knowing = [said for said in having if said.last()[0] is not None]
            self.speaker = (knowing or having or self.ranks)[0]
        known, when = self.speaker.last()
        return Reading(known, self.speaker.quality(now), None if when is None else at(when))


SOURCES = ("a", "b", "c")
FRAME = st.dictionaries(
    st.sampled_from((U, P)), st.sampled_from([MEASURED, MEASURED, ESTIMATED, FAILED, ABSENT])
)
# Long runs of one source, so that it now and then is good for long enough to return.
RUNS = st.lists(
    st.tuples(
        st.sampled_from(SOURCES),
        FRAME,
        st.sampled_from([0.5, 2.0, 4.0, 11.0, 25.0]),
        st.integers(1, 8),
        st.booleans(),
    ),
    max_size=14,
)


@given(RUNS, st.permutations(SOURCES), st.integers(1, 3))
@settings(max_examples=300, deadline=None)
def test_any_course_follows_the_rules(runs: list[Any], preferred: list[str], named: int) -> None:
    """The feeds against a model that keeps everything and knows no short cuts."""
    ages = {"a": 10.0, "b": 5.0, "c": 30.0}
    feeds = Feeds(
        [feed(name, U, P, max_age=ages[name]) for name in SOURCES], {U: preferred[:named]}, 12.0
    )
    rest = [name for name in SOURCES if name not in preferred[:named]]
    ranks = {U: [*preferred[:named], *rest], P: list(SOURCES)}
    said = {point: {name: _Said(ages[name]) for name in SOURCES} for point in (U, P)}
    models = {point: _Model([said[point][n] for n in ranks[point]], 12.0) for point in (U, P)}
    now, number = 0.0, 0
    for source, frame, pause, count, looks in runs:
        for _ in range(count):
            now, number = now + pause, number + 1
            for point, quality in frame.items():
                said[point][source].frames.append((now, quality, number))
            feeds.update(source, _update(frame, number), at(now))
            if looks:
                seen = feeds.readings(at(now))
                assert seen == {point: model.reading(now) for point, model in models.items()}
        now += pause / 2
        seen = feeds.readings(at(now))
        assert seen == {point: model.reading(now) for point, model in models.items()}


def _update(frame: dict[str, Quality], number: int) -> Update:
    return Update(
        {point: Value(number, quality) for point, quality in frame.items() if quality.good},
        frozenset(point for point, quality in frame.items() if quality is ABSENT),
        frozenset(point for point, quality in frame.items() if quality is FAILED),
    )
