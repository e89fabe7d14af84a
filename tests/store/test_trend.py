from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store.pages import BEGIN, POINTS, opened, sample
from submeter.errors import StoreError
from submeter.store import trend
from submeter.store.page import Page, SampleRow
from submeter.store.store import Store
from submeter.store.trend import TrendHistory

EVER = -1

FREQUENCY = [each for each in POINTS if each.name == "Frequency"]


def at(*numbers: int) -> list[int]:
    return [sample(number).at for number in numbers]


def row(second: int, value: float, meter: str = "a") -> SampleRow:
    return SampleRow(second, meter, {"Frequency": value}, None)


def times(history: TrendHistory, meter: str, after: int, most: int) -> list[int]:
    return list(history.times({meter: after}, most)[meter])


async def filled(path: Path, rows: list[SampleRow]) -> TrendHistory:
    store = opened(path)
    await store.commit(Page(samples=rows))
    await store.close()
    return TrendHistory(path)


async def test_the_last_times_of_one_meter(tmp_path: Path) -> None:
    rows = [sample(number, meter) for number in range(5) for meter in ("a", "b", "c")]
    history = await filled(tmp_path / "s.db", rows)
    assert times(history, "b", EVER, 100) == at(0, 1, 2, 3, 4)
    assert times(history, "b", EVER, 2) == at(3, 4)
    assert times(history, "b", at(2)[0], 100) == at(3, 4)
    assert times(history, "b", at(4)[0], 100) == []
    assert times(history, "nobody", EVER, 100) == []


async def test_the_last_times_of_all_meters(tmp_path: Path) -> None:
    rows = [sample(number, meter) for number in range(50) for meter in ("a", "b")]
    # One that came late, and one that has gaps: what is theirs lies among more of the others.
    rows += [sample(number, "late") for number in (48, 49)]
    rows += [sample(number, "gaps") for number in range(0, 50, 7)]
    history = await filled(tmp_path / "s.db", rows)
    meters = ("a", "b", "late", "gaps", "nobody")
    found = history.times(dict.fromkeys(meters, EVER), 5)
    assert {meter: list(found[meter]) for meter in meters} == {
        "a": at(45, 46, 47, 48, 49),
        "b": at(45, 46, 47, 48, 49),
        "late": at(48, 49),
        "gaps": at(21, 28, 35, 42, 49),
        "nobody": [],
    }
    found = history.times({"a": at(47)[0], "gaps": at(30)[0]}, 5)
    assert list(found["a"]) == at(48, 49)
    assert list(found["gaps"]) == at(35, 42, 49)
    assert history.times({}, 5) == {}


async def test_the_oldest_sample_of_all(tmp_path: Path) -> None:
    history = await filled(tmp_path / "s.db", [])
    assert history.oldest() is None
    history = await filled(tmp_path / "t.db", [row(160, 1), row(100, 1, "b"), row(220, 1)])
    assert history.oldest() == 100


async def test_values_of_a_span(tmp_path: Path) -> None:
    rows = [sample(0), sample(1)._replace(values={}), sample(2), sample(3), sample(1, "other")]
    history = await filled(tmp_path / "s.db", rows)
    first, second, third, _ = at(0, 1, 2, 3)
    found = history.values("main", "Frequency", first, third)
    assert found == [(first, 50.5), (second, None), (third, 50.5)]
    assert history.values("main", "Frequency", 0, first - 1) == []
    with pytest.raises(StoreError, match="keeps no point Nothing"):
        history.values("main", "Nothing", 0, 1)


def test_without_a_store(tmp_path: Path) -> None:
    with pytest.raises(StoreError):
        TrendHistory(tmp_path / "s.db").times({"a": EVER}, 1)


async def test_after_the_clock_was_set_back_the_later_samples_count(tmp_path: Path) -> None:
    seconds = [100, 160, 220, 280, 160, 225, 285]
    rows = [row(second, number) for number, second in enumerate(seconds)]
    history = await filled(tmp_path / "s.db", rows)
    assert times(history, "a", EVER, 100) == [100, 160, 225, 285]
    assert dict(history.values("a", "Frequency", 100, 160)) == {100: 0, 160: 4}


async def test_a_time_far_ahead_does_not_hide_what_comes_after_it(tmp_path: Path) -> None:
    rows = [row(100, 1), row(10_000_000, 2), row(10_000_060, 3), row(160, 4), row(220, 5)]
    history = await filled(tmp_path / "s.db", rows)
    assert times(history, "a", EVER, 2) == [160, 220]
    assert times(history, "a", 159, 2) == [160, 220]
    # What was asked for is gone, which tells the one who asks.
    assert times(history, "a", 10_000_059, 2) == []


async def test_a_meter_that_is_not_sampled_any_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trend, "_RECENT", 3)
    rows = [sample(0, "gone"), sample(1, "gone"), *(sample(number) for number in range(5))]
    history = await filled(tmp_path / "s.db", rows)
    assert times(history, "gone", EVER, 100) == at(0, 1)


async def test_a_time_that_no_face_can_say_is_left_out(tmp_path: Path) -> None:
    rows = [row(100, 1), row(1 << 33, 2)]
    history = await filled(tmp_path / "s.db", rows)
    assert times(history, "a", EVER, 100) == [100]


@settings(max_examples=40, deadline=None)
@given(seconds=st.lists(st.integers(0, 12), max_size=12), after=st.integers(-1, 12))
async def test_a_sample_is_left_out_where_a_later_one_has_its_time_or_one_before(
    tmp_path_factory: pytest.TempPathFactory, seconds: list[int], after: int
) -> None:
    path = tmp_path_factory.mktemp("h") / "s.db"
    store = Store.open(path, FREQUENCY)
    rows = [row(BEGIN + second, number) for number, second in enumerate(seconds)]
    await store.commit(Page(samples=rows))
    await store.close()
    expected = [
        second
        for number, second in enumerate(seconds)
        if all(later > second for later in seconds[number + 1 :])
    ]
    history = TrendHistory(path)
    everything = [BEGIN + second for second in expected]
    assert times(history, "a", EVER, 100) == everything
    assert times(history, "a", BEGIN + after, 100) == [t for t in everything if t > BEGIN + after]
    values = dict(history.values("a", "Frequency", 0, BEGIN + 12))
    last = {BEGIN + second: number for number, second in enumerate(seconds)}
    assert {at: values[at] for at in everything} == {at: last[at] for at in everything}


@settings(max_examples=40, deadline=None)
@given(
    taken=st.lists(st.tuples(st.integers(0, 12), st.sampled_from("abc")), max_size=20),
    after=st.fixed_dictionaries({meter: st.integers(-1, 12) for meter in "abc"}),
    most=st.integers(1, 8),
)
async def test_many_meters_at_once_are_each_of_them_alone(
    tmp_path_factory: pytest.TempPathFactory,
    taken: list[tuple[int, str]],
    after: dict[str, int],
    most: int,
) -> None:
    path = tmp_path_factory.mktemp("h") / "s.db"
    store = Store.open(path, FREQUENCY)
    await store.commit(Page(samples=[row(BEGIN + second, 1, meter) for second, meter in taken]))
    await store.close()
    history = TrendHistory(path)
    asked = {meter: BEGIN + second for meter, second in after.items()}
    together = history.times(asked, most)
    for meter, start in asked.items():
        assert list(together[meter]) == times(history, meter, start, most)
