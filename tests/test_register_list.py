"""The register list: complete, and its examples decode to what they say."""

import csv
import dataclasses
import io
import json
import re
import struct
from datetime import UTC, datetime
from pathlib import Path

import pytest

from submeter import register_list
from submeter.pointmap import address, meter_map, points
from submeter.pointmap.meter_map import MeterMap
from submeter.register_row import Row
from tooling import small_map

LOAD = "point: Power_Factor_L1, at: HR 1, type: float32, reactive: Reactive_Power_Total"


@pytest.fixture(scope="module")
def standard() -> MeterMap:
    return meter_map.load("standard")


@pytest.fixture(scope="module")
def rows(standard: MeterMap) -> list[Row]:
    return register_list.rows(standard)


def test_rows_cover_every_register_and_every_validity_bit(
    standard: MeterMap, rows: list[Row]
) -> None:
    listed = sorted((row.table, row.wire, row.count, row.point) for row in rows)
    mapped = [
        (r.table.value, r.wire, r.words, r.point.name if r.point else "")
        for r in standard.registers
    ]
    bits = [("discrete input", 1000 + n, 1, p.name) for n, p in enumerate(standard.points)]
    assert listed == sorted([*mapped, *bits])


def test_written_addresses_are_those_on_the_wire(rows: list[Row]) -> None:
    for row in rows:
        parsed = address.parse(row.address)
        assert (parsed.table.value, parsed.wire) == (row.table, row.wire)
        assert row.functions == str(parsed.table.function)


def test_rows_are_sorted_by_table_and_address(rows: list[Row]) -> None:
    tables = list(dict.fromkeys(row.functions for row in rows))
    assert tables == ["4", "1", "2", "3"]
    for function in tables:
        wires = [row.wire for row in rows if row.functions == function]
        assert wires == sorted(wires)


def example(row: Row) -> tuple[str, bytes]:
    shown, registers = row.example.rsplit(" = ", 1)
    data = bytes.fromhex(registers)
    assert len(data) == 2 * row.count
    return shown, data


def test_float_examples_decode_to_what_they_say(rows: list[Row]) -> None:
    floats = [row for row in rows if row.type == "float32"]
    assert len(floats) == 4 + 24 + 9 + 10 + 31 + 26 + 7 + 152
    for row in floats:
        shown, data = example(row)
        (decoded,) = struct.unpack(">f", data)
        states = {text: key for key, text in points.all_points()[row.point].states.items()}
        number = float(states[shown] if shown in states else shown.split()[0])
        assert decoded == pytest.approx(number, rel=1e-6), row
        assert struct.unpack(">f", bytes.fromhex(row.invalid))[0] != decoded


def test_integer_examples_decode_to_what_they_say(rows: list[Row]) -> None:
    exact = [row for row in rows if row.type == "int64"]
    assert len(exact) == 4 + 31
    for row in exact:
        shown, data = example(row)
        assert row.unit in ("Wh", "varh", "VAh", "mL")
        number, unit = shown.split()
        assert unit == ("m3" if row.unit == "mL" else f"k{row.unit}")
        counts = 1_000_000 if row.unit == "mL" else 1000
        assert int.from_bytes(data, "big", signed=True) == round(float(number) * counts)
        assert row.invalid == "8000 0000 0000 0000"


def test_the_time_stamp_example_decodes_to_what_it_says(rows: list[Row]) -> None:
    (row,) = (row for row in rows if row.point == "Demand_Peak_Timestamp" and row.type == "uint32")
    shown, data = example(row)
    moment = datetime.fromtimestamp(int.from_bytes(data, "big"), UTC)
    assert f"{moment:%Y-%m-%d %H:%M:%S} UTC" == shown
    assert row.invalid == "FFFF FFFF"


def test_bits_say_what_one_means(rows: list[Row]) -> None:
    by_address = {row.address: row for row in rows}
    assert by_address["DI 5"].example == "1 = Loss"
    assert by_address["DI 9"].description.endswith("; 0 = Import, 1 = Export")
    assert by_address["DI 1053"].point == "Voltage_Unbalance_Threshold"
    assert by_address["DI 1053"].invalid == "0"
    assert by_address["DI 1054"].point == "Voltage_Unbalance"
    assert by_address["DI 2001"].example == "1 = Difference"


def test_csv_is_well_formed(rows: list[Row]) -> None:
    read = list(csv.DictReader(io.StringIO(register_list.csv_text(rows))))
    assert len(read) == len(rows)
    for fields, row in zip(read, rows, strict=True):
        assert list(fields.values()) == [str(value) for value in dataclasses.astuple(row)]


def test_markdown_is_well_formed(rows: list[Row]) -> None:
    lines = register_list.markdown(rows).splitlines()
    assert len(lines) == len(rows) + 2
    for line in lines:
        assert re.fullmatch(r"\|( [^|]* \|){13}", line), line
    assert lines[1] == "|" + " --- |" * 13


def test_a_cell_stays_a_cell(tmp_path: Path) -> None:
    row = only(tmp_path, r'absent: "A | B\n# C", at: HR 1, type: int16')
    lines = register_list.markdown([row]).splitlines()
    assert len(lines) == 3
    assert "A \\| B # C; not available: always reads 8000 |" in lines[2]


def test_json_holds_the_map_and_its_rows(standard: MeterMap, rows: list[Row]) -> None:
    read = json.loads(register_list.json_text(standard))
    assert read["registers"] == [dataclasses.asdict(row) for row in rows]
    assert (read["map"], read["shared"], read["functions"]) == ("standard", False, None)
    assert read["when_stale"] == {"stale": "invalid", "failed": "invalid", "absent": "invalid"}


def only(folder: Path, entry: str, head: str = "holes: zero") -> Row:
    """Return the row of a map with one entry."""
    (row,) = register_list.rows(small_map.read(folder, entry, head=head))
    return row


@pytest.mark.parametrize(
    ("entry", "type_", "scale", "example"),
    [
        ("point: Voltage_L1_N, at: HR 1, type: int32, order: CDAB, scale: 0.1", "int32 CDAB", "0.1",
         "225 V = 08CA 0000"),
        ("point: Voltage_L1_N, at: HR 1, type: int32, order: BADC", "int32 BADC", "",
         "225 V = 0000 E100"),
        ("point: Voltage_L1_N, at: HR 1, type: uint16, order: CDAB, offset: 200", "uint16",
         "offset 200", "225 V = 0019"),
        ("point: Active_Power_Total, at: HR 1, type: int16, unit: W, scale: 10", "int16", "10",
         "0.5 kW = 0032"),
        ("point: Active_Energy_Import, at: HR 1, type: uint16, unit: Wh", "uint16", "",
         "12.345 kWh = 3039"),
        ("sum: [Active_Power_L1, -Active_Power_L2], at: HR 1, type: int16", "int16", "",
         "175 kW = 00AF"),
        ("product: [Voltage_L1_N, Current_L1], at: HR 1, type: int16, unit: kVA", "int16", "",
         "2300 VA = 0002"),
        ("constant: SF, at: HR 1, type: int16", "int16", "", "-2 = FFFE"),
        ("text: B23, at: HR 1, type: string, words: 2", "string", "", "'B23' = 4232 3300"),
        ("identity: serial, at: HR 1, type: string, words: 2, chars: 1",
         "string, 1 character a register", "", ""),
        ("flags: {4: Overload_Alarm}, at: HR 1, type: bits", "bits", "", "Overload_Alarm = 0010"),
    ],
)  # fmt: skip
def test_forms(tmp_path: Path, entry: str, type_: str, scale: str, example: str) -> None:
    row = only(tmp_path, entry, head="constants: {SF: -2}")
    assert (row.type, row.scale, row.example) == (type_, scale, example)


@pytest.mark.parametrize(
    ("entry", "access", "invalid", "description"),
    [
        ("constant: SF, at: HR 1, type: int16", "R", "", "Always -2, the constant SF"),
        ("constant: 341, at: HR 1, type: uint16, count: 1", "R", "",
         "Always 341; seen only by a read of exactly 1 from here"),
        ("text: B23, at: HR 1, type: string, words: 2", "R", "", "Always 'B23'"),
        ("identity: product_code, at: HR 1, type: uint16", "R", "FFFF", "Identity: product code"),
        ("flags: {4: Meter_Error, 0: Tamper_Alarm}, at: HR 1, type: bits", "R", "0000",
         "bit 0 = Tamper_Alarm; bit 4 = Meter_Error"),
        ("absent: Tariff, at: HR 1, type: string, words: 2", "R", "",
         "Tariff; not available: always reads as an empty text"),
        ("absent: Relay, at: Coil 1", "R", "0", "Relay; not available: always reads 0"),
        ("unlock: true, at: HR 1, type: uint32", "W", "",
         "The unlock code, as a number; 0 ends the lease"),
        ("point: Modbus_Baudrate, at: HR 1, type: uint16, codes: {9600: 2, 19200: 3}", "R/W",
         "FFFF", "Modbus RTU baud rate; 2 = 9600 bit/s, 3 = 19200 bit/s"),
        ("point: Modbus_Baudrate, at: HR 1, type: uint16, access: R", "R", "FFFF",
         "Modbus RTU baud rate"),
        (f"{LOAD}, factor: four-quadrant", "R", "7FC0 0000",
         "Power factor, phase L1; 2 - x (or -2 - x) while capacitive, which is while "
         "Reactive_Power_Total is negative"),
        (f"{LOAD}, factor: inductive-negative", "R", "7FC0 0000",
         "Power factor, phase L1; negative while inductive, which is while Reactive_Power_Total "
         "is positive"),
        (f"{LOAD}, factor: capacitive-negative", "R", "7FC0 0000",
         "Power factor, phase L1; negative while capacitive, which is while Reactive_Power_Total "
         "is negative"),
        ("point: Frequency, at: HR 1, type: int16, unmarked: true, note: in steps", "R", "8000",
         "Mains frequency; exception 04 while it is lost; a program would take the pattern of one "
         "that is never there, 8000, for a number; in steps"),
        ("absent: Tariff, at: HR 1, type: int16, unmarked: true", "R", "8000",
         "Tariff; not available: always reads 8000; a program takes it for a number"),
        ("constant: 0, at: HR 1, type: int16, note: 'kWh: none'", "R", "", "Always 0; kWh: none"),
    ],
)  # fmt: skip
def test_meanings(tmp_path: Path, entry: str, access: str, invalid: str, description: str) -> None:
    row = only(tmp_path, entry, head="constants: {SF: -2}")
    assert (row.access, row.invalid, row.description) == (access, invalid, description)


def test_absent_values_that_are_refused_say_so(tmp_path: Path) -> None:
    entry = "absent: Tariff, at: HR 1, type: int16"
    row = only(tmp_path, entry, head="when_stale: {absent: failure}")
    assert row.description == "Tariff; not available: it is exception 04"


def test_tables_that_are_one_stand_as_one(tmp_path: Path) -> None:
    entries = [f"absent: x, at: {table} {n}, type: int16" for table, n in
               (("HR", 5), ("IR", 9), ("HR", 20), ("IR", 3))]  # fmt: skip
    found = register_list.rows(small_map.read(tmp_path, *entries, head="shared: true"))
    assert [(row.address, row.functions) for row in found] == [
        ("IR 3", "4, 3"), ("HR 5", "3, 4"), ("IR 9", "4, 3"), ("HR 20", "3, 4")]  # fmt: skip
    assert [row.wire for row in found] == [2, 4, 8, 19]


def page(folder: Path, *entries: str, head: str) -> str:
    text = register_list.document(small_map.read(folder, *entries, head=head))
    return " ".join(text.partition("Printed by")[0].split())


def test_the_page_says_what_holds_for_the_whole_map(tmp_path: Path) -> None:
    entries = ["absent: x, at: HR 1, type: int32, order: CDAB", "absent: y, at: HR 3, type: int32"]
    head = (
        "shared: true\n  functions: [3, 16]\n  holes: refuse\n  clipped: serve\n"
        "  when_stale: {stale: last, failed: failure, absent: failure}"
    )
    text = page(tmp_path, *entries, head=head)
    for said in (
        "Values of several registers come most significant word first (ABCD): "
        "1234567890 = 0x499602D2 reads as 4996 02D2.",
        "least significant word first (CDAB): 1234567890 = 0x499602D2 reads as 02D2 4996.",
        "Functions 3 and 4 read the same registers.",
        "Other functions than 3, 16 are exception 01.",
        "A read of an undefined address is exception 02.",
        "A read that cuts through a value gets the registers it asks for.",
        "A value that is stale reads as the last good value; one that is failed or absent is "
        "exception 04.",
        "A value that its type cannot hold reads as its invalid value.",
        "Nothing can be written.",
    ):
        assert said in text, said


def test_the_page_of_the_standard_map(standard: MeterMap) -> None:
    text = " ".join(register_list.document(standard).split())
    assert "A value that is not known reads as its invalid value. So does a value that its" in text
    assert "What has W as access can be written" in text
    assert "Functions 3 and 4" not in text
    assert "Other functions" not in text


def test_validity_bits_may_be_coils(tmp_path: Path) -> None:
    path = tmp_path / "coils.yaml"
    path.write_text(
        "title: Coils\nmodbus:\n  validity: Coil 101\n  registers: []\nbacnet: {objects: []}\n"
    )
    first = register_list.rows(meter_map.read(path))[0]
    assert (first.table, first.address, first.functions) == ("coil", "Coil 101", "1")
