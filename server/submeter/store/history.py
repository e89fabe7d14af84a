"""What the store holds of the past, for one meter and a span of time."""

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from submeter.errors import StoreError
from submeter.meter.interval import Interval
from submeter.store import evidence
from submeter.store.database import columns, quoted, reading


class Sample(NamedTuple):
    """The values of one meter at UTC second `at`, in the order asked for; None: no good value.

    Numbers are as in `Reading`, so an index is in mWh (mvarh); `instrument_time` is the
    instrument's own time as it wrote it.
    """

    at: int
    instrument_time: str | None
    values: tuple[int | float | None, ...]


def intervals(path: Path, meter: str, start: int, end: int) -> Iterator[Interval]:
    """Yield the intervals of `meter` that began from UTC second `start` to before `end`, in order.

    Raises StoreError.
    """
    with reading(path) as connection:
        cursor = connection.execute(
            "SELECT * FROM interval WHERE meter = ? AND start >= ? AND start < ? ORDER BY start",
            (meter, start, end),
        )
        cursor.row_factory = sqlite3.Row
        for row in cursor:
            yield evidence.interval(dict(row))


def samples(
    path: Path, meter: str, start: int, end: int, points: Sequence[str]
) -> Iterator[Sample]:
    """Yield the samples of `meter` from UTC second `start` to before `end`, in order of time.

    Raises StoreError, also for a point that was never kept.
    """
    with reading(path) as connection:
        known = set(columns(connection, "sample"))
        for name in points:
            if name not in known:
                raise StoreError(f"store {path} keeps no point {name}")
        names = "".join(f", {quoted(name)}" for name in points)
        rows = connection.execute(
            f"SELECT at, instrument_time{names} FROM sample "
            "WHERE at >= ? AND at < ? AND meter = ? ORDER BY at",
            (start, end, meter),
        )
        for at, instrument_time, *values in rows:
            yield Sample(at, instrument_time, tuple(values))
