"""The register list: complete, and its examples decode to what they say."""

import csv
import dataclasses
import io
import re
import struct
from datetime import UTC, datetime
from pathlib import Path

import pytest

from submeter import register_list
from submeter.pointmap import address, meter_map, points
from submeter.pointmap.meter_map import MeterMap
from submeter.register_list import Row


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
    mapped = [(r.table.value, r.wire, r.words, r.point.name) for r in standard.registers]
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
    assert len(floats) == 4 + 24 + 9 + 9
    for row in floats:
        shown, data = example(row)
        (decoded,) = struct.unpack(">f", data)
        states = {text: key for key, text in points.all_points()[row.point].states.items()}
        number = states[shown] if shown in states else float(shown.split()[0])
        assert decoded == pytest.approx(number, rel=1e-6), row
        assert struct.unpack(">f", bytes.fromhex(row.invalid))[0] != decoded


def test_integer_examples_decode_to_what_they_say(rows: list[Row]) -> None:
    exact = [row for row in rows if row.type == "int64"]
    assert len(exact) == 4
    for row in exact:
        shown, data = example(row)
        assert row.unit in ("Wh", "varh")
        number, unit = shown.split()
        assert unit == f"k{row.unit}"
        assert int.from_bytes(data, "big", signed=True) == round(float(number) * 1000)
        assert row.invalid == "8000 0000 0000 0000"


def test_the_time_stamp_example_decodes_to_what_it_says(rows: list[Row]) -> None:
    (row,) = (row for row in rows if row.type == "uint32")
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
        assert re.fullmatch(r"\|( [^|]* \|){12}", line), line
    assert lines[1] == "|" + " --- |" * 12


def test_validity_bits_may_be_coils(tmp_path: Path) -> None:
    path = tmp_path / "coils.yaml"
    path.write_text(
        "title: Coils\nmodbus:\n  validity: Coil 101\n  registers: []\nbacnet: {objects: []}\n"
    )
    first = register_list.rows(meter_map.read(path))[0]
    assert (first.table, first.address, first.functions) == ("coil", "Coil 101", "1")
