"""From which registers a point is taken, and what is never taken."""

from pathlib import Path

import pytest

from submeter.meter.feed import Dial
from submeter.pointmap import folders, meter_map
from submeter.pointmap.meter_map import MeterMap
from submeter.sources.modbus_meter.backwards import plan
from tooling import small_map

NAMES = sorted(path.stem for path in (folders.shipped() / "meters").glob("*.yaml"))
ENERGY = "Active_Energy_Import"


def at(chosen: MeterMap) -> dict[str, str]:
    return {name: place.register.at for name, place in plan(chosen).places.items()}


@pytest.mark.parametrize("name", NAMES)
def test_measurements_and_states_are_taken_and_nothing_else(name: str) -> None:
    found = plan(meter_map.load(name))
    assert found.points.keys() == found.places.keys()
    groups = {point.group for point in found.points.values()}
    assert "measurement" in groups
    assert not groups & {"configuration", "command"}
    own = {"Communication_Status", "Meter_Error", "MID_Certification_Valid", "Cross_Check_Alarm"}
    assert not own & found.places.keys()
    demand = {"Demand_Current", "Demand_Peak_Current", "Demand_Peak_Timestamp"}
    assert not demand & found.places.keys()
    assert all(place.register.count is None for place in found.places.values())


@pytest.mark.parametrize(
    ("name", "register"),
    [
        ("standard", "30101"),
        ("carlo-gavazzi-em340", "HR 0x0500"),
        ("schneider-iem3155", "HR 3204"),
        ("eastron-sdm630", "30073"),
        ("abb-b23", "HR 0x5000"),
    ],
)
def test_an_index_is_taken_from_its_finest_register(name: str, register: str) -> None:
    assert at(meter_map.load(name))[ENERGY] == register


def test_a_finer_integer_goes_before_a_longer_one(tmp_path: Path) -> None:
    chosen = small_map.read(
        tmp_path,
        f"point: {ENERGY}, at: HR 1, type: float64",
        f"point: {ENERGY}, at: HR 11, type: int64, scale: 0.1",
        f"point: {ENERGY}, at: HR 21, type: uint32, scale: 0.01",
        f"point: {ENERGY}, at: HR 31, type: uint32, scale: 0.01, note: since a reset",
        "point: Voltage_L1_N, at: HR 41, type: uint16, scale: 0.1",
        "point: Voltage_L1_N, at: HR 42, type: float32",
    )
    assert at(chosen) == {ENERGY: "HR 21", "Voltage_L1_N": "HR 42"}


def test_what_cannot_be_read_is_not_taken(tmp_path: Path) -> None:
    chosen = small_map.read(
        tmp_path,
        "point: Voltage_L1_N, at: HR 1, type: uint16",
        "point: Voltage_L2_N, at: IR 1, type: uint16",
        head="functions: [4]",
    )
    assert at(chosen) == {"Voltage_L2_N": "IR 1"}


def test_a_factor_whose_sign_nobody_tells_is_not_taken(tmp_path: Path) -> None:
    coded = "reactive: Reactive_Power_Total, factor: inductive-negative"
    factor = f"point: Power_Factor_Total, at: HR 1, type: int16, scale: 0.001, {coded}"
    power = "point: Active_Power_Total, at: HR 3, type: int32, unit: W"
    assert at(small_map.read(tmp_path, factor)) == {}
    assert set(at(small_map.read(tmp_path, factor, power))) == {
        "Power_Factor_Total",
        "Active_Power_Total",
    }
    quadrants = factor.replace("inductive-negative", "four-quadrant")
    assert set(at(small_map.read(tmp_path, quadrants))) == {"Power_Factor_Total"}


def test_flags_give_their_points() -> None:
    place = plan(meter_map.load("schneider-iem3155")).places["Overload_Alarm"]
    assert (place.register.at, place.bit) == ("HR 45005", 8)


@pytest.mark.parametrize(
    ("name", "step", "among"),
    [
        ("standard", 1000, 10**12),  # Wh
        ("carlo-gavazzi-em24", 100_000, 10**12),  # 0.1 kWh
        ("eastron-sdm630", 62_500, 10**13),
        ("pzem-004t", 1000, 10**10),  # 10 MWh
        ("pzem-004t", 1000, 2**32 * 1000),
        ("sunspec-203", 1_000_000, 2**32 * 1000),  # it may say itself that it counts in kWh
    ],
)
def test_dials(name: str, step: int, among: int) -> None:
    dial = plan(meter_map.load(name)).dials()[ENERGY]
    assert isinstance(dial, Dial)
    assert dial.step == step
    assert among in dial.spans
    assert list(dial.spans) == sorted(dial.spans)


def test_what_tells_the_meter_and_its_scales() -> None:
    found = plan(meter_map.load("sunspec-203"))
    assert sorted(found.scales) == ["A_SF", "Hz_SF", "PF_SF", "TotWh_SF", "VAR_SF", "VA_SF",
                                    "V_SF", "W_SF"]  # fmt: skip
    assert [place.register.accept for place in found.checks] == [
        ("SunS",),
        (1,),
        (66,),
        (201, 202, 203, 204),
    ]
    assert found.identity is not None
    assert found.identity.register.at == "HR 40053"


def test_validity_bits_stand_where_the_map_has_them() -> None:
    standard = meter_map.load("standard")
    found = plan(standard)
    assert found.validity.keys() == found.places.keys()
    span = found.validity["Voltage_L1_N"]
    assert (span.function, span.length) == (2, 1)
    assert span.start == 1000 + standard.bits["Voltage_L1_N"]
    assert plan(meter_map.load("abb-b23")).validity == {}
