"""Whether the intervals of each meter follow one another without gap, overlap or lost energy."""

import sqlite3
from collections.abc import Iterator, Mapping
from typing import Any

from submeter.meter.interval import LENGTH
from submeter.store import schema

_Ends = dict[str, int | None]


class Continuity:
    """Looks at the rows of all meters in the order in which they were written."""

    def __init__(self) -> None:
        self._last: dict[str, tuple[int, _Ends]] = {}

    def faults(self, row: Mapping[str, Any]) -> Iterator[str]:
        """Yield what is wrong with `row` after those before it."""
        meter, start, end = row.get("meter"), row.get("start"), row.get("end")
        if not (isinstance(meter, str) and isinstance(start, int) and isinstance(end, int)):
            yield "it says neither meter nor time"
            return
        if start % LENGTH or end % LENGTH or end <= start:
            yield f"from {start} to {end} is no span of whole quarters of an hour"
        names = schema.indexes(tuple(row))
        last = self._last.get(meter)
        if last is not None and start != last[0]:
            yield f"the interval before it ended {start - last[0]:+d} s from its start"
        for name in names:
            first, final = row[f"{name}_start"], row[f"{name}_end"]
            before = first if last is None else last[1].get(name)
            if first != before:
                yield f"{name} starts at {first}, the interval before it ended at {before}"
            if _falls(first, final):
                yield f"{name} falls from {first} to {final}"
        self._last[meter] = end, {name: row[f"{name}_end"] for name in names}

    def index_faults(self, connection: sqlite3.Connection) -> Iterator[str]:
        """Yield each index that is kept with less than its last interval ended at."""
        totals = {
            (meter, point): total
            for meter, point, total in connection.execute('SELECT meter, point, total FROM "index"')
        }
        for meter, (_, ends) in self._last.items():
            for name, end in ends.items():
                total = totals.get((meter, name))
                if end is not None and _falls(end, total):
                    yield f"index {name} (meter {meter}): it is {total}, and was {end} before"


def _falls(before: object, after: object) -> bool:
    """Tell whether `after` is less than `before`, or is gone, or is no number."""
    if before is None:
        return not (after is None or isinstance(after, int))
    return not (isinstance(before, int) and isinstance(after, int) and after >= before)
