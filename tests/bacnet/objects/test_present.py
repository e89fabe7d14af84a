"""Present_Value: exact counts, and numbers as bacpypes3 writes them."""

import dataclasses
import math
import struct
from datetime import UTC, datetime
from typing import Any

import pytest
from bacpypes3.basetypes import BinaryPV, DateTime
from bacpypes3.primitivedata import Date, Double, Real, Time, Unsigned
from hypothesis import given
from hypothesis import strategies as st

from bacnet.objects.entries import ENTRIES, LARGE
from submeter.bacnet.fault import NOT_INITIALIZED
from submeter.bacnet.objects import image, present
from submeter.bacnet.objects.quality import NO_FAULT, OVER_RANGE, UNDER_RANGE, UNRELIABLE
from submeter.pointmap.meter_map import BacnetObject

ENERGY = ENTRIES["Active_Energy_Import"]
COPY = ENTRIES["Active_Energy_Import_Float"]
POWER = ENTRIES["Active_Power_Total"]
PEAK = ENTRIES["Demand_Peak_Timestamp"]
UNSPECIFIED = b"\xa4\xff\xff\xff\xff\xb4\xff\xff\xff\xff"
INDEX = st.integers(0, 10**18)


def encode(entry: BacnetObject, value: float | None) -> Any:
    return present.encoder(entry)(value)[0]


def doubt(entry: BacnetObject, value: float | None) -> int:
    return present.encoder(entry)(value)[2]


def in_unit(entry: BacnetObject, power: int) -> BacnetObject:
    return dataclasses.replace(entry, power=power)


@given(INDEX)
def test_accumulator_counts_whole_units_exactly_and_rolls_over(milli: int) -> None:
    count = milli // 10**6 % 2**32
    assert present.encoder(ENERGY)(milli) == (image.encode(Unsigned(count)), count, NO_FAULT)


@pytest.mark.parametrize(
    ("milli", "count"),
    [(999_999, 0), (1_000_000, 1), ((2**32 - 1) * 10**6 + 999_999, 2**32 - 1), (2**32 * 10**6, 0)],
)
def test_accumulator_edges(milli: int, count: int) -> None:
    assert present.encoder(ENERGY)(milli)[1] == count


@pytest.mark.parametrize(
    ("power", "milli", "count"), [(-3, 1_999_999, 1999), (0, 7, 7), (3, 7, 7000)]
)
def test_accumulator_in_other_units(power: int, milli: int, count: int) -> None:
    assert encode(in_unit(ENERGY, power), milli) == image.encode(Unsigned(count))


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_real(number: float) -> None:
    assert encode(POWER, number) == image.encode(Real(number))


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_double(number: float) -> None:
    found = present.encoder(LARGE["Active_Power_Total"])(number)
    assert found[:2] == (image.encode(Double(number)), number)


@given(INDEX)
def test_energy_as_real_and_double(milli: int) -> None:
    assert encode(COPY, milli) == image.encode(Real(milli / 10**6))
    double = encode(LARGE["Active_Energy_Import_Float"], milli)
    assert double == image.encode(Double(milli / 10**6))


@pytest.mark.parametrize(
    ("value", "octets"),
    [
        (1.25, "3fa00000"),
        (0, "00000000"),
        (-2.5, "c0200000"),
        (None, "7fc00000"),
        (math.nan, "7fc00000"),
        (1e39, "7f800000"),
        (-1e39, "ff800000"),
    ],
)
def test_analog_is_a_real(value: float | None, octets: str) -> None:
    assert encode(POWER, value) == b"\x44" + bytes.fromhex(octets)


def test_unknown_double_is_not_a_number() -> None:
    assert encode(LARGE["Active_Power_Total"], None) == b"\x55\x08" + struct.pack(">d", math.nan)


def test_analog_is_in_the_unit_of_the_map() -> None:
    assert present.encoder(COPY)(1_234_500_000) == (image.encode(Real(1234.5)), 1234.5, NO_FAULT)
    assert present.encoder(in_unit(POWER, 3))(1.25) == (image.encode(Real(1250.0)), 1250, NO_FAULT)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("Active_Power_Total", 5000, NO_FAULT),
        ("Active_Power_Total", 5000.1, OVER_RANGE),
        ("Active_Power_Total", -5000, NO_FAULT),
        ("Active_Power_Total", -5000.1, UNDER_RANGE),
        ("Apparent_Power_Total", -0.1, UNDER_RANGE),
        ("Voltage_L1_N", -0.1, UNDER_RANGE),
        ("Voltage_L1_N", 500.1, OVER_RANGE),
        ("Power_Factor_Total", -1, NO_FAULT),
        ("Active_Energy_Import_Float", 10**18, NO_FAULT),
        ("Demand_Interval", 61, NO_FAULT),
        ("Active_Power_Total", math.inf, OVER_RANGE),
        ("Active_Power_Total", math.nan, UNRELIABLE),
        ("Active_Power_Total", None, UNRELIABLE),
    ],
)
def test_range(name: str, value: float | None, expected: int) -> None:
    assert doubt(ENTRIES[name], value) == expected


def test_range_is_that_of_the_reading_whatever_the_unit_of_the_object() -> None:
    assert doubt(in_unit(POWER, 3), 4999) == NO_FAULT
    assert doubt(in_unit(POWER, 3), 5001) == OVER_RANGE


@pytest.mark.parametrize("name", ["Phase_Loss_L1", "Reset_Demand_Peak"])
@pytest.mark.parametrize("state", [0, 1, 1.0])
def test_binary(name: str, state: float) -> None:
    octets = image.encode(BinaryPV(int(state)))
    assert present.encoder(ENTRIES[name])(state) == (octets, state, NO_FAULT)


def test_multi_state_counts_from_one() -> None:
    assert present.encoder(ENTRIES["Energy_Direction"])(0) == (b"\x21\x01", 1, NO_FAULT)
    assert encode(ENTRIES["Energy_Direction"], 1) == b"\x21\x02"
    assert encode(ENTRIES["Modbus_Baudrate"], 38400) == b"\x21\x03"


@pytest.mark.parametrize("name", ["Energy_Direction", "Phase_Loss_L1", "Active_Energy_Import"])
def test_what_has_no_unknown_value_is_not_initialized(name: str) -> None:
    assert present.encoder(ENTRIES[name])(None) == (NOT_INITIALIZED, None, UNRELIABLE)


@pytest.mark.parametrize(("name", "value"), [("Modbus_Baudrate", 115200), ("Phase_Loss_L1", 2)])
def test_number_that_is_no_state_is_not_initialized(name: str, value: int) -> None:
    assert present.encoder(ENTRIES[name])(value) == (NOT_INITIALIZED, None, UNRELIABLE)


@given(st.integers(0, 2**32 - 1))
def test_date_time_is_utc(second: int) -> None:
    at = datetime.fromtimestamp(second, UTC)
    date = Date((at.year - 1900, at.month, at.day, at.isoweekday()))
    expected = DateTime(date=date, time=Time((at.hour, at.minute, at.second, 0)))
    assert present.encoder(PEAK)(second) == (image.encode(expected), second, NO_FAULT)


@pytest.mark.parametrize("value", [None, -1, 2**32, math.inf, math.nan])
def test_time_that_cannot_be_is_unspecified(value: float | None) -> None:
    assert present.encoder(PEAK)(value) == (UNSPECIFIED, None, UNRELIABLE)
