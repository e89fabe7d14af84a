"""The points of the demand, as a meter shows them."""

from typing import Any

import pytest

from submeter.errors import Refusal, WriteRefusedError
from submeter.meter.access import Who
from submeter.meter.energy import Energy
from submeter.meter.feed import Feed
from submeter.meter.meter import Meter
from submeter.meter.peak import Peak
from submeter.meter.reading import Quality, Reading, Update, Value
from submeter.meter.setup import Saved, Setup
from submeter.pointmap import points
from tooling import meters
from tooling.meters import at, of

POINTS = tuple(points.all_points().values())
ENERGY, POWER = "Active_Energy_Import", "Active_Power_Total"
DEMAND = "Demand_Current"
PEAK, PEAK_TIME = "Demand_Peak_Current", "Demand_Peak_Timestamp"
KWH = 1_000_000
MAX_AGE = 10.0
CLI = Who("cli", "anna")


def loaded() -> Meter:
    """Return a meter that knows a peak: 6 kW over a quarter of an hour."""
    made = meters.meter("main", POINTS, [ENERGY], MAX_AGE, Setup(largest_power=100_000))
    for second in range(0, 1800, 5):
        made.update(Update({ENERGY: Value(100 * KWH + second * 6 * KWH // 3600)}), at(second))
    meters.commit(made, at(1800))
    return made


class Bench:
    """The peak of a meter of power alone, with windows of a minute, and what is on the disk."""

    def __init__(self, disk: str | None = None) -> None:
        self.disk = disk
        self.peak = Peak(Setup(), 1, 60.0, disk)
        self.second = 0

    def run(self, kw: float, quality: Quality = Quality.MEASURED) -> None:
        """Let `kw` flow for three minutes."""
        for _ in range(18):
            self.second += 10
            self.power = Reading(kw, quality, at(self.second))
            self.peak.take(NO_INDEX, None, {POWER: self.power}, at(self.second))

    def commit(self) -> None:
        self.disk = self.peak.saved()
        self.peak.commit(self.disk)

    def shown(self, name: str) -> tuple[Any, Quality]:
        readings = dict.fromkeys((DEMAND, PEAK, PEAK_TIME), Reading(None, Quality.ABSENT))
        readings[POWER] = self.power
        self.peak.show(readings)
        return readings[name][:2]


NO_INDEX = Energy([Feed("source", {POWER: Quality.MEASURED}, MAX_AGE)], [], {}, 1e5, at(0))


def test_a_peak_is_shown_once_it_is_on_disk() -> None:
    bench = Bench()
    bench.run(2.0)
    assert bench.shown(PEAK) == bench.shown(PEAK_TIME) == (None, Quality.STALE)
    bench.commit()
    assert bench.shown(PEAK) == (2.0, Quality.DERIVED)
    end = bench.shown(PEAK_TIME)
    bench.run(5.0)
    draft = bench.peak.saved()
    assert bench.shown(PEAK) == (2.0, Quality.DERIVED), "it is only being written"
    assert bench.shown(PEAK_TIME) == end
    bench.peak.commit(draft)
    assert bench.shown(PEAK) == (5.0, Quality.DERIVED)
    assert bench.shown(PEAK_TIME)[0] > end[0]


def test_a_kill_makes_no_shown_peak_fall() -> None:
    bench = Bench()
    bench.run(2.0)
    bench.commit()
    bench.run(5.0)
    bench.peak.saved()
    seen = bench.shown(PEAK)
    again = Bench(bench.disk)
    again.run(1.0)
    assert again.shown(PEAK) == seen


def test_a_reset_is_shown_at_once_and_what_was_being_written_stays_forgotten() -> None:
    bench = Bench()
    bench.run(2.0)
    bench.commit()
    bench.run(5.0)
    draft = bench.peak.saved()
    bench.peak.reset(at(bench.second))
    assert bench.shown(PEAK) == bench.shown(PEAK_TIME) == (None, Quality.STALE)
    bench.peak.commit(draft)
    assert bench.shown(PEAK) == (None, Quality.STALE)
    bench.run(1.0)
    bench.commit()
    assert bench.shown(PEAK) == (1.0, Quality.DERIVED)


def test_of_an_estimated_power_the_demand_and_its_peak_are_estimates() -> None:
    bench = Bench()
    bench.run(2.0, Quality.ESTIMATED)
    bench.commit()
    assert bench.shown(DEMAND) == (2.0, Quality.ESTIMATED)
    assert bench.shown(PEAK) == (2.0, Quality.ESTIMATED)
    assert bench.shown(PEAK_TIME)[1] is Quality.ESTIMATED
    bench.run(1.0)
    bench.commit()
    assert bench.shown(DEMAND) == (1.0, Quality.DERIVED)
    assert bench.shown(PEAK) == (2.0, Quality.ESTIMATED), "that of the peak is remembered"
    again = Bench(bench.disk)
    again.run(1.0)
    assert again.shown(PEAK) == (2.0, Quality.ESTIMATED)
    again.run(3.0)
    again.commit()
    assert again.shown(PEAK) == (3.0, Quality.DERIVED)


def test_a_peak_that_was_saved_without_its_quality() -> None:
    bench = Bench('{"peak": 4.5, "peak_at": 1700000000}')
    bench.run(1.0)
    assert bench.shown(PEAK) == (4.5, Quality.DERIVED)
    assert bench.shown(PEAK_TIME) == (1_700_000_000, Quality.DERIVED)


def test_of_an_estimated_index_too() -> None:
    made = meters.meter("main", POINTS, {POWER: Quality.ESTIMATED}, MAX_AGE)
    for second in range(0, 1900, 5):
        made.update(Update({POWER: Value(6.0, Quality.ESTIMATED)}), at(second))
        if second % 60 == 0:
            meters.commit(made, at(second))
    assert of(made, ENERGY)[1] is Quality.ESTIMATED
    assert of(made, DEMAND) == (pytest.approx(6, abs=0.01), Quality.ESTIMATED)
    assert of(made, PEAK) == (pytest.approx(6, abs=0.01), Quality.ESTIMATED)


def test_a_peak_and_its_time_and_its_reset() -> None:
    made = loaded()
    peak, quality = of(made, PEAK)
    assert (peak, quality) == (pytest.approx(6, abs=0.01), Quality.DERIVED)
    assert 1_700_000_000 < of(made, PEAK_TIME)[0] <= 1_700_001_800
    made.write("Reset_Demand_Peak", 1, CLI, at(1800))
    assert of(made, PEAK) == (None, Quality.STALE)


def test_a_peak_survives_a_restart() -> None:
    made = loaded()
    kept = Saved(demand=made.draft(everything=True).demand)
    again = Meter("main", POINTS, [Feed("source", {ENERGY: Quality.MEASURED}, MAX_AGE)],
                  saved=kept, start=at(1900))  # fmt: skip
    assert of(again, PEAK) == of(made, PEAK)
    assert of(again, PEAK_TIME) == of(made, PEAK_TIME)


def test_an_instrument_s_own_peak_is_not_reset_here() -> None:
    made = meters.meter("main", POINTS, [ENERGY, PEAK], MAX_AGE)
    made.update(Update({PEAK: Value(7.2)}), at(1))
    assert of(made, PEAK) == (7.2, Quality.MEASURED)
    with pytest.raises(WriteRefusedError) as caught:
        made.write("Reset_Demand_Peak", 1, CLI, at(2))
    assert caught.value.reason is Refusal.UNSUPPORTED


def test_no_peak_is_told_before_a_whole_window() -> None:
    made = meters.meter("main", POINTS, [ENERGY], MAX_AGE)
    for second in range(0, 600, 5):
        made.update(Update({ENERGY: Value(second * 1000)}), at(second))
    assert of(made, PEAK) == of(made, PEAK_TIME) == (None, Quality.STALE)


def test_a_peak_of_power_alone() -> None:
    made = meters.meter("main", POINTS, [POWER], MAX_AGE)
    for second in range(0, 1900, 5):
        made.update(Update({POWER: Value(6.0)}), at(second))
    meters.commit(made, at(1900))
    assert of(made, PEAK) == (pytest.approx(6, abs=0.01), Quality.DERIVED)


def test_a_meter_without_energy_and_power_has_no_demand() -> None:
    made = meters.meter("main", POINTS, ["Frequency"], MAX_AGE)
    assert of(made, PEAK) == of(made, PEAK_TIME) == (None, Quality.ABSENT)


def test_another_interval_is_another_window() -> None:
    made = loaded()
    made.write("Reset_Demand_Peak", 1, CLI, at(1800))
    made.write("Demand_Interval", 5, CLI, at(1800))
    for second in range(1800, 2400, 5):
        energy = 103 * KWH + (second - 1800) * 12 * KWH // 3600
        made.update(Update({ENERGY: Value(energy)}), at(second))
    meters.commit(made, at(2400))
    assert of(made, PEAK)[0] == pytest.approx(12, abs=0.1)


def test_the_present_demand_is_marked_while_its_window_is_partial() -> None:
    made = meters.meter("main", POINTS, [ENERGY], MAX_AGE, Setup(largest_power=100_000))
    seen = []
    for second in range(0, 1800, 5):
        made.update(Update({ENERGY: Value(100 * KWH + second * 6 * KWH // 3600)}), at(second))
        if second % 300 == 0:
            meters.commit(made, at(second))
            seen.append(of(made, DEMAND)[1])
    assert seen == [Quality.STALE] * 4 + [Quality.DERIVED] * 2
    assert of(made, DEMAND) == (pytest.approx(6, abs=0.01), Quality.DERIVED)
    made.tick(at(1900))
    assert of(made, DEMAND)[1] is Quality.STALE, "a silent instrument has no present demand"


def test_without_energy_and_power_there_is_no_demand() -> None:
    made = meters.meter("main", POINTS, ["Voltage_L1_N"], MAX_AGE)
    assert of(made, DEMAND) == of(made, PEAK) == (None, Quality.ABSENT)


@pytest.mark.parametrize("silent", [600, 1200, 3600])
def test_frames_without_the_index_make_no_peak_of_what_they_hid(silent: int) -> None:
    made = meters.meter("main", POINTS, [ENERGY, "Frequency"], MAX_AGE, Setup(largest_power=1e5))
    for second in range(0, 4000 + silent, 5):
        numbers: dict[str, Value] = {"Frequency": Value(50.0)}
        if not 2000 <= second < 2000 + silent:
            numbers[ENERGY] = Value(100 * KWH + second * 10 * KWH // 3600)
        made.update(Update(numbers), at(second))
    meters.commit(made, at(4000 + silent))
    assert of(made, PEAK)[0] == pytest.approx(10, abs=0.01)


def test_an_exchange_that_is_booked_late_makes_no_peak() -> None:
    feed = Feed("source", {ENERGY: Quality.MEASURED}, MAX_AGE)
    made = Meter("main", POINTS, [feed], Setup(largest_power=50_000))

    def flow(first: int, last: int, instrument: str, base: int) -> None:
        for second in range(first, last, 5):
            energy = base + (second - first) * 10 * KWH // 3600
            made.update(Update({ENERGY: Value(energy)}, instrument=instrument), at(second))

    flow(0, 4000, "A", 100 * KWH)
    flow(5200, 6000, "B", 3 * KWH)  # taken into service 20 minutes later, which count
    old = 100 * KWH + 4600 * 10 * KWH // 3600
    made.swap(ENERGY, None, old, 3 * KWH - 10 * KWH // 6, CLI, at(6000))
    flow(6000, 9000, "B", 3 * KWH + 800 * 10 * KWH // 3600)
    meters.commit(made, at(9000))
    assert of(made, PEAK)[0] == pytest.approx(10, abs=0.01)
