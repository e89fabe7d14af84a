"""points.yaml against the table that it was made from, the diagnostics, how a list is checked."""

import csv
import re
from pathlib import Path

import pytest

from submeter.errors import ConfigError
from submeter.meter.point import Point
from submeter.pointmap import address, meter_map, points
from submeter.pointmap.meter_file import ObjectType
from submeter.pointmap.meter_map import MeterMap

TABLE = Path(__file__).parent / "standard-points.csv"
SEED = list(csv.DictReader(TABLE.read_text(encoding="utf-8").splitlines()))
ROW = pytest.mark.parametrize("row", SEED, ids=lambda row: row["name"])
UNITS = {"kVArh": "kvarh", "kVAr": "kvar", "timestamp": "UTC s", "-": None, "": None}
# The unit of a configuration point stands in its range only.
CONFIGURED_IN = {"Wh/imp": "Wh/pulse", "bps": "bit/s", "": None}
ABBREVIATIONS: dict[ObjectType, str] = {
    "accumulator": "ACC",
    "analog-input": "AI",
    "analog-output": "AO",
    "large-analog-value": "LAV",
    "binary-input": "BI",
    "binary-output": "BO",
    "multi-state-value": "MSV",
    "datetime-value": "AI",  # design: a float32 Analog Input would be minutes off
}


@pytest.fixture(scope="module")
def standard_map() -> MeterMap:
    return meter_map.load("standard")


def point_of(row: dict[str, str]) -> Point:
    return points.standard()[row["name"]]


def objects_of(row: dict[str, str], standard_map: MeterMap) -> list[str]:
    """Return the abbreviations of the objects of a point, the native one first."""
    found = [o.object for o in standard_map.objects if o.point.name == row["name"]]
    return [ABBREVIATIONS[each] for each in found]


def test_the_table_is_complete() -> None:
    assert len(SEED) == 53
    assert len(SEED[0]) == 12


def test_names_and_their_order() -> None:
    assert list(points.standard()) == [row["name"] for row in SEED]


def test_diagnostics_stand_after_the_list() -> None:
    every = list(points.all_points().values())
    assert [point.name for point in every[:53]] == [row["name"] for row in SEED]
    assert len(every) == 53 + 11 + 81 + 152
    assert {point.group for point in every[53:63]} == {"diagnostic"}
    assert (every[63].name, every[63].group) == ("Modbus_Character_Format", "configuration")
    assert {point.group for point in every[64:]} == {"extension"}
    assert {point.group for point in every[:53]}.isdisjoint({"diagnostic", "extension"})


@pytest.mark.parametrize("point", list(points.all_points().values())[53:], ids=lambda p: p.name)
def test_diagnostics_have_texts_in_both_languages(point: Point) -> None:
    assert point.description
    assert point.description_fr
    assert list(point.states) == list(point.states_fr)
    assert bool(point.states) == (point.kind in ("binary", "multistate"))
    assert (point.range is None) == bool(point.states or point.kind == "timestamp")


def test_the_character_format_has_no_default() -> None:
    point = points.all_points()["Modbus_Character_Format"]
    assert list(point.states.items()) == [(0, "8E1"), (1, "8O1"), (2, "8N1"), (3, "8N2")]
    assert (point.default, point.access, point.kind) == (None, "R/W", "multistate")


def test_reasons_of_an_error() -> None:
    reasons = points.all_points()["Meter_Error_Reason"].states
    assert list(reasons.items()) == [
        (0, "None"),
        (1, "Store"),
        (2, "Index refused"),
        (3, "Clock"),
        (4, "Internal"),
    ]


@ROW
def test_columns_that_are_taken_over_as_they_are(row: dict[str, str]) -> None:
    point = point_of(row)
    assert point.name == row["name"]
    assert point.group == row["group"]
    assert point.description_fr == row["description"]
    assert point.access == row["access"]
    assert " ".join(point.haystack) == row["haystack"]
    assert point.brick == row["brick"]


@ROW
def test_type(row: dict[str, str], standard_map: MeterMap) -> None:
    expected = "AI / ACC" if point_of(row).kind == "index" else objects_of(row, standard_map)[0]
    assert row["type"] == expected


@ROW
def test_bacnet(row: dict[str, str], standard_map: MeterMap) -> None:
    assert row["bacnet"] == objects_of(row, standard_map)[0]


@ROW
def test_kind(row: dict[str, str]) -> None:
    kinds = {"AI / ACC": "index", "BI": "binary", "BO": "binary", "MSV": "multistate"}
    special = {"Demand_Peak_Timestamp": "timestamp"}
    assert point_of(row).kind == special.get(row["name"], kinds.get(row["type"], "analog"))


@ROW
def test_unit(row: dict[str, str]) -> None:
    unit = row["unit"]
    expected = UNITS.get(unit, unit)
    if row["group"] == "configuration":
        match = re.fullmatch(r"[-0-9./]+(?: (.*))?", row["range"])
        assert match
        expected = CONFIGURED_IN.get(match[1] or "", match[1])
    assert point_of(row).unit == expected


@ROW
def test_poll(row: dict[str, str]) -> None:
    assert point_of(row).poll == (row["poll"].replace("On", "on") or None)


@ROW
def test_range_and_states(row: dict[str, str]) -> None:
    point, text = point_of(row), row["range"]
    if "=" in text:
        expected = {int(key): word for key, word in re.findall(r"(\d+)=([^,]+)", text)}
        assert point.states_fr == expected
        assert list(point.states) == list(expected)
        assert point.range is None
    elif row["name"] == "Modbus_Baudrate":
        assert "/".join(map(str, point.states)) + " bps" == text
    elif text == "-":
        assert point.range is None
    else:
        match = re.match(r"([-+]?[0-9.]+)(?: - |-)([-+]?[0-9.]+)(?: .*)?$", text)
        assert match
        assert point.range is not None
        assert (point.range.min, point.range.max) == (float(match[1]), float(match[2]))
        assert not point.states


@ROW
def test_modbus(row: dict[str, str], standard_map: MeterMap) -> None:
    first = next(r for r in standard_map.registers if r.point is point_of(row))
    assert (first.table, first.wire) == address.parse(row["modbus"])
    assert first.at == row["modbus"]


@ROW
def test_english_texts_are_there(row: dict[str, str]) -> None:
    point = point_of(row)
    assert point.description
    assert all(point.states.values())


def test_an_index_is_counted_in_millionths() -> None:
    standard = points.standard()
    assert standard["Active_Energy_Import"].counted_in == "mWh"
    assert standard["Reactive_Energy_Export"].counted_in == "mvarh"
    assert standard["Active_Power_Total"].counted_in == "kW"
    assert standard["Power_Factor_Total"].counted_in is None


@pytest.mark.parametrize(
    ("start", "unit", "expected"),
    [
        ("Active_Energy_", "kWh", 1),
        ("Reactive_Energy_", "kvarh", 1),
        ("Active_Power_", "kW", 0.1),
        ("Reactive_Power_Total", "kvar", 0.1),
        ("Apparent_Power_Total", "kVA", 0.1),
        ("Demand_Peak_Current", "kW", 0.1),
        ("Demand_Current", "kW", 0.1),
        ("Voltage_L", "V", 1),
        ("Current_", "A", 0.1),
        ("Power_Factor_", None, 0.01),
        ("Frequency", "Hz", 0.05),
        ("THD_", "%", 0.5),
        ("Voltage_Harmonic_", "%", 0.5),
        ("Current_Harmonic_", "%", 0.5),
        ("Voltage_Unbalance", "%", 0.5),
        ("Voltage_Angle_", "deg", 1),
    ],
)
def test_increments(start: str, unit: str | None, expected: float) -> None:
    found = {
        point.cov
        for point in points.all_points().values()
        if point.name.startswith(start) and point.unit == unit and point.kind in ("analog", "index")
        if point.group != "configuration"
    }
    assert found == {expected}


def test_settings_and_states_are_told_at_any_change() -> None:
    for point in points.all_points().values():
        if point.group == "configuration" or point.states:
            assert point.cov == 0


def test_limits_are_wider_than_what_is_expected() -> None:
    bounds = {name: point.bounds for name, point in points.all_points().items()}
    expected = {
        "Active_Power_Total": (-5000, 5000),  # energy is fed in, too
        "Voltage_L1_N": (0, 500),  # a phase is lost
        "Current_L1": (0, 6000),  # behind the largest current transformer
        "Power_Factor_Total": (-1, 1),
    }
    assert {name: bounds[name] for name in expected} == expected
    for point in points.all_points().values():
        if point.range is not None:
            low, high = point.bounds or (0, 0)
            assert low <= point.range.min <= point.range.max <= high


def test_a_time_stamp_has_no_limits() -> None:
    assert points.standard()["Demand_Peak_Timestamp"].bounds is None


GOOD = """\
points:
  Flow:
    group: measurement
    description: Flow
    description_fr: Débit
    kind: analog
    unit: kW
    haystack: [sensor]
    brick: Sensor
"""


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("unit: kW", "unit: furlong", "7:11: unknown unit 'furlong'"),
        ("kind: analog", "kind: binary", "3:5: Flow: key 'states' is missing; add it"),
        ("kind: analog", "kind: index", "3:5: Flow: an index is in one of kWh, kvarh, kVAh, m3"),
        (
            "kind: analog",
            "kind: analog\n    range: {min: 0, max: 5}\n    limits: {min: 0, max: 4}",
            "8:13: Flow: 'limits' are at least as wide as 'range'; widen them",
        ),
        (
            "kind: analog",
            "kind: analog\n    cov: -1",
            "7:10: points.Flow.cov: input should be greater than or equal to 0, not -1",
        ),
        (
            "kind: analog",
            "kind: analog\n    cov: inf",
            "7:10: points.Flow.cov: input should be a finite number, not 'inf'",
        ),
        (
            "kind: analog",
            "kind: analogue",
            "6:11: points.Flow.kind: input should be 'index', 'analog', 'timestamp', 'binary' or "
            "'multistate', not 'analogue'",
        ),
        ("brick: Sensor", "bric: Sensor", "9:5: unknown key 'points.Flow.bric'; did you mean "),
        ("unit: kW", "unit: kW\n    unit: W", "8:5: key 'unit' stands twice, first in line 7; "),
    ],
)
def test_a_list_that_is_wrong(tmp_path: Path, old: str, new: str, expected: str) -> None:
    assert old in GOOD
    path = tmp_path / "points.yaml"
    path.write_text(GOOD.replace(old, new), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        points.load(path)
    assert any(f.startswith(f"{path}:{expected}") for f in caught.value.faults), caught.value


def test_a_list_without_points(tmp_path: Path) -> None:
    path = tmp_path / "points.yaml"
    path.write_text("points: 3")
    with pytest.raises(ConfigError, match=r":1:9: points: keys with values should stand here"):
        points.load(path)
