"""Interval records: contiguous, on boundaries, none twice, whatever the clock does."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from submeter.meter.clock import Clock
from submeter.meter.instant import Instant
from submeter.meter.interval import LENGTH, Interval, Spread
from submeter.meter.interval_record import LONGEST, IntervalRecord
from submeter.meter.reading import Quality, Reading

TEN = 1_700_002_800  # a quarter of an hour on the UTC clock
assert TEN % LENGTH == 0
INDEXES = ("Active_Energy_Import", "Active_Energy_Export")
M = Quality.MEASURED


def readings(
    kw: float | None = 1.0, quality: Quality = M, index: Quality = M, volts: float = 230.0
) -> Mapping[str, Reading]:
    return {
        "Active_Energy_Import": Reading(5, index),
        "Active_Energy_Export": Reading(None, Quality.ABSENT),
        "Active_Power_Total": Reading(kw, quality),
        "Voltage_L1_N": Reading(volts, M),
        "Voltage_L2_N": Reading(None, Quality.ABSENT),
        "Voltage_L3_N": Reading(231.0, Quality.FAILED),
    }


def rounded(spread: Spread | None) -> Spread | None:
    return spread and Spread(spread.least, round(spread.mean, 2), spread.most)


@dataclass
class Bench:
    """A record that is looked at once a second; the import counts 1 mWh a second."""

    utc: float = TEN - 5.0
    mono: float = 100.0
    total: int = 7000
    last: Interval | None = None
    sure: bool = True
    closed: list[Interval] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        """Start the program, with what was stored."""
        self.record = IntervalRecord("main", INDEXES, self.last)
        self.clock = Clock()

    def look(self, seen: Mapping[str, Reading] | None = None, seconds: float = 1.0) -> None:
        self.pause(seconds)
        now = Instant(self.mono, self.utc)
        if self.clock.take(now) is not None:
            self.record.step()
        self.record.take(seen or readings(), now)
        totals = {"Active_Energy_Import": self.total, "Active_Energy_Export": None}
        record = self.record.close(totals, now, self.sure)
        if record is not None:
            self.closed.append(record)
            self.last = record

    def until(self, utc: float, seen: Mapping[str, Reading] | None = None) -> None:
        while self.utc < utc:
            self.look(seen)

    def pause(self, seconds: float) -> None:
        """Let time pass without a look."""
        self.utc += seconds
        self.mono += seconds
        self.total += int(seconds)


def test_a_quarter_of_an_hour() -> None:
    bench = Bench()
    bench.until(TEN + 300, readings(1.0))
    bench.until(TEN + 900, readings(4.0, volts=220.0))
    [record] = bench.closed
    assert (record.meter, record.start, record.end) == ("main", TEN, TEN + 900)
    assert record.indexes["Active_Energy_Import"] == (7005, 7905)
    assert record.indexes["Active_Energy_Export"] == (None, None)
    assert rounded(record.power) == (1.0, 3.0, 4.0)
    assert rounded(record.voltages[0]) == (220.0, 223.33, 230.0)
    assert record.voltages[1:] == (None, None)
    assert (record.quality, record.covered) == ("measured", 900)
    assert not record.recovered
    assert not record.stepped


def test_the_next_one_goes_on_where_the_last_one_ended() -> None:
    bench = Bench()
    bench.until(TEN + 2700)
    assert [each.start for each in bench.closed] == [TEN, TEN + 900, TEN + 1800]
    assert [each.indexes["Active_Energy_Import"] for each in bench.closed] == [
        (7005, 7905),
        (7905, 8805),
        (8805, 9705),
    ]


def test_a_partial_first_quarter_is_not_recorded() -> None:
    bench = Bench(utc=TEN + 1.0)
    bench.until(TEN + 899)
    assert bench.record.start is None
    bench.until(TEN + 1799)
    assert bench.closed == []
    bench.until(TEN + 1800)
    assert bench.closed[0].start == TEN + 900


def test_a_clock_that_is_set_before_the_first_record_starts_none_amid_a_quarter() -> None:
    bench = Bench(utc=40.0)
    bench.look()
    bench.utc = TEN + 400.0
    bench.until(TEN + 1800)
    [record] = bench.closed
    assert record.start == TEN + 900
    assert not record.stepped
    near = Bench(utc=TEN + 100.0)
    near.look()
    near.utc = TEN + 1300.0
    near.until(TEN + 2700)
    assert [each.start for each in near.closed] == [TEN + 1800]
    backward = Bench(utc=TEN + 3000.0)
    backward.look()
    backward.utc = TEN + 10.0
    backward.until(TEN + 1800)
    assert [each.start for each in backward.closed] == [TEN + 900]


def test_mean_is_weighted_by_time() -> None:
    bench = Bench(utc=TEN - 2.0)
    bench.until(TEN)
    bench.look(readings(1.0))
    bench.look(readings(2.0), seconds=9.0)
    bench.until(TEN + 900, readings(None, Quality.STALE))
    [record] = bench.closed
    assert rounded(record.power) == (1.0, 1.9, 2.0)
    assert record.covered == 10


def test_a_value_that_is_not_good_covers_nothing() -> None:
    bench = Bench()
    bench.until(TEN + 900, readings(5.0, Quality.STALE))
    assert bench.closed[0].power is None
    assert bench.closed[0].covered == 0


def test_a_pause_between_looks_covers_nothing() -> None:
    bench = Bench()
    bench.until(TEN + 100)
    bench.look(readings(999.0), seconds=LONGEST + 1)
    bench.until(TEN + 900)
    assert bench.closed[0].covered == 889
    assert bench.closed[0].power == Spread(1.0, 1.0, 1.0)


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        ([M, Quality.DERIVED, M], "derived"),
        ([Quality.STALE, M], "stale"),
        ([Quality.FAILED, Quality.STALE], "failed"),
        ([Quality.ESTIMATED], "estimated"),
        ([Quality.ABSENT], "absent"),
        ([Quality.ABSENT, M], "measured"),
    ],
)
def test_the_worst_quality_of_the_index(seen: list[Quality], expected: str) -> None:
    bench = Bench(utc=TEN - 2.0)
    bench.look(readings(index=Quality.FAILED))
    bench.look(readings(index=Quality.FAILED))
    for quality in seen:
        bench.look(readings(index=quality))
    bench.until(TEN + 900, readings(index=seen[-1]))
    assert bench.closed[0].quality == expected


def test_a_restart_goes_on_with_what_is_stored() -> None:
    bench = Bench()
    bench.until(TEN + 1000)
    bench.pause(60)
    bench.start()
    assert bench.record.start == TEN + 900
    bench.until(TEN + 2700)
    first, second, third = bench.closed
    assert [each.recovered for each in bench.closed] == [False, True, False]
    assert second.indexes["Active_Energy_Import"] == (7905, 8805)
    assert second.covered < 850
    assert first.end == second.start
    assert second.end == third.start


def test_hours_without_the_program_are_one_record() -> None:
    bench = Bench()
    bench.until(TEN + 1000)
    bench.pause(4 * 3600)
    bench.start()
    bench.until(TEN + 5 * 3600)
    _, long, after, *rest = bench.closed
    assert (long.start, long.end) == (TEN + 900, TEN + 900 + 4 * 3600)
    assert long.recovered
    assert long.power is None
    assert after.recovered  # the program came up amid this one
    assert not any(each.recovered or each.end - each.start != LENGTH for each in rest)


def test_a_point_that_was_not_recorded_before_begins_unknown() -> None:
    bench = Bench()
    bench.until(TEN + 900)
    record = IntervalRecord("main", ("Active_Energy_Import", "Reactive_Energy_Import"), bench.last)
    closed = record.close(
        {"Active_Energy_Import": 9000, "Reactive_Energy_Import": 3},
        Instant(5.0, TEN + 1800.0),
        sure=False,
    )
    assert closed is not None
    assert closed.indexes == {
        "Active_Energy_Import": (7905, 9000),
        "Reactive_Energy_Import": (None, 3),
    }
    assert closed.quality == "stale"  # nobody looked


def test_a_clock_that_is_set_forward_makes_one_long_record() -> None:
    bench = Bench()
    bench.until(TEN + 400)
    bench.utc += 3 * 3600
    bench.until(TEN + 4 * 3600)
    long, after, *rest = bench.closed
    assert (long.start, long.end) == (TEN, TEN + 3 * 3600)
    assert long.stepped
    assert after.stepped  # the clock was set to a moment amid this one
    assert not any(each.stepped for each in rest)
    assert after.covered < LENGTH


def test_a_clock_that_is_set_backward_closes_nothing_twice() -> None:
    bench = Bench()
    bench.until(TEN + 1000)
    bench.utc -= 700
    bench.until(TEN + 2700)
    assert [each.start for each in bench.closed] == [TEN, TEN + 900, TEN + 1800]
    assert [each.stepped for each in bench.closed] == [False, True, False]
    assert bench.closed[1].covered == LENGTH
    assert bench.closed[1].indexes["Active_Energy_Import"] == (7905, 7905 + 1600)


YEARS = 14 * 365 * 86_400


def test_a_boot_with_a_clock_far_ahead_closes_nothing() -> None:
    bench = Bench()
    bench.until(TEN + 1000)
    bench.pause(300)
    bench.start()
    bench.sure = False
    bench.utc += YEARS
    bench.until(TEN + YEARS + 3600)
    assert len(bench.closed) == 1
    bench.utc -= YEARS
    bench.until(TEN + 2 * 3600)
    bench.sure = True
    bench.until(TEN + 3 * 3600)
    assert [each.end - each.start for each in bench.closed[2:]] == [LENGTH] * 8
    assert bench.closed[1].start == TEN + 900
    assert bench.closed[1].stepped


def test_no_first_record_begins_by_a_clock_far_ahead() -> None:
    bench = Bench(utc=TEN + YEARS - 5.0, sure=False)
    bench.until(TEN + YEARS + 2000)
    assert bench.record.start is None
    bench.utc -= YEARS
    bench.sure = True
    bench.until(TEN + 2 * 3600)
    assert [each.start for each in bench.closed] == [TEN + 900 * n for n in range(3, 8)]


def test_days_without_the_program_are_closed_once_the_clock_is_known_to_be_right() -> None:
    bench = Bench()
    bench.until(TEN + 1000)
    bench.pause(3 * 86_400)
    bench.start()
    bench.sure = False
    bench.until(bench.utc + 2000)
    assert len(bench.closed) == 1
    bench.sure = True
    bench.until(bench.utc + 2000)
    _, long, after, *_ = bench.closed
    assert long.start == TEN + 900
    assert long.end - long.start > 3 * 86_400
    assert long.end == after.start
    assert long.recovered
    assert after.recovered
    assert long.covered > 1900, "it was measured while it waited"


def test_a_day_is_closed_by_any_clock() -> None:
    bench = Bench()
    bench.until(TEN + 900)
    bench.sure = False
    for seconds, count in ((86_400 + 5, 2), (86_400 + 900, 2)):
        bench.pause(seconds)
        bench.start()
        bench.look()
        assert len(bench.closed) == count
    assert bench.closed[1].end - bench.closed[1].start == 86_400


STEPS = st.one_of(
    st.tuples(st.just("run"), st.floats(1, 2000)),
    st.tuples(st.just("clock"), st.floats(-20000, 20000)),
    st.tuples(st.just("pause"), st.floats(0, 5000)),
    st.tuples(st.just("restart"), st.floats(0, 5000)),
    st.tuples(st.just("doubt"), st.floats(0, 200_000)),
)


@settings(max_examples=60, deadline=None)
@given(st.floats(0, 900), st.lists(STEPS, max_size=25))
def test_no_clock_and_no_restart_breaks_the_chain(
    begin: float, steps: list[tuple[str, float]]
) -> None:
    bench = Bench(utc=TEN + begin)
    before = 0
    for kind, amount in steps:
        restarted = kind == "restart" and bench.last is not None
        if kind == "run":
            for _ in range(int(amount // 20)):
                bench.look(seconds=20.0)
        elif kind == "clock":
            bench.utc += amount
        elif kind == "doubt":
            bench.sure = not bench.sure
            bench.utc += amount
        else:
            bench.pause(amount)
            if kind == "restart":
                bench.start()
        bench.look()
        fresh = bench.closed[before:]
        assert kind == "run" or len(fresh) <= 1
        assert not restarted or not fresh or fresh[0].recovered
        before = len(bench.closed)
    for record in bench.closed:
        assert record.start % LENGTH == record.end % LENGTH == 0
        assert record.start < record.end <= TEN + 10**7
        assert 0 <= record.covered <= record.end - record.start
        first, last = record.indexes["Active_Energy_Import"]
        assert first is not None
        assert last is not None
        assert first <= last
    for one, other in zip(bench.closed, bench.closed[1:], strict=False):
        assert one.end == other.start
        assert one.indexes["Active_Energy_Import"][1] == other.indexes["Active_Energy_Import"][0]
