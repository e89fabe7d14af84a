"""Intervals and audit entries as rows, and back."""

from collections.abc import Mapping
from typing import Any

from submeter.meter.audit import Entry
from submeter.meter.interval import Interval, Spread
from submeter.store import schema
from submeter.store.database import Cell


def interval_row(interval: Interval) -> dict[str, Cell]:
    """Return the columns of `interval`, with values as SQLite gives them back."""
    row: dict[str, Cell] = {
        "meter": text(interval.meter),
        "start": int(interval.start),
        "end": int(interval.end),
    }
    for name, (first, last) in interval.indexes.items():
        row[f"{name}_start"] = first
        row[f"{name}_end"] = last
    for name, spread in zip(schema.SPREADS, (interval.power, *interval.voltages), strict=True):
        for part in Spread._fields:
            row[f"{name}_{part}"] = None if spread is None else real(getattr(spread, part))
    return row | {
        "quality": text(interval.quality),
        "covered": int(interval.covered),
        "recovered": int(interval.recovered),
        "stepped": int(interval.stepped),
    }


def interval(row: Mapping[str, Any]) -> Interval:
    """Return the interval in `row`; each index that has a column is in it."""
    names = schema.indexes(tuple(row))
    spreads = [_spread(row, name) for name in schema.SPREADS]
    return Interval(
        meter=row["meter"],
        start=row["start"],
        end=row["end"],
        indexes={name: (row[f"{name}_start"], row[f"{name}_end"]) for name in names},
        power=spreads[0],
        voltages=(spreads[1], spreads[2], spreads[3]),
        quality=row["quality"],
        covered=row["covered"],
        recovered=bool(row["recovered"]),
        stepped=bool(row["stepped"]),
    )


def audit_row(entry: Entry) -> dict[str, Cell]:
    """Return the columns of `entry`, with values as SQLite gives them back."""
    return {
        "at": int(entry.at),
        "event": text(entry.event),
        "meter": text(entry.meter),
        "who": text(entry.who),
        "detail": text(entry.detail),
    }


def text(given: str) -> str:
    """Return `given` as SQLite can hold it: what is no Unicode becomes a question mark."""
    return given.encode("utf-8", "replace").decode("utf-8")


def real(given: float) -> float | None:
    """Return `given` as SQLite holds it: it knows neither NaN nor a negative zero."""
    return None if given != given else float(given) + 0.0


def _spread(row: Mapping[str, Any], name: str) -> Spread | None:
    least, mean, most = (row[f"{name}_{part}"] for part in Spread._fields)
    return None if least is None or mean is None or most is None else Spread(least, mean, most)
