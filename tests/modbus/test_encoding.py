import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modbus.wire import register
from submeter.modbus.encoding import encode
from submeter.pointmap.address import Table
from submeter.pointmap.meter_map import Invalid

INVALID = Invalid()
VOLTAGE = register("Voltage_L1_N", Table.HOLDING, 0, "float32")
ENERGY_KWH = register("Active_Energy_Import", Table.INPUT, 0, "float32", power=-6)
ENERGY_WH = register("Active_Energy_Import", Table.INPUT, 0, "int64", power=-3)
TIME = register("Demand_Peak_Timestamp", Table.HOLDING, 0, "uint32")
NAN = bytes.fromhex("7fc00000")


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_float32_round_trip(number: float) -> None:
    assert struct.unpack(">f", encode(number, VOLTAGE, INVALID)) == (number,)


@given(st.integers(-(2**70), 2**70))
def test_int64_counts_complete_watt_hours(milli: int) -> None:
    data = encode(milli, ENERGY_WH, INVALID)
    whole = milli // 1000
    if -(2**63) <= whole < 2**63:
        assert int.from_bytes(data, signed=True) == whole
    else:
        assert data == bytes.fromhex("8000000000000000")


@given(st.floats() | st.integers())
def test_every_number_has_an_encoding(number: float) -> None:
    for place, size in ((VOLTAGE, 4), (ENERGY_KWH, 4), (ENERGY_WH, 8), (TIME, 4)):
        assert len(encode(number, place, INVALID)) == size


def test_an_index_is_exact_in_wh_and_nearest_in_kwh() -> None:
    milli = 999_999_999_999
    assert int.from_bytes(encode(milli, ENERGY_WH, INVALID)) == 999_999_999
    assert encode(milli, ENERGY_KWH, INVALID) == struct.pack(">f", 999_999.999999)


def test_an_index_beyond_a_double_stays_exact() -> None:
    milli = (2**53 + 1) * 1000 + 999
    assert int.from_bytes(encode(milli, ENERGY_WH, INVALID)) == 2**53 + 1


@pytest.mark.parametrize(
    "number", [None, math.nan, math.inf, -math.inf, 3.5e38, 10**400], ids=str.__call__
)
def test_what_a_float_cannot_hold_reads_as_nan(number: float | None) -> None:
    assert encode(number, VOLTAGE, INVALID) == NAN


@pytest.mark.parametrize("number", [None, -1, 1 << 32, math.nan, math.inf])
def test_what_a_time_cannot_be_reads_as_all_ones(number: float | None) -> None:
    assert encode(number, TIME, INVALID) == b"\xff\xff\xff\xff"


@pytest.mark.parametrize("number", [1_700_000_000, 1_700_000_000.9])
def test_a_time_is_whole_seconds(number: float) -> None:
    assert int.from_bytes(encode(number, TIME, INVALID)) == 1_700_000_000


def test_an_analog_float_is_rounded_to_the_nearest_integer() -> None:
    millivolts = register("Voltage_L1_N", Table.INPUT, 0, "int64", power=3)
    assert int.from_bytes(encode(1.005, millivolts, INVALID)) == 1005


def test_the_map_chooses_the_invalid_pattern() -> None:
    assert encode(None, VOLTAGE, Invalid(float32=0x7F800001)) == bytes.fromhex("7f800001")


def test_a_bit_has_no_registers() -> None:
    with pytest.raises(ValueError, match="is a bit"):
        encode(1, register("Meter_Error", Table.DISCRETE, 0), INVALID)
