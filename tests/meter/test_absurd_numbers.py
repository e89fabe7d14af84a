"""Numbers that no instrument can mean: they cost the point, and nothing else."""

import math

import pytest

from submeter.meter.feed import Dial, Feed
from submeter.meter.instant import Instant
from submeter.meter.meter import Meter
from submeter.meter.reading import LARGEST, Quality, Update, Value
from submeter.pointmap import points

INDEX, VOLTAGE, CURRENT = "Active_Energy_Import", "Voltage_L1_N", "Current_L1"


def made() -> Meter:
    expected = dict.fromkeys((INDEX, VOLTAGE, CURRENT), Quality.MEASURED)
    return Meter("m", points.all_points().values(), [Feed("s", expected, 60.0, {INDEX: Dial()})])


def says(meter: Meter, at: float, **numbers: float) -> None:
    values = {name: Value(number) for name, number in numbers.items()}
    meter.update(Update(values, instrument="A"), Instant(at, 1e9 + at))


@pytest.mark.parametrize("number", [1e300, -1e300, math.inf, math.nan, 2**63, 10**400])
def test_a_value_beyond_measure_has_failed_and_the_others_are_well(number: float) -> None:
    meter = made()
    says(meter, 1, Voltage_L1_N=231.0, Current_L1=5.0)
    says(meter, 2, Voltage_L1_N=number, Current_L1=6.0)
    assert meter.readings[VOLTAGE][:2] == (231.0, Quality.FAILED)
    assert meter.readings[CURRENT][:2] == (6.0, Quality.MEASURED)


@pytest.mark.parametrize("number", [2**63, 10**400, LARGEST])
def test_an_index_beyond_measure_is_never_counted(number: int) -> None:
    meter = made()
    for at in range(5):
        says(meter, at, Active_Energy_Import=number)
    assert meter.energy.totals[INDEX] is None
    assert meter.readings["Index_Readings_Refused"].value == 5
    refused = [entry for entry in meter.audit.take() if entry.event == "index_refused"]
    assert len(refused) == 1, "told once"
    for at in range(5, 10):
        says(meter, at, Active_Energy_Import=1000)
    assert meter.energy.totals[INDEX] == 1000


@pytest.mark.parametrize("power", [1e300, math.inf, math.nan, 1e12])
def test_no_energy_is_made_of_a_power_beyond_measure(power: float) -> None:
    expected = {"Active_Power_Total": Quality.MEASURED}
    meter = Meter("m", points.standard().values(), [Feed("s", expected, 60.0)])
    for at in range(5):
        says(meter, at, Active_Power_Total=1.0)
    before = meter.energy.totals[INDEX]
    says(meter, 5, Active_Power_Total=power)
    for at in range(6, 10):
        says(meter, at, Active_Power_Total=1.0)
    after = meter.energy.totals[INDEX]
    assert before is not None
    assert after is not None
    assert 0 <= after - before <= 2_000_000 * 6 // 3.6
