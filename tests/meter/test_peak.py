"""The points of the demand, as a meter shows them."""

from typing import Any

import pytest

from submeter.errors import Refusal, WriteRefusedError
from submeter.meter.access import Who
from submeter.meter.feed import Feed
from submeter.meter.instant import Instant
from submeter.meter.meter import Meter
from submeter.meter.reading import Quality, Update, Value
from submeter.meter.setup import Saved, Setup
from submeter.pointmap import points
from tooling import meters

POINTS = tuple(points.all_points().values())
ENERGY, POWER = "Active_Energy_Import", "Active_Power_Total"
DEMAND = "Demand_Current"
PEAK, PEAK_TIME = "Demand_Peak_Current", "Demand_Peak_Timestamp"
KWH = 1_000_000
MAX_AGE = 10.0
CLI = Who("cli", "anna")


def at(second: float) -> Instant:
    return Instant(second, 1_700_000_000 + second)


def of(made: Meter, name: str) -> tuple[Any, Quality]:
    return made.readings[name][:2]


def loaded() -> Meter:
    """Return a meter that knows a peak: 6 kW over a quarter of an hour."""
    made = meters.meter("main", POINTS, [ENERGY], MAX_AGE, Setup(largest_power=100_000))
    for second in range(0, 1800, 5):
        made.update(Update({ENERGY: Value(100 * KWH + second * 6 * KWH // 3600)}), at(second))
    return made


def test_a_peak_and_its_time_and_its_reset() -> None:
    made = loaded()
    peak, quality = of(made, PEAK)
    assert (peak, quality) == (pytest.approx(6, abs=0.01), Quality.DERIVED)
    assert 1_700_000_000 < of(made, PEAK_TIME)[0] <= 1_700_001_800
    made.write("Reset_Demand_Peak", 1, CLI, at(1800))
    assert of(made, PEAK) == (None, Quality.STALE)


def test_a_peak_survives_a_restart() -> None:
    made = loaded()
    kept = Saved(demand=made.draft().demand)
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
