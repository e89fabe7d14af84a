import dataclasses
import struct
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from submeter.bacnet import present
from submeter.bacnet.fault import NOT_INITIALIZED
from submeter.pointmap import meter_map
from submeter.pointmap.meter_map import BacnetObject

ENTRIES = {entry.name: entry for entry in meter_map.load("standard").objects}
ENERGY = ENTRIES["Active_Energy_Import"]
POWER = ENTRIES["Active_Power_Total"]
PEAK = ENTRIES["Demand_Peak_Timestamp"]
UNSPECIFIED = b"\xa4\xff\xff\xff\xff\xb4\xff\xff\xff\xff"


def unsigned(image: object) -> int:
    assert isinstance(image, bytes)
    assert image[0] >> 3 == 0x04
    assert len(image) == 1 + (image[0] & 7)
    return int.from_bytes(image[1:], "big")


def in_unit(entry: BacnetObject, power: int) -> BacnetObject:
    return dataclasses.replace(entry, power=power)


@given(st.integers(0, 10**18))
def test_accumulator_counts_whole_units_exactly_and_rolls_over(milli: int) -> None:
    assert unsigned(present.encode(ENERGY, milli)) == milli // 10**6 % 2**32


@pytest.mark.parametrize(
    ("milli", "count"),
    [(999_999, 0), (1_000_000, 1), ((2**32 - 1) * 10**6 + 999_999, 2**32 - 1), (2**32 * 10**6, 0)],
)
def test_accumulator_edges(milli: int, count: int) -> None:
    assert unsigned(present.encode(ENERGY, milli)) == count


def test_accumulator_in_other_units() -> None:
    assert unsigned(present.encode(in_unit(ENERGY, -3), 1_234_567)) == 1234
    assert unsigned(present.encode(in_unit(ENERGY, 0), 7)) == 7
    assert unsigned(present.encode(in_unit(ENERGY, 3), 7)) == 7000


@pytest.mark.parametrize(
    ("value", "octets"),
    [
        (1.25, "3fa00000"),
        (0, "00000000"),
        (-2.5, "c0200000"),
        (None, "7fc00000"),
        (1e39, "7f800000"),
        (-1e39, "ff800000"),
    ],
)
def test_analog_is_a_real(value: float | None, octets: str) -> None:
    assert present.encode(POWER, value) == b"\x44" + bytes.fromhex(octets)


def test_analog_is_in_the_unit_of_the_map() -> None:
    copy = ENTRIES["Active_Energy_Import_Float"]
    assert present.encode(copy, 1_234_500_000) == b"\x44" + struct.pack(">f", 1234.5)
    assert present.encode(in_unit(POWER, 3), 1.25) == b"\x44" + struct.pack(">f", 1250)


@pytest.mark.parametrize("name", ["Phase_Loss_L1", "Reset_Demand_Peak"])
def test_binary(name: str) -> None:
    assert present.encode(ENTRIES[name], 0) == b"\x91\x00"
    assert present.encode(ENTRIES[name], 1) == b"\x91\x01"
    assert present.encode(ENTRIES[name], 1.0) == b"\x91\x01"


def test_multi_state_counts_from_one() -> None:
    assert present.encode(ENTRIES["Energy_Direction"], 0) == b"\x21\x01"
    assert present.encode(ENTRIES["Energy_Direction"], 1) == b"\x21\x02"
    assert present.encode(ENTRIES["Modbus_Baudrate"], 38400) == b"\x21\x03"


@pytest.mark.parametrize("name", ["Energy_Direction", "Phase_Loss_L1", "Active_Energy_Import"])
def test_what_has_no_unknown_value_is_not_initialized(name: str) -> None:
    assert present.encode(ENTRIES[name], None) == NOT_INITIALIZED


def test_number_that_is_no_state_is_not_initialized() -> None:
    assert present.encode(ENTRIES["Modbus_Baudrate"], 115200) == NOT_INITIALIZED
    assert present.encode(ENTRIES["Phase_Loss_L1"], 2) == NOT_INITIALIZED


def test_date_time_is_utc() -> None:
    at = datetime(2026, 2, 1, 23, 59, 58, tzinfo=UTC)  # a Sunday
    assert present.encode(PEAK, int(at.timestamp())).hex() == "a47e020107b4173b3a00"  # type: ignore[union-attr]
    assert present.encode(PEAK, None) == UNSPECIFIED
    assert present.encode(PEAK, 2**32 - 1).hex() == "a4ce020707b4061c0f00"  # type: ignore[union-attr]
