"""Meter maps: everything that is wrong in one is found when it is loaded, with its place."""

from pathlib import Path

import pytest

from submeter.errors import ConfigError
from submeter.pointmap import meter_map
from submeter.pointmap.address import Address, Table
from submeter.pointmap.meter_file import WhenStale
from tooling import small_map

GOOD = """\
title: Small
modbus:
  validity: DI 101
  registers:
    - {point: Active_Energy_Import, at: 30001, type: int64, unit: Wh}
    - {point: Active_Power_Total, at: 40001, type: float32, unit: W}
    - {point: Voltage_L1_N, at: HR 3, type: float32}
    - {point: Power_Factor_Total, at: HR 5, type: float32}
    - {point: Overload_Alarm, at: DI 1}
bacnet:
  objects:
    - {point: Active_Energy_Import, object: accumulator, instance: 1}
    - {point: Active_Power_Total, object: analog-input, instance: 1, unit: W}
    - {point: Voltage_L1_N, object: analog-input, instance: 2, name: U1}
"""
REGISTERS = "  registers:\n"
ENERGY = "{point: Active_Energy_Import, at: 30001, type: int64, unit: Wh}"
VOLTAGE = "{point: Voltage_L1_N, at: HR 3, type: float32}"
ALARM = "{point: Overload_Alarm, at: DI 1}"
POWER_OBJECT = "object: analog-input, instance: 1, unit: W"
VOLTAGE_OBJECT = "{point: Voltage_L1_N, object: analog-input, instance: 2, name: U1}"


def faults(folder: Path, text: str) -> list[str]:
    path = folder / "small.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        meter_map.read(path)
    assert all(fault.startswith(f"{path}:") for fault in caught.value.faults)
    return [fault.removeprefix(f"{path}:") for fault in caught.value.faults]


def test_a_good_map(tmp_path: Path) -> None:
    path = tmp_path / "small.yaml"
    path.write_text(GOOD, encoding="utf-8")
    loaded = meter_map.read(path)
    assert (loaded.name, loaded.title, len(loaded.points)) == ("small", "Small", 297)
    assert loaded.validity == Address(Table.DISCRETE, 100)
    energy, power, voltage, factor, alarm = loaded.registers
    assert (energy.table, energy.wire, energy.words, energy.power) == (Table.INPUT, 0, 4, -3)
    assert (power.table, power.wire, power.words, power.power) == (Table.HOLDING, 0, 2, 3)
    assert (voltage.wire, voltage.unit, voltage.power) == (2, "V", 0)
    assert (factor.unit, factor.power) == (None, 0)
    assert (alarm.table, alarm.words, alarm.type) == (Table.DISCRETE, 1, None)
    assert [(o.name, o.power) for o in loaded.objects] == [
        ("Active_Energy_Import", -6),
        ("Active_Power_Total", 3),
        ("U1", 0),
    ]
    assert (loaded.holes, loaded.clipped) == ("zero", "refuse")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        # overlaps
        (
            "at: HR 3",
            "at: HR 2",
            "7:33: Voltage_L1_N at HR 2 overlaps Active_Power_Total at 40001; move one",
        ),
        (
            VOLTAGE,
            "{point: Voltage_L1_N, at: 30004, type: float32}",
            "7:33: Voltage_L1_N at 30004 overlaps Active_Energy_Import at 30001; move one",
        ),
        (
            "DI 101",
            "DI 1",
            "3:13: the validity bits overlap Overload_Alarm at DI 1; move one",
        ),
        # addresses
        (
            "at: HR 3",
            "at: HR 65536",
            "7:33: float32 at HR 65536 ends beyond 65536; lower the address",
        ),
        (
            "at: 30001",
            "at: 365534",
            "5:41: int64 at 365534 ends beyond 65536; lower the address",
        ),
        (
            "at: HR 3",
            "at: HR 65537",
            "7:33: address 'HR 65537' is out of range; numbers go from 1 to 65536",
        ),
        (
            "at: HR 3",
            "at: 50003",
            "7:33: '50003' is no address; write 30001, 40001, HR 1001, DI 1 or Coil 1",
        ),
        (
            "at: HR 3",
            "at: true",
            "7:33: 'True' is no address; write 30001, 40001, HR 1001, DI 1 or Coil 1",
        ),
        (
            "DI 101",
            "HR 101",
            "3:13: the validity bits are no registers; write DI or Coil",
        ),
        ("DI 101", "DI 65241", "3:13: the validity bits end beyond 65536; lower the address"),
        ("DI 101", "DI 0", "3:13: address 'DI 0' is out of range; numbers go from 1 to 65536"),
        # points
        (
            "point: Voltage_L1_N, at",
            "point: Voltage_L1, at",
            "7:15: unknown point 'Voltage_L1'; did you mean 'Voltage_L1_N'?",
        ),
        (
            "point: Voltage_L1_N, object",
            "point: Voltage_L1, object",
            "14:15: unknown point 'Voltage_L1'; did you mean 'Voltage_L1_N'?",
        ),
        # types and units
        (
            VOLTAGE,
            "{point: Voltage_L1_N, at: HR 3}",
            "7:7: a holding register needs a type; write one of int16, uint16, bits, int32, "
            "uint32, float32, int64, uint64, float64, string",
        ),
        (
            VOLTAGE,
            "{point: Voltage_L1_N, at: HR 3, type: float16}",
            "7:45: modbus.registers.2.type: input should be 'int16', 'uint16', 'int32', 'uint32', "
            "'int64', 'uint64', 'float32', 'float64', 'string' or 'bits', not 'float16'",
        ),
        (
            ALARM,
            "{point: Overload_Alarm, at: DI 1, type: uint32}",
            "9:47: a discrete input is one bit; remove 'type'",
        ),
        (
            ALARM,
            "{point: Frequency, at: DI 1}",
            "9:30: Frequency is no two-state point; give it registers",
        ),
        (
            ALARM,
            "{point: Modbus_Baudrate, at: Coil 1}",
            "9:36: Modbus_Baudrate is no two-state point; give it registers",
        ),
        ("unit: Wh", "unit: V", "5:67: Active_Energy_Import is in kWh, not 'V'; remove 'unit'"),
        ("unit: Wh", "unit: furlong", "5:67: Active_Energy_Import is in kWh, not 'furlong'; "),
        (
            "{point: Power_Factor_Total, at: HR 5, type: float32}",
            "{point: Power_Factor_Total, at: HR 5, type: float32, unit: kW}",
            "8:66: Power_Factor_Total has no unit, not 'kW'; remove 'unit'",
        ),
        (
            VOLTAGE_OBJECT,
            "{point: Voltage_L1_N, object: analog-input, instance: 2, unit: A}",
            "14:70: Voltage_L1_N is in V, not 'A'; remove 'unit'",
        ),
        # objects
        (
            POWER_OBJECT,
            "object: accumulator, instance: 2",
            "13:43: Active_Power_Total is no accumulator; possible: analog-input, analog-output, "
            "large-analog-value",
        ),
        (
            POWER_OBJECT,
            "object: analog-value, instance: 1",
            "13:43: bacnet.objects.1.object: input should be 'accumulator', 'analog-input', "
            "'analog-output', 'large-analog-value', 'binary-input', 'binary-output', "
            "'multi-state-value' or 'datetime-value', not 'analog-value'",
        ),
        (
            "instance: 2",
            "instance: 1",
            "14:61: analog-input 1 is Active_Power_Total already; take another number",
        ),
        (
            "instance: 2",
            "instance: 4194303",
            "14:61: bacnet.objects.2.instance: input should be less than or equal to 4194302, "
            "not 4194303",
        ),
        ("name: U1", "name: Active_Power_Total", "14:15: name 'Active_Power_Total' stands twice; "),
        # form
        (
            "instance: 2, name: U1",
            "instance: 2, instance: 3",
            "14:64: key 'instance' stands twice, first in line 14; remove one",
        ),
        (
            REGISTERS,
            "  registers: []\n  registers:\n",
            "5:3: key 'registers' stands twice, first in line 4; remove one",
        ),
        ("title: Small", "titel: Small", "1:1: unknown key 'titel'; did you mean 'title'?"),
        ("title: Small\n", "", "1:1: key 'title' is missing; add it"),
        (
            REGISTERS,
            "  holes: nan\n  registers:\n",
            "4:10: modbus.holes: input should be 'zero' or 'refuse', not 'nan'",
        ),
        (
            REGISTERS,
            "  invalid: {float32: 0x1FFFFFFFF}\n  registers:\n",
            "4:22: modbus.invalid.float32: input should be less than 4294967296, not 8589934591",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_place(
    tmp_path: Path, old: str, new: str, expected: str
) -> None:
    assert old in GOOD
    found = faults(tmp_path, GOOD.replace(old, new, 1))
    assert any(fault.startswith(expected) for fault in found), found


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    text = GOOD.replace("at: HR 3", "at: HR 2").replace("DI 101", "HR 101")
    text = text.replace("instance: 2", "instance: 1").replace(ENERGY, "{point: Nope, at: 3}")
    assert len(faults(tmp_path, text)) == 5


def test_the_last_address_may_be_used(tmp_path: Path) -> None:
    path = tmp_path / "small.yaml"
    path.write_text(GOOD.replace("DI 101", "DI 65240").replace("HR 5", "HR 65535"))
    loaded = meter_map.read(path)
    assert loaded.validity == Address(Table.DISCRETE, 65535 - 296)
    assert loaded.registers[3].wire + loaded.registers[3].words == 65536


def test_bits_and_registers_of_one_number_do_not_overlap(tmp_path: Path) -> None:
    path = tmp_path / "small.yaml"
    path.write_text(GOOD.replace(ALARM, "{point: Overload_Alarm, at: Coil 1}"), encoding="utf-8")
    assert meter_map.read(path).registers[-1].table is Table.COIL


ENTRY = "point: Frequency, at: HR 1, type: float32"


def test_what_holds_for_the_whole_map(tmp_path: Path) -> None:
    head = (
        "functions: [3, 16]\n  shared: true\n  when_stale: last\n  clipped: serve\n"
        "  status: [Meter_Error, Energy_Direction]\n  identity: {vendor: ABB, model: B23}"
    )
    loaded = small_map.read(tmp_path, ENTRY, head=head)
    assert loaded.functions == frozenset({3, 16})
    assert (loaded.shared, loaded.clipped) == (True, "serve")
    assert loaded.when_stale == WhenStale(stale="last", failed="last", absent="invalid")
    assert [point.name for point in loaded.status] == ["Meter_Error", "Energy_Direction"]
    assert (loaded.identity.vendor, loaded.identity.serial) == ("ABB", None)


def test_the_functions_that_read_a_table(tmp_path: Path) -> None:
    def readers(head: str) -> list[tuple[int, ...]]:
        loaded = small_map.read(tmp_path, ENTRY, head=head)
        return [loaded.readers(table) for table in Table]

    assert readers("shared: false") == [(1,), (2,), (4,), (3,)]
    assert readers("shared: true") == [(1,), (2,), (4, 3), (3, 4)]
    assert readers("shared: true\n  functions: [4, 1]") == [(1,), (), (4,), (4,)]


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("functions: [3, 9]", "5:18: there is no function 9; there are 1, 2, 3, 4, 5, 6, 7, 8, "),
        ("status: [Frequency]", "5:12: Frequency is no two-state point; the status has bits only"),
        ("status: [Nope]", "5:12: unknown point 'Nope'; "),
        ("identity: {vender: ABB}", "5:14: unknown key 'modbus.identity.vender'; did you mean "),
        ("when_stale: {stale: lost}", "5:23: modbus.when_stale.stale: input should be 'invalid', "),
        ("constants: {SF: yes}", "5:19: modbus.constants.SF: input should be a valid number, "),
    ],
)
def test_what_is_wrong_with_the_whole_map(tmp_path: Path, head: str, expected: str) -> None:
    found = small_map.faults(tmp_path, ENTRY, head=head)
    assert any(fault.startswith(expected) for fault in found), found


def test_constants_that_the_map_does_not_have(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        small_map.read(tmp_path, ENTRY, head="constants: {V_SF: -1}", constants={"W": 1, "A": 2})
    assert caught.value.faults == (
        "the map 'small' has no constant 'W'; known here: V_SF",
        "the map 'small' has no constant 'A'; known here: V_SF",
    )
    with pytest.raises(ConfigError, match="no constant 'W'; the map has no 'constants'"):
        meter_map.load("standard", constants={"W": 1})


def test_the_objects_of_the_standard_map(tmp_path: Path) -> None:
    path = tmp_path / "small.yaml"
    path.write_text("title: S\nmodbus: {registers: []}\nbacnet: {objects: standard}\n")
    assert meter_map.read(path).objects == meter_map.load("standard").objects
    path.write_text("title: S\nmodbus: {registers: []}\nbacnet: {objects: stendard}\n")
    with pytest.raises(ConfigError, match=r"3:19: bacnet.objects: input should be a valid list"):
        meter_map.read(path)
