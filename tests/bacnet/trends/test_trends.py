import asyncio
import logging
from pathlib import Path

import pytest

from bacnet.trends.samples import BEGIN, POWER, Samples, minutes, shown, trends
from store.pages import opened, sample
from submeter.bacnet import clock
from submeter.bacnet.outside import Outside
from submeter.bacnet.settings import TrendSettings
from submeter.bacnet.trends import trends as module
from submeter.bacnet.trends.record_times import RecordTimes
from submeter.bacnet.trends.trends import Trends
from submeter.errors import ConfigError
from submeter.meter.audit import Audit
from submeter.store.page import Page
from submeter.store.trend import TrendHistory

KEY = "bacnet_trend:main"
DAY = 86_400


class Clock:
    now = 0.0


@pytest.fixture(autouse=True)
def _time_of_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the tests set the time; at first it is one at which a new sample is always due."""
    monkeypatch.setattr(Clock, "now", BEGIN + 1000 * DAY)
    monkeypatch.setattr(clock, "now", lambda: Clock.now)


def times_of(made: Trends) -> RecordTimes:
    (log,) = made.logs("main", shown(POWER))
    return log.times


async def restarted(samples: Samples, kept: dict[str, str], most: int = 10_000) -> RecordTimes:
    made = trends(samples, kept, most, [POWER])
    times = times_of(made)
    await made.look()
    return times


async def test_new_samples_are_followed() -> None:
    samples = Samples(minutes(5))
    made = trends(samples, points=[POWER])
    times = times_of(made)
    await made.look()
    assert (len(times), times.newest) == (5, 5)
    samples.times_now = minutes(8)
    await made.look()
    assert (len(times), times.newest, times.times[-1]) == (8, 8, samples.times_now[-1])


async def test_the_store_is_left_alone_until_a_sample_is_due() -> None:
    samples = Samples(minutes(5))
    made = trends(samples, points=[POWER])
    times = times_of(made)
    await made.look()
    samples.times_now = minutes(6)
    Clock.now = times.times[-1] + 59.9
    await made.look()
    assert len(times) == 5
    Clock.now += 0.1
    await made.look()
    assert len(times) == 6
    # The clock was set back: then there can be one at any time.
    samples.times_now = [*minutes(3), BEGIN + 125]
    Clock.now = BEGIN + 126
    await made.look()
    assert (len(times), times.newest) == (4, 7)


async def test_numbers_go_on_over_restarts_gaps_and_pruning() -> None:
    kept: dict[str, str] = {}
    samples = Samples(minutes(5))
    assert (await restarted(samples, kept)).newest == 5
    assert kept == {KEY: f"{samples.times_now[-1]} 5"}
    samples.times_now += [BEGIN + DAY + 60 * number for number in range(7)]
    assert (await restarted(samples, kept)).newest == 12
    samples.times_now = [*samples.times_now[8:], BEGIN + 2 * DAY]
    times = await restarted(samples, kept)
    assert (times.newest, times.numbers()(0), len(times)) == (13, 9, 5)
    samples.times_now = []
    times = await restarted(samples, kept)
    assert (times.newest, len(times)) == (13, 0)


async def test_numbers_go_on_where_the_buffer_is_shorter_than_the_way_from_the_anchor() -> None:
    kept: dict[str, str] = {}
    samples = Samples(minutes(10))
    assert (await restarted(samples, kept, most=3)).newest == 3
    samples.times_now = minutes(100)
    times = await restarted(samples, kept, most=3)
    assert (times.newest, len(times)) == (93, 3)


async def test_an_anchor_is_kept_once_a_day_and_when_the_clock_was_set_back() -> None:
    kept: dict[str, str] = {}
    samples = Samples(minutes(2))
    made = trends(samples, kept, points=[POWER])
    times_of(made)
    await made.look()
    first = kept[KEY]
    samples.times_now = minutes(DAY // 60 + 1)
    await made.look()
    assert kept[KEY] == first
    samples.times_now = minutes(DAY // 60 + 2)
    await made.look()
    assert kept[KEY] == f"{BEGIN + DAY + 60} {DAY // 60 + 2}"
    samples.times_now = [*minutes(5), BEGIN + 245]
    await made.look()
    assert kept[KEY] == f"{BEGIN + 245} {DAY // 60 + 3}"
    assert (await restarted(samples, kept)).newest == DAY // 60 + 3


async def test_records_that_the_store_let_go_of_are_gone_here_too() -> None:
    samples = Samples(minutes(10))
    made = trends(samples, points=[POWER])
    times = times_of(made)
    await made.look()
    samples.times_now = minutes(11)[4:]
    await made.look()
    assert (len(times), times.newest, times.numbers()(0)) == (7, 11, 5)


async def test_a_store_that_cannot_be_read_is_told_of_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    samples = Samples(minutes(5))
    made = trends(samples, points=[POWER])
    times = times_of(made)
    await made.look()
    samples.broken = True
    await made.look()
    await made.look()
    assert len(times) == 5
    samples.broken = False
    await made.look()
    await made.look()
    told = [record.message for record in caplog.records if "trends" in record.message]
    assert told == ['event=trends_wait reason="the store is gone"', "event=trends_follow"]


async def test_whatever_goes_wrong_is_told_of_once_and_tried_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    samples = Samples(minutes(5))
    samples.broken = ValueError("nobody thought of this")
    made = trends(samples, points=[POWER])
    times = times_of(made)
    await made.look()
    await made.look()
    assert not times.known
    samples.broken = False
    await made.look()
    assert len(times) == 5
    told = [record.message for record in caplog.records if "trends" in record.message]
    assert told == ["event=trends_failed", "event=trends_follow"]


async def test_a_meter_with_which_something_is_wrong_keeps_none_of_the_others(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Kept(dict[str, str]):
        def __setitem__(self, key: str, text: str) -> None:
            if key == "bacnet_trend:b":
                raise ValueError(key)
            super().__setitem__(key, text)

    kept = Kept()
    samples = Samples(minutes(5))
    made = trends(samples, kept, points=[POWER])
    logs = [made.logs(meter, shown(POWER))[0] for meter in ("a", "b", "c")]
    await made.look()
    samples.times_now = minutes(6)
    await made.look()
    assert [len(log.times) for log in logs] == [6, 6, 6]
    assert list(kept) == ["bacnet_trend:a", "bacnet_trend:c"]
    assert [record.message for record in caplog.records] == ["event=trends_failed"]


async def test_the_store_is_gone_through_once_for_all_meters() -> None:
    samples = Samples(minutes(5))
    made = trends(samples, points=[POWER])
    logs = [made.logs(f"meter {number}", shown(POWER))[0] for number in range(100)]
    await made.look()
    assert samples.passes == 1
    samples.times_now = minutes(6)
    await made.look()
    assert samples.passes == 2
    assert {log.times.newest for log in logs} == {6}


async def test_it_goes_on_after_a_failure_and_its_end_raises_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_SHORTEST_PAUSE", 0.01)
    samples = Samples(minutes(5))
    samples.broken = RuntimeError("once")
    made = trends(samples, points=[POWER], sample=1)
    times = times_of(made)
    made.start()
    async with asyncio.timeout(5):
        while samples.failures < 2:
            await asyncio.sleep(0.01)
        samples.broken = False
        while not times.known:
            await asyncio.sleep(0.01)
    samples.broken = RuntimeError("at the end")
    await made.close()


async def test_it_looks_by_itself_until_it_is_closed() -> None:
    samples = Samples(minutes(5))
    made = trends(samples, points=[POWER])
    times = times_of(made)
    made.start()
    async with asyncio.timeout(5):
        while not times.known:
            await asyncio.sleep(0.01)
    await made.close()
    await made.close()
    assert len(times) == 5


def test_a_point_that_there_is_not() -> None:
    with pytest.raises(ConfigError, match=r"bacnet\.trends\.points: .*'Nothing'"):
        trends(Samples(), points=[POWER, "Nothing"])


def test_a_point_without_an_object_has_no_log() -> None:
    assert trends(Samples(), points=[POWER]).logs("main", shown("Frequency")) == []


def test_without_a_history_there_are_no_logs() -> None:
    made = Trends(Outside(site="s", audit=Audit()), TrendSettings())
    assert made.logs("main", shown(POWER)) == []


async def test_the_store_itself(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    store = opened(path)
    await store.commit(Page(samples=[sample(number) for number in range(5)]))
    outside = Outside(site="s", audit=Audit(), history=TrendHistory(path))
    made = Trends(outside, TrendSettings(points=["Frequency"]))
    (log,) = made.logs("main", shown("Frequency"))
    await made.look()
    assert len(log.times) == 5
    # The clock goes back by two minutes and a bit, and on from there.
    back = [sample(3)._replace(at=sample(number).at + 1) for number in (2, 3, 4, 5)]
    for number, row in enumerate(back, 1):
        await store.commit(Page(samples=[row]))
        await made.look()
        assert log.times.newest == 5 + number
        assert log.times.times[-1] == row.at
    assert list(log.times.times) == [sample(n).at for n in (0, 1, 2)] + [row.at for row in back]
    assert len(log.records(log.times.times)) == 7
    await store.close()
