"""The standard map: what pollers rely on, written down once more so that nothing moves."""

import csv
from pathlib import Path

import pytest

from submeter.meter.point import Point
from submeter.pointmap import address, meter_map, points
from submeter.pointmap.address import Address, Table
from submeter.pointmap.meter_map import MeterMap, Register
from submeter.pointmap.register import UnlockCode

OBJECTS = Path(__file__).parent / "standard-objects.txt"
LIST = Path(__file__).parent / "standard-points.csv"
DIAGNOSTICS = {
    "Voltage_Unbalance": "31001",
    "Current_Unbalance": "31003",
    "Voltage_Angle_L2": "31005",
    "Voltage_Angle_L3": "31007",
    "Cross_Check_Difference": "31009",
    "Cross_Check_Alarm": "DI 2001",
    "Meter_Error_Reason": "31011",
    "Index_Readings_Refused": "31013",
    "Index_Gap_Time": "31015",
    "Demand_Current": "31017",
    "Modbus_Character_Format": "HR 1201",
}
ENERGIES = [
    "Active_Energy_Import",
    "Active_Energy_Export",
    "Reactive_Energy_Import",
    "Reactive_Energy_Export",
]


@pytest.fixture(scope="module")
def standard() -> MeterMap:
    return meter_map.load("standard")


EXTENSIONS = [name for name, p in points.all_points().items() if p.group == "extension"]
LISTED = [*points.standard(), *DIAGNOSTICS]


def registers_of(standard: MeterMap, name: str) -> list[Register]:
    return [r for r in standard.registers if r.point and r.point.name == name]


def named(standard: MeterMap) -> list[tuple[Point, Register]]:
    """Return the registers that hold a point, and it."""
    return [(register.point, register) for register in standard.registers if register.point]


def listed(standard: MeterMap) -> list[tuple[Point, Register]]:
    """Return the same of the points that every meter has."""
    return [each for each in named(standard) if each[0].group != "extension"]


def test_every_point_is_served_on_both_faces(standard: MeterMap) -> None:
    assert [point.name for point in standard.points] == [*LISTED, *EXTENSIONS]
    assert {point.name for point, _ in named(standard)} == set(points.all_points())
    assert {each.point.name for each in standard.objects} == set(points.all_points())


def test_no_point_of_the_list_has_moved(standard: MeterMap) -> None:
    """Addresses and validity bits of the 53 are those of the list, whatever stands beside them."""
    rows = list(csv.DictReader(LIST.read_text(encoding="utf-8").splitlines()))
    assert len(rows) == 53
    for number, row in enumerate(rows):
        first = registers_of(standard, row["name"])[0]
        assert Address(first.table, first.wire) == address.parse(row["modbus"])
        assert standard.points[number].name == row["name"]


def test_diagnostics_stand_apart(standard: MeterMap) -> None:
    others = [r for point, r in listed(standard) if point.name not in DIAGNOSTICS]
    assert {r.point.name for r in others if r.point} == set(points.standard())
    for name, at in DIAGNOSTICS.items():
        (found,) = registers_of(standard, name)
        assert found.at == at
        beside = [r.wire for r in others if r.table is found.table]
        assert found.wire >= max(beside) + 100
    for each in standard.objects:
        assert (each.instance > 900) == (each.point.name in DIAGNOSTICS)


def test_registers_are_float32_in_the_point_s_unit(standard: MeterMap) -> None:
    for point, register in named(standard):
        assert (int(register.scale), int(register.offset), register.scale.denominator) == (1, 0, 1)
        assert register.order == "ABCD"
        if register.table.bits:
            assert register.type is None
        elif point.kind == "timestamp":
            assert register.type == "uint32"
        elif register.type != "int64":
            assert register.type == "float32"
            assert register.unit == point.unit
            assert register.power == (-6 if point.kind == "index" else 0)


def test_exact_energies_stand_from_30101_on(standard: MeterMap) -> None:
    exact = [register for _, register in listed(standard) if register.type == "int64"]
    assert [register.point and register.point.name for register in exact] == ENERGIES
    assert [register.wire for register in exact] == [100, 104, 108, 112]
    assert {register.table for register in exact} == {Table.INPUT}
    assert [register.unit for register in exact] == ["Wh", "Wh", "varh", "varh"]
    assert [(register.words, register.power) for register in exact] == [(4, -3)] * 4


def test_only_energies_have_two_places(standard: MeterMap) -> None:
    for name, point in points.all_points().items():
        assert (name in ENERGIES) == (point.kind == "index" and point.group != "extension")
        assert len(registers_of(standard, name)) == (2 if point.kind == "index" else 1)


def test_tables(standard: MeterMap) -> None:
    tables = {
        "command": Table.COIL,
        "status": Table.DISCRETE,
        "configuration": Table.HOLDING,
        "measurement": Table.HOLDING,
    }
    for point, register in named(standard):
        if point.group in ("diagnostic", "extension"):
            expected = Table.DISCRETE if point.kind == "binary" else Table.INPUT
        elif point.kind == "index":
            expected = Table.INPUT
        else:
            expected = tables[point.group]
        assert register.table == expected


def test_validity_has_one_bit_a_point(standard: MeterMap) -> None:
    assert standard.validity == Address(Table.DISCRETE, 1000)


def test_what_unknown_and_undefined_read_as(standard: MeterMap) -> None:
    assert (standard.holes, standard.clipped, standard.shared) == ("zero", "refuse", False)
    assert standard.when_stale.model_dump() == dict.fromkeys(
        ("stale", "failed", "absent"), "invalid"
    )
    patterns = {register.type: register.invalid for _, register in named(standard)}
    assert patterns == {
        None: 0,
        "float32": 0x7FC00000,
        "uint32": 0xFFFFFFFF,
        "int64": 0x8000000000000000,
    }


def test_what_can_be_written(standard: MeterMap) -> None:
    written = {register.at for register in standard.registers if register.writable}
    settings = {r.at for point, r in named(standard) if point.group in ("configuration", "command")}
    assert written == settings | {"HR 1101", "HR 1103"}
    assert len(settings) == 12


def test_the_unlock_code_goes_to_two_places(standard: MeterMap) -> None:
    codes = [r for r in standard.registers if isinstance(r.content, UnlockCode)]
    assert [(r.at, r.type, r.words) for r in codes] == [
        ("HR 1101", "uint32", 2),
        ("HR 1103", "string", 32),
    ]


def test_the_exception_status_and_the_identity(standard: MeterMap) -> None:
    assert [point.name for point in standard.status] == [
        "Meter_Error",
        "Overload_Alarm",
        "Phase_Loss_L1",
        "Phase_Loss_L2",
        "Phase_Loss_L3",
        "Tamper_Alarm",
        "Voltage_Unbalance_Alarm",
        "Current_Unbalance_Alarm",
    ]
    assert standard.functions is None
    assert (standard.identity.vendor, standard.identity.product_code) == ("submeter", "SM-53")


def test_states_start_at_the_list_s_own_numbers() -> None:
    direction, baudrate = (points.standard()[n] for n in ("Energy_Direction", "Modbus_Baudrate"))
    assert list(direction.states.items()) == [(0, "Import"), (1, "Export")]
    assert list(baudrate.states) == [9600, 19200, 38400]


def test_object_instances_never_move(standard: MeterMap) -> None:
    lines = OBJECTS.read_text(encoding="utf-8").splitlines()
    frozen = [tuple(line.split()) for line in lines if not line.startswith("#")]
    served = [(o.point.name, o.object, str(o.instance), o.name) for o in standard.objects]
    assert served == frozen


def test_objects(standard: MeterMap) -> None:
    by_name = {each.name: each for each in standard.objects}
    assert len(standard.objects) == 57 + 11 + 81 + 31 + 152
    for name in ENERGIES:
        assert by_name[name].object == "accumulator"
        assert by_name[f"{name}_Float"].object == "analog-input"
        assert by_name[name].unit == by_name[f"{name}_Float"].unit == points.standard()[name].unit
    assert by_name["Demand_Peak_Timestamp"].object == "datetime-value"
    assert by_name["Reset_Demand_Peak"].object == "binary-output"
    assert by_name["Energy_Direction"].object == "multi-state-value"
    assert by_name["Modbus_Baudrate"].object == "multi-state-value"


def test_alarms(standard: MeterMap) -> None:
    alarms = {each.name: each.alarm for each in standard.objects if each.alarm is not None}
    assert alarms == {
        "Communication_Status": 0,
        "Phase_Loss_L1": 1,
        "Phase_Loss_L2": 1,
        "Phase_Loss_L3": 1,
        "Overload_Alarm": 1,
        "Tamper_Alarm": 1,
        "Meter_Error": 1,
        "Voltage_Unbalance_Alarm": 1,
        "Current_Unbalance_Alarm": 1,
        "Reverse_Phase_Sequence": 1,
        "Cross_Check_Alarm": 1,
        "Overvoltage_Alarm": 1,
        "Instrument_Error": 1,
        "Instrument_Battery_Low": 1,
    }


def test_increments_are_those_of_the_points(standard: MeterMap) -> None:
    for each in standard.objects:
        analog = each.object in ("analog-input", "analog-output")
        assert each.cov == (each.point.cov if analog else 0)
