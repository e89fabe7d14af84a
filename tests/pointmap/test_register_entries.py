"""Entries of the register list: what they become, and each thing that can be wrong with one."""

from fractions import Fraction
from pathlib import Path
from typing import get_args

import pytest

from submeter.pointmap.address import Table
from submeter.pointmap.register import (
    Absent,
    Constant,
    Factor,
    Flags,
    Identity,
    Quantity,
    Register,
    Text,
    UnlockCode,
)
from tooling.small_map import faults, read

V1 = "point: Voltage_L1_N, at: HR 1, type: float32"


def register(folder: Path, entry: str, head: str = "holes: zero") -> Register:
    (found,) = read(folder, entry, head=head).registers
    return found


def names(content: object) -> list[tuple[str, int]]:
    assert isinstance(content, Quantity)
    return [(point.name, sign) for point, sign in content.terms]


@pytest.mark.parametrize(
    ("type_", "words"),
    [("int16", 1), ("uint16", 1), ("int32", 2), ("uint32", 2), ("int64", 4), ("uint64", 4),
     ("float32", 2), ("float64", 4)],
)  # fmt: skip
def test_types_and_their_patterns(tmp_path: Path, type_: str, words: int) -> None:
    patterns = {"int16": 0x8000, "uint16": 0xFFFF, "int32": 0x80000000, "uint32": 0xFFFFFFFF,
                "int64": 1 << 63, "uint64": (1 << 64) - 1, "float32": 0x7FC00000,
                "float64": 0x7FF8 << 48}  # fmt: skip
    entry = f"point: Voltage_L1_N, at: HR 1, type: {type_}"
    found = register(tmp_path, entry)
    assert (found.words, found.invalid, found.order) == (words, patterns[type_], "ABCD")
    assert register(tmp_path, entry, head=f"invalid: {{{type_}: 0x7FFF}}").invalid == 0x7FFF
    assert register(tmp_path, f"{entry}, invalid: 3, order: CDAB").invalid == 3


def test_the_order_of_the_map_and_of_an_entry(tmp_path: Path) -> None:
    found = read(tmp_path, V1, "absent: x, at: HR 3, type: int32, order: DCBA", head="order: CDAB")
    assert [each.order for each in found.registers] == ["CDAB", "DCBA"]


@pytest.mark.parametrize(
    ("written", "scale"),
    [
        ("0.1", Fraction(1, 10)),
        ("-0.001", Fraction(-1, 1000)),
        ("10", Fraction(10)),
        ("1.0e-3", Fraction(1, 1000)),
        ("SF", Fraction(1, 100)),
        ("UP", Fraction(1000)),
    ],
)
def test_scales_are_exact(tmp_path: Path, written: str, scale: Fraction) -> None:
    entry = f"point: Voltage_L1_N, at: HR 1, type: int16, scale: {written}, offset: 0.3"
    found = register(tmp_path, entry, head="constants: {SF: -2, UP: 3}")
    assert (found.scale, found.offset) == (scale, Fraction(3, 10))


def test_constants_of_the_configuration_take_the_place_of_the_map_s(tmp_path: Path) -> None:
    entries = ("constant: SF, at: HR 1, type: int16",
               "point: Voltage_L1_N, at: HR 2, type: int16, scale: SF")  # fmt: skip
    found = read(tmp_path, *entries, head="constants: {SF: -2, X: 1}", constants={"SF": -1})
    assert found.constants == {"SF": -1, "X": 1}
    assert found.registers[0].content == Constant(-1, "SF")
    assert found.registers[1].scale == Fraction(1, 10)


def test_contents(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        "sum: [Active_Energy_Import, -Active_Energy_Export], at: HR 1, type: int64, unit: Wh",
        "mean: [Voltage_L1_N, Voltage_L2_N], at: HR 11, type: float32",
        "product: [Current_L1, Voltage_L1_N], at: HR 21, type: float32, unit: kVA",
        "constant: 0x5375, at: HR 31, type: uint16",
        "text: SunS, at: HR 41, type: string, words: 2",
        "identity: serial, at: HR 51, type: string, words: 7, chars: 1",
        "identity: application, at: HR 61, type: uint32",
        "flags: {0: Overload_Alarm, 15: Energy_Direction}, at: HR 71, type: bits",
        "absent: Tariff, at: HR 81, type: int32",
        "unlock: true, at: HR 91, type: uint32",
    ).registers
    contents = [each.content for each in found]
    assert names(contents[0]) == [("Active_Energy_Import", 1), ("Active_Energy_Export", -1)]
    assert (found[0].unit, found[0].power) == ("Wh", -3)
    assert names(contents[1]) == [("Voltage_L1_N", 1), ("Voltage_L2_N", 1)]
    assert (found[2].unit, found[2].power) == ("kVA", -3)
    assert contents[3:7] == [Constant(0x5375), Text("SunS"), Identity("serial"),
                             Identity("application")]  # fmt: skip
    assert (found[5].words, found[5].chars, found[5].invalid) == (7, 1, 0)
    assert isinstance(contents[7], Flags)
    assert {bit: each.name for bit, each in contents[7].points.items()} == {
        0: "Overload_Alarm",
        15: "Energy_Direction",
    }
    assert contents[8:] == [Absent("Tariff"), UnlockCode()]
    assert [each.writable for each in found] == [False] * 9 + [True]


def test_marks_and_notes(tmp_path: Path) -> None:
    plain = register(tmp_path, "point: Frequency, at: HR 1, type: int16")
    assert (plain.unmarked, plain.note) == (False, None)
    entry = "point: Frequency, at: HR 1, type: int16, unmarked: true, note: as told"
    found = register(tmp_path, entry)
    assert (found.unmarked, found.note) == (True, "as told")


def test_power_factors(tmp_path: Path) -> None:
    entry = "point: Power_Factor_L1, at: HR 1, type: float32, reactive: Reactive_Power_Total"
    for factor in get_args(Factor):
        found = register(tmp_path, f"{entry}, factor: {factor}")
        assert [point.name for point in found.points] == ["Power_Factor_L1", "Reactive_Power_Total"]
        assert isinstance(found.content, Quantity)
        assert found.content.factor == factor
    percent = 'point: Power_Factor_L1, at: HR 1, type: int16, unit: "%", scale: 0.1'
    assert register(tmp_path, percent).power == 2


@pytest.mark.parametrize(
    ("entry", "head", "writable"),
    [
        ("point: Demand_Interval, at: HR 1, type: uint16", "shared: false", True),
        ("point: Demand_Interval, at: HR 1, type: uint16", "functions: [3, 16]", True),
        ("point: Demand_Interval, at: HR 1, type: uint16", "functions: [3, 5]", False),
        ("point: Demand_Interval, at: HR 1, type: uint16, access: R", "shared: false", False),
        ("point: Demand_Interval, at: HR 1, type: uint16, count: 1", "shared: false", False),
        ("point: Demand_Interval, at: IR 1, type: uint16", "shared: false", False),
        ("point: Demand_Interval, at: IR 1, type: uint16", "shared: true", True),
        ("point: Reset_Demand_Peak, at: Coil 1", "shared: false", True),
        ("point: Reset_Demand_Peak, at: Coil 1", "functions: [1, 16]", False),
        ("point: Reset_Demand_Peak, at: DI 1", "shared: false", False),
        ("point: Frequency, at: HR 1, type: float32", "shared: false", False),
        ("mean: [Demand_Interval], at: HR 1, type: uint16", "shared: false", False),
    ],
)
def test_what_can_be_written(tmp_path: Path, entry: str, head: str, writable: bool) -> None:
    assert register(tmp_path, entry, head).writable is writable


def test_codes(tmp_path: Path) -> None:
    entry = "point: Modbus_Baudrate, at: HR 1, type: float32, codes: {9600: 2, 19200: 3}"
    assert register(tmp_path, entry).codes == {9600: 2, 19200: 3}
    entry = "point: Reverse_Phase_Sequence, at: HR 1, type: int16, codes: {0: 0, 1: -1}"
    assert register(tmp_path, entry).codes == {0: 0, 1: -1}


def test_a_bit_that_the_real_meter_has(tmp_path: Path) -> None:
    found = register(tmp_path, "absent: Relay, at: Coil 0x0010")
    assert (found.table, found.wire, found.type) == (Table.COIL, 16, None)


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("at: HR 1, type: float32", "an entry has exactly one of point, sum, mean, "),
        (
            "point: Frequency, absent: x, at: HR 1, type: float32",
            "an entry has exactly one of point, sum, mean, ",
        ),
        ("sum: ^[], at: HR 1, type: float32", "a sum of nothing; name points"),
        ("sum: [Current_L1, ^-Current_L], at: HR 1, type: float32", "unknown point 'Current_L'"),
        (
            "mean: [^-Current_L1], at: HR 1, type: float32",
            "unknown point '-Current_L1'; did you mean",
        ),
        (
            "sum: ^[Current_L1, Frequency], at: HR 1, type: float32",
            "Current_L1 is in A, Frequency in Hz; a sum is of points in one unit",
        ),
        (
            "sum: ^[Demand_Interval, Modbus_Baudrate], at: HR 1, type: float32",
            "Modbus_Baudrate is of the kind multistate; a sum is of numbers with a unit",
        ),
        (
            "mean: ^[Active_Energy_Import, Active_Energy_Export], at: HR 1, type: int64",
            "Active_Energy_Import is an energy, which is exact and has no mean; write a sum",
        ),
        (
            "mean: ^[Demand_Peak_Timestamp], at: HR 1, type: float32",
            "Demand_Peak_Timestamp is of the kind",
        ),
        (
            "product: ^[Voltage_L1_N], at: HR 1, type: float32",
            "a product is of one voltage and one current; name two such points",
        ),
        (
            "product: ^[Voltage_L1_N, Voltage_L2_N], at: HR 1, type: float32",
            "a product is of one voltage and",
        ),
        (
            "product: ^[Voltage_L1_N, Current_L1, Current_L2], at: HR 1, type: float32",
            "a product is of one",
        ),
        (
            "product: [Voltage_L1_N, Current_L1], unit: ^W, at: HR 1, type: float32",
            "a voltage times a current is in VA or kVA, not 'W'",
        ),
        ("constant: ^SG, at: HR 1, type: float32", "unknown constant 'SG'"),
        ("constant: ^40000, at: HR 1, type: int16", "40000 does not fit into int16"),
        ("constant: ^0.5, at: HR 1, type: int16", "0.5 is no whole number of 1; give it another"),
        (
            "unlock: true, at: HR 1, type: uint32, count: ^2",
            "no write reaches what one read alone sees; remove 'count'",
        ),
        ("constant: ^1.0e39, at: HR 1, type: float32", "1e+39 does not fit into float32"),
        (
            "constant: ^1.0e999, at: HR 1, type: float32",
            "this is no finite number; write fewer digits",
        ),
        ("constant: 1, at: HR 1, type: ^string, words: 2", "string cannot hold 1; write"),
        ("constant: 1, at: ^Coil 1", "a coil holds a two-state point, not 1"),
        (
            "text: ^abc, at: HR 1, type: string, words: 1",
            "3 characters where 2 fit; shorten it or raise 'words'",
        ),
        ("text: ^abc, at: HR 1, type: string, words: 2, chars: 1", "3 characters where 2 fit"),
        ("text: ^Zähler, at: HR 1, type: string, words: 9", "only ASCII characters fit into"),
        ("text: abc, at: HR 1, type: ^int32", "int32 cannot hold 'abc'; write string"),
        (
            "identity: ^serail, at: HR 1, type: string, words: 9",
            "unknown text 'serail'; did you mean 'serial'?",
        ),
        (
            "identity: serial, at: HR 1, type: ^float32",
            "float32 cannot hold identity: serial; write string,",
        ),
        ("flags: {16: ^Overload_Alarm}, at: HR 1, type: bits", "bit 16 is none of a register"),
        ("flags: {3: ^Frequency}, at: HR 1, type: bits", "Frequency is no two-state point;"),
        (
            "flags: {x: ^Overload_Alarm}, at: HR 1, type: bits",
            "modbus.registers.0.flags.x: input should be a valid integer,",
        ),
        (
            "flags: {3: Overload_Alarm}, at: HR 1, type: ^uint16",
            "uint16 cannot hold Overload_Alarm; write bits",
        ),
        ("point: Frequency, at: HR 1, type: ^bits", "bits cannot hold Frequency; write int16"),
        ("unlock: true, at: HR 1, type: ^float32", "float32 cannot hold unlock code; write"),
        (
            "unlock: true, at: ^IR 1, type: uint32",
            "nothing is written to input registers here; the unlock code needs a holding",
        ),
        (
            "unlock: true, at: HR 1, type: uint32, access: ^R",
            "'access' does not go with 'unlock'; remove it",
        ),
        ("unlock: ^false, at: HR 1, type: uint32", "modbus.registers.0.unlock: input should"),
        ("point: Frequency, at: HR 1", "a holding register needs a type; write one of int16"),
        (
            "point: Frequency, at: HR 1, type: float32, words: ^2",
            "'words' does not go with 'point'; remove it",
        ),
        ("absent: x, at: HR 1, type: float32, words: ^2", "'words' goes with strings; remove it"),
        ("absent: x, at: HR 1, type: string", "a string needs its length in registers; add"),
        ("absent: x, at: Coil 1, type: ^int16", "a coil is one bit; remove 'type'"),
        ("absent: x, at: DI 1, scale: ^2", "a discrete input is one bit; remove 'scale'"),
        (
            "point: Voltage_L1_N, at: HR 1, type: float32, count: ^1",
            "a read of 1 does not see the 2 registers of the value; raise",
        ),
        (
            "absent: x, at: ^HR 65535, type: uint16, count: 3",
            "uint16 at HR 65535 ends beyond 65536; lower the address",
        ),
        ("absent: x, at: ^HR 0xFFFF, type: float32", "float32 at HR 0xFFFF ends beyond 65536"),
        (
            "absent: x, at: ^HR 0x10000, type: float32",
            "address 'HR 0x10000' is out of range; on the wire they end at 0xFFFF",
        ),
        (
            "point: Frequency, at: HR 1, type: int16, scale: ^0",
            "a scale of 0 leaves nothing of the value;",
        ),
        ("point: Frequency, at: HR 1, type: int16, scale: ^0.0", "a scale of 0 leaves nothing"),
        ("point: Frequency, at: HR 1, type: int16, scale: ^1.0e999", "this is no finite number"),
        ("point: Frequency, at: HR 1, type: int16, offset: ^1.0e999", "this is no finite number"),
        ("point: Frequency, at: HR 1, type: int16, scale: ^SG", "unknown constant 'SG'"),
        (
            "point: Frequency, at: HR 1, type: int16, scale: ^F",
            "the constant F = 0.5 is no power of ten;",
        ),
        (
            "point: Frequency, at: HR 1, type: int16, scale: ^BIG",
            "the constant BIG = 99 is no power of ten",
        ),
        (
            "point: Frequency, at: HR 1, type: int16, invalid: ^0x10000",
            "0x10000 is no pattern of int16",
        ),
        (
            "point: Frequency, at: HR 1, type: int16, invalid: ^-1",
            "modbus.registers.0.invalid: input should",
        ),
        (
            'point: Frequency, at: HR 1, type: int16, unit: ^"%"',
            "Frequency is in Hz, not '%'; remove 'unit'",
        ),
        (
            "constant: 1, at: HR 1, type: int16, invalid: ^3",
            "'invalid' does not go with 'constant'; remove",
        ),
        (
            "point: Frequency, at: HR 1, type: int16, codes: ^{0: 1}",
            "Frequency has no states; remove",
        ),
        (
            "point: Modbus_Baudrate, at: HR 1, type: int16, codes: {9601: ^1}",
            "9601 is no state of Modbus_Baudrate; it has 9600, 19200, 38400",
        ),
        (
            "point: Modbus_Baudrate, at: HR 1, type: int16, codes: {9600: ^1, 19200: 1}",
            "the code 1 stands twice;",
        ),
        (
            "point: Modbus_Baudrate, at: HR 1, type: uint16, codes: {9600: ^-1}",
            "-1 does not fit into uint16",
        ),
        (
            "point: Modbus_Baudrate, at: HR 1, type: uint16, codes: {9600: ^0xFFFF}",
            "65535 is the pattern of an",
        ),
        (
            "point: Modbus_Baudrate, at: HR 1, type: int16, scale: 2, codes: ^{9600: 1}",
            "codes are what stands on",
        ),
        (
            "point: Power_Factor_L1, reactive: ^Active_Power_Total, factor: four-quadrant, "
            "at: HR 1, type: float32",
            "'reactive' names the reactive power that goes with a power factor, not",
        ),
        (
            "point: Frequency, reactive: ^Reactive_Power_Total, factor: inductive-negative, "
            "at: HR 1, type: float32",
            "'reactive' names the",
        ),
        (
            "point: Power_Factor_L1, reactive: ^Reactive, factor: four-quadrant, at: HR 1, "
            "type: float32",
            "unknown point 'Reactive';",
        ),
        (
            "point: Power_Factor_L1, reactive: ^Reactive_Power_Total, at: HR 1, type: float32",
            "'reactive' needs 'factor' beside it; add it",
        ),
        (
            "point: Power_Factor_L1, factor: ^four-quadrant, at: HR 1, type: float32",
            "'factor' needs 'reactive' beside it; add it",
        ),
        (
            "mean: [Power_Factor_L1], reactive: ^Reactive_Power_Total, at: HR 1, type: float32",
            "'reactive' does not go with 'mean'; remove it",
        ),
        (
            "mean: [Power_Factor_L1], factor: ^four-quadrant, at: HR 1, type: float32",
            "'factor' does not go with 'mean'; remove it",
        ),
        (
            "constant: 1, unmarked: ^true, at: HR 1, type: uint16",
            "'unmarked' does not go with 'constant'; remove it",
        ),
        (
            "absent: x, unmarked: ^true, at: HR 1, type: string, words: 2",
            "an unknown string is empty; remove 'unmarked'",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, entry: str, expected: str) -> None:
    """The caret stands before the place; without one it is the whole entry."""
    found = faults(tmp_path, entry.replace("^", ""), head="constants: {SF: -2, F: 0.5, BIG: 99}")
    column = 7 + (entry.index("^") + 1 if "^" in entry else 0)
    assert any(fault.startswith(f"4:{column}: {expected}") for fault in found), found
    assert len(found) <= 2


def test_an_entry_has_one_content(tmp_path: Path) -> None:
    (found,) = faults(tmp_path, "at: HR 1, type: int16")
    assert found.endswith("flags, absent, unlock; add one")
    (found,) = faults(tmp_path, "point: Frequency, absent: x, at: HR 1, type: int16")
    assert found.endswith("flags, absent, unlock; not point and absent; remove one")


def test_a_map_without_constants_says_so(tmp_path: Path) -> None:
    (found,) = faults(tmp_path, "constant: SG, at: HR 1, type: int16")
    assert found == "4:18: unknown constant 'SG'; the map has no 'constants'"
