"""The register list of a meter map, as an integrator wants it: generated, never typed."""

import csv
import io
from collections.abc import Iterable
from dataclasses import astuple, dataclass

from submeter.meter.point import Point
from submeter.modbus.encoding import encode
from submeter.pointmap.address import Table
from submeter.pointmap.meter_map import MeterMap, Register


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list; `wire` is the address in a request, which counts from 0."""

    table: str
    address: str
    wire: int
    functions: str
    count: int
    type: str
    unit: str
    access: str
    invalid: str
    example: str
    point: str
    description: str


HEADINGS = (
    "table",
    "address",
    "on the wire",
    "function",
    "count",
    "type",
    "unit",
    "access",
    "invalid value",
    "example",
    "point",
    "description",
)


def rows(meter_map: MeterMap) -> list[Row]:
    """Return the list of `meter_map`, sorted by table and address."""
    found = [_row(meter_map, register) for register in meter_map.registers]
    if validity := meter_map.validity:
        prefix = "DI" if validity.table is Table.DISCRETE else "Coil"
        for number, point in enumerate(meter_map.points):
            found.append(
                Row(
                    table=validity.table.value,
                    address=f"{prefix} {validity.wire + number + 1}",
                    wire=validity.wire + number,
                    functions=str(validity.table.function),
                    count=1,
                    type="bit",
                    unit="",
                    access="R",
                    invalid="0",
                    example="1 = known",
                    point=point.name,
                    description=f"Validity of {point.name}",
                )
            )
    return sorted(found, key=lambda row: (row.functions != "4", row.functions, row.wire))


def document(meter_map: MeterMap) -> str:
    """Return the whole list as a Markdown page."""
    return (
        f"# {meter_map.title}\n\n"
        "Values are big-endian, the most significant word first. The address counts from 1\n"
        "inside its table, as the trade writes it; on the wire it counts from 0. An unknown value\n"
        "reads as the invalid value. Nothing can be written.\n\n"
        f"Printed by `submeter map {meter_map.name}`.\n\n"
        f"{markdown(rows(meter_map))}"
    )


def markdown(found: Iterable[Row]) -> str:
    """Return the rows as a Markdown table."""
    lines = [HEADINGS, tuple("---" for _ in HEADINGS), *(_texts(row) for row in found)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def csv_text(found: Iterable[Row]) -> str:
    """Return the rows as CSV with a heading."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEADINGS)
    writer.writerows(_texts(row) for row in found)
    return out.getvalue()


def _texts(row: Row) -> tuple[str, ...]:
    return tuple(map(str, astuple(row)))


def _row(meter_map: MeterMap, register: Register) -> Row:
    point = register.point
    return Row(
        table=register.table.value,
        address=register.at,
        wire=register.wire,
        functions=str(register.table.function),
        count=register.words,
        type=register.type or "bit",
        unit=register.unit or "",
        access="R",
        invalid=_hex(encode(None, register, meter_map.invalid)) if register.type else "0",
        example=_example(meter_map, register),
        point=point.name,
        description=_description(point),
    )


def _description(point: Point) -> str:
    states = ", ".join(f"{key} = {text}" for key, text in point.states.items())
    return f"{point.description}; {states}" if states and point.unit is None else point.description


def _example(meter_map: MeterMap, register: Register) -> str:
    """Return a typical value and what it reads as."""
    point = register.point
    if not register.type:
        return f"1 = {point.states[1]}"
    number, shown = _typical(point)
    return f"{shown} = {_hex(encode(number, register, meter_map.invalid))}"


def _typical(point: Point) -> tuple[int | float, str]:
    """Return a number as in a reading of `point`, and how people write it."""
    if point.kind == "index":
        return 12_345_678_000, f"12345.678 {point.unit}"
    if point.kind == "timestamp":
        return 1_767_225_600, "2026-01-01 00:00:00 UTC"
    if point.states:
        key = next(iter(point.states))
        return key, point.states[key]
    middle = (point.range.min + point.range.max) / 2 if point.range else 1.0
    number = middle or 0.5
    return number, f"{number:g} {point.unit or ''}".strip()


def _hex(data: bytes) -> str:
    return data.hex(" ", 2).upper()
