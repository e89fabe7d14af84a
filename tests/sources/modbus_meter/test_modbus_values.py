"""From registers to readings: signs, scales, patterns, exact indexes."""

import math
import struct
from pathlib import Path

import pytest

from submeter.pointmap import meter_map
from submeter.pointmap.meter_map import MeterMap
from submeter.pointmap.register_codec import encode
from submeter.sources.modbus_meter.backwards import plan
from submeter.sources.modbus_meter.blocks import Heard, Piece
from submeter.sources.modbus_meter.values import Known, known
from tooling import small_map

FACTOR, POWER, ENERGY = "Power_Factor_Total", "Active_Power_Total", "Active_Energy_Import"


def read(chosen: MeterMap, **words: str) -> Known:
    """Return what is known when these points, scales and validity bits have these bytes."""
    found, heard = plan(chosen), Heard()
    for name, data in words.items():
        place = found.places.get(name) or found.scales.get(name)
        span = place.span if place else found.validity[name.removeprefix("valid_")]
        heard.pieces[span] = Piece(bytes.fromhex(data), b"")
    return known(found, heard)


def factors(folder: Path, how: str) -> MeterMap:
    return small_map.read(
        folder,
        f"point: {FACTOR}, at: HR 1, type: float32, reactive: Reactive_Power_Total, factor: {how}",
        f"point: {POWER}, at: HR 3, type: int32, unit: W",
    )


@pytest.mark.parametrize(
    ("how", "written", "watts", "factor"),
    [
        ("four-quadrant", 0.9, 100, 0.9),
        ("four-quadrant", 1.1, 100, 0.9),
        ("four-quadrant", -0.9, -100, -0.9),
        ("four-quadrant", -1.1, -100, -0.9),
        ("four-quadrant", 2.0, 0, 0.0),
        ("inductive-negative", -0.9, 100, 0.9),
        ("inductive-negative", 0.9, -100, -0.9),
        ("capacitive-negative", -0.9, -100, -0.9),
        ("capacitive-negative", 0.9, 100, 0.9),
        ("capacitive-negative", -1.0, 0, 1.0),
    ],
)
def test_power_factors_get_the_sign_of_the_active_power(
    tmp_path: Path, how: str, written: float, watts: int, factor: float
) -> None:
    words = {FACTOR: struct.pack(">f", written).hex(), POWER: struct.pack(">i", watts).hex()}
    found = read(factors(tmp_path, how), **words)
    assert found.values[FACTOR] == pytest.approx(factor, abs=1e-6)
    assert not found.failed


def test_power_factors_that_cannot_be_have_failed(tmp_path: Path) -> None:
    for how, written in (("four-quadrant", 3.5), ("inductive-negative", -1.1)):
        words = {FACTOR: struct.pack(">f", written).hex(), POWER: "00000001"}
        found = read(factors(tmp_path, how), **words)
        assert FACTOR not in found.values
        assert found.failed == {FACTOR}


def test_a_factor_without_its_power_is_not_known(tmp_path: Path) -> None:
    words = {FACTOR: struct.pack(">f", 0.5).hex(), POWER: "80000000"}
    assert read(factors(tmp_path, "inductive-negative"), **words) == Known({}, frozenset())


def test_an_index_is_exact_and_cut_to_what_is_complete(tmp_path: Path) -> None:
    chosen = small_map.read(
        tmp_path,
        f"point: {ENERGY}, at: HR 1, type: uint32, scale: 0.00003",
        "point: Active_Energy_Export, at: HR 3, type: float32",
        "point: Reactive_Energy_Import, at: HR 5, type: int64, unit: varh",
        "point: Reactive_Energy_Export, at: HR 9, type: int32, unit: varh",
    )
    large = 9_007_199_254_740_993
    found = read(
        chosen,
        Active_Energy_Import="00000007",
        Active_Energy_Export=struct.pack(">f", 1234.56).hex(),
        Reactive_Energy_Import=large.to_bytes(8).hex(),
        Reactive_Energy_Export="FFFFFFFE",
    )
    assert found.values == {
        ENERGY: 210,
        "Active_Energy_Export": 1_234_560_058,
        "Reactive_Energy_Import": large * 1000,
    }
    assert found.failed == {"Reactive_Energy_Export"}  # never negative


def test_what_cannot_be_measured_has_failed(tmp_path: Path) -> None:
    names = ("Voltage_L1_N", "Frequency", "Current_L1", "Current_L2", "Power_Factor_L1", POWER)
    lines = [f"point: {name}, at: HR {2 * n + 1}, type: float32" for n, name in enumerate(names)]
    numbers = (1e30, 49.9, -12.5, 7000.0, 1.0005, -4999.0)
    words = {n: struct.pack(">f", v).hex() for n, v in zip(names, numbers, strict=True)}
    found = read(small_map.read(tmp_path, *lines), **words)
    assert found.failed == {"Voltage_L1_N", "Current_L2"}
    # A current has no sign; some meters give it that of the power.
    assert found.values["Current_L1"] == 12.5
    assert found.values[POWER] == -4999.0
    assert found.values["Power_Factor_L1"] == pytest.approx(1.0005)


@pytest.mark.parametrize("raw", ["7FC00000", "FFC00000", "7F800000", "FF800000", "7F812345"])
def test_no_number_is_no_value(tmp_path: Path, raw: str) -> None:
    chosen = small_map.read(
        tmp_path,
        "point: Voltage_L1_N, at: HR 1, type: float32",
        f"point: {ENERGY}, at: HR 3, type: float32",
    )
    assert read(chosen, Voltage_L1_N=raw, Active_Energy_Import=raw) == Known({}, frozenset())


@pytest.mark.parametrize(
    ("told", "volts"), [("FFFF", 230.4), ("FFFE", 23.04), ("0000", None), ("8000", None),
                        ("000B", None), ("FFF5", None)]
)  # fmt: skip
def test_the_scale_that_the_meter_tells_is_used(told: str, volts: float | None) -> None:
    found = read(meter_map.load("sunspec-203"), Voltage_L1_N="0900", V_SF=told)
    assert found.values.get("Voltage_L1_N") == volts


def test_a_scale_that_was_not_read_leaves_its_values_unknown() -> None:
    assert read(meter_map.load("sunspec-203"), Voltage_L1_N="0900").values == {}


def test_validity_bits_decide_where_there_are_some() -> None:
    chosen = meter_map.load("standard")
    volts = struct.pack(">f", 230.0).hex()
    unknown = Known({}, frozenset())
    assert read(chosen, Voltage_L1_N=volts, valid_Voltage_L1_N="00") == unknown
    assert read(chosen, Voltage_L1_N=volts, valid_Voltage_L1_N="01").values
    assert read(chosen, Voltage_L1_N=volts).values == {"Voltage_L1_N": 230.0}
    assert read(chosen, Phase_Loss_L1="01") == unknown  # a bit has no other mark
    assert read(chosen, Phase_Loss_L1="01", valid_Phase_Loss_L1="01").values == {"Phase_Loss_L1": 1}


def test_states_by_code_by_bit_and_those_that_are_none(tmp_path: Path) -> None:
    assert read(meter_map.load("pzem-004t"), Overload_Alarm="FFFF").values == {"Overload_Alarm": 1}
    assert read(meter_map.load("pzem-004t"), Overload_Alarm="1234").values == {}
    flags = meter_map.load("schneider-iem3155")
    assert read(flags, Overload_Alarm="0100").values == {"Overload_Alarm": 1}
    assert read(flags, Overload_Alarm="FEFF").values == {"Overload_Alarm": 0}
    assert read(flags, Overload_Alarm="FFFF").values == {}
    chosen = small_map.read(tmp_path, "point: Energy_Direction, at: HR 1, type: uint16")
    assert read(chosen, Energy_Direction="0001").values == {"Energy_Direction": 1}
    assert read(chosen, Energy_Direction="0007").failed == {"Energy_Direction"}


@pytest.mark.parametrize("name", ["abb-b23", "carlo-gavazzi-em340", "eastron-sdm630"])
def test_values_are_those_that_the_map_writes(name: str) -> None:
    chosen = meter_map.load(name)
    for point, number in (("Voltage_L1_N", 229.9), (POWER, -12.345), ("Current_L1", 3.21)):
        register = plan(chosen).places[point].register
        found = read(chosen, **{point: encode(number, register)[0].hex()}).values[point]
        assert math.isclose(found, number, rel_tol=1e-6, abs_tol=1e-4)
