"""The register list of a meter map, as an integrator wants it: generated, never typed."""

import csv
import io
import json
from collections.abc import Iterable
from dataclasses import asdict, astuple

from submeter.pointmap.address import Table
from submeter.pointmap.meter_map import MeterMap
from submeter.register_notes import notes
from submeter.register_row import Row, row_of, validity_row

HEADINGS = (
    "table",
    "address",
    "on the wire",
    "function",
    "count",
    "type",
    "scale",
    "unit",
    "access",
    "invalid value",
    "example",
    "point",
    "description",
)
_ORDER = [table.value for table in (Table.INPUT, Table.COIL, Table.DISCRETE, Table.HOLDING)]


def rows(meter_map: MeterMap) -> list[Row]:
    """Return the list of `meter_map`, sorted by table and address; tables that are one as one."""
    found = [row_of(meter_map, register) for register in meter_map.registers]
    if validity := meter_map.validity:
        for point in meter_map.points:
            place = meter_map.bits[point.name]
            found.append(validity_row(meter_map, validity, place, point))

    def order(row: Row) -> tuple[int, int]:
        one = meter_map.shared and row.table == Table.INPUT.value
        return _ORDER.index(Table.HOLDING.value if one else row.table), row.wire

    return sorted(found, key=order)


def document(meter_map: MeterMap) -> str:
    """Return the whole list as a Markdown page."""
    paragraphs = [f"# {_line(meter_map.title)}", *notes(meter_map)]
    paragraphs.append(f"Printed by `submeter map {meter_map.name}`.")
    return "\n\n".join([*paragraphs, markdown(rows(meter_map))])


def markdown(found: Iterable[Row]) -> str:
    """Return the rows as a Markdown table."""
    lines = [HEADINGS, tuple("---" for _ in HEADINGS), *(_texts(row) for row in found)]
    return "".join(f"| {' | '.join(map(_cell, line))} |\n" for line in lines)


def csv_text(found: Iterable[Row]) -> str:
    """Return the rows as CSV with a heading."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEADINGS)
    writer.writerows(_texts(row) for row in found)
    return out.getvalue()


def json_text(meter_map: MeterMap) -> str:
    """Return the list as JSON: what holds for the whole map, and one object a row."""
    functions = meter_map.functions
    whole = {
        "map": meter_map.name,
        "title": meter_map.title,
        "document": meter_map.document,
        "holes": meter_map.holes,
        "clipped": meter_map.clipped,
        "shared": meter_map.shared,
        "functions": None if functions is None else sorted(functions),
        "when_stale": meter_map.when_stale.model_dump(),
        "constants": dict(meter_map.constants),
        "registers": [asdict(row) for row in rows(meter_map)],
    }
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def _texts(row: Row) -> tuple[str, ...]:
    return tuple(map(str, astuple(row)))


def _cell(text: str) -> str:
    return _line(text).replace("|", "\\|")


def _line(text: str) -> str:
    return " ".join(text.split())
