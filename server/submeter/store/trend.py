"""The samples of the store as the records of trend logs."""

import sqlite3
from array import array
from collections.abc import Collection, Mapping, MutableSequence, Sequence
from pathlib import Path
from typing import NamedTuple

from submeter.errors import StoreError
from submeter.store.database import columns, quoted, reading

_LATEST = 0xFFFFFFFF  # UTC s; what is beyond is no time
_RECENT = 20_000  # rows: a meter that is sampled has one among so many of the last

_NEWEST = "SELECT meter, at FROM sample ORDER BY seq DESC LIMIT ?"
# In the order of the index, so this walks the samples of all meters back from the end. An index of
# each meter's own would serve one of them quicker, but adds a page for each to every commit.
_WALK = """SELECT meter, at, seq FROM sample WHERE at > ? AND at <= ? AND meter IN ({})
    ORDER BY at DESC, meter DESC, seq DESC LIMIT ?"""
_ALL = -1  # of a LIMIT
# By the order of rows, since what was taken lately is little; the + keeps off the index.
_SINCE = "SELECT meter, at, seq FROM sample WHERE seq > ? AND +at <= ?"


class _Taken(NamedTuple):
    """Times and row numbers of samples of one meter, in turn, the latest time first."""

    at: MutableSequence[int]
    seq: MutableSequence[int]

    @classmethod
    def none(cls) -> "_Taken":
        return cls(array("q"), array("q"))


class TrendHistory:
    """The samples in the store at `path`, opened for each call; raises StoreError.

    After the clock was set back, samples bear times that others had before. The earlier ones count
    no more: a sample is left out where one that was taken later has the same time or one before.
    So times ascend, and the last is that of the sample that was taken last.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def times(self, after: Mapping[str, int], most: int) -> Mapping[str, Sequence[int]]:
        """Return when each meter in `after` was sampled after its UTC second there, ascending.

        Those are the last `most` times, and fewer also where the clock was set back.
        """
        with reading(self._path) as connection:
            until = _until(connection, after)
            found = {meter: _Taken.none() for meter in after}
            most_rows = len(found) * most
            if _walk(connection, found, after, until, most, most_rows) == most_rows:
                # Meters with gaps, or new ones, had fewer of these rows than others.
                short = {name: _Taken.none() for name, own in found.items() if len(own.at) < most}
                _walk(connection, short, after, until, most, _ALL)
                found |= short
            last = _last(connection, found, after, most)
        return {meter: _latest_taken(own, last.get(meter, 0)) for meter, own in found.items()}

    def oldest(self) -> int | None:
        """Return when the oldest sample of all was taken, None without any."""
        with reading(self._path) as connection:
            (at,) = connection.execute("SELECT min(at) FROM sample").fetchone()
        return None if at is None else int(at)

    def values(
        self, meter: str, point: str, start: int, end: int
    ) -> Sequence[tuple[int, int | float | None]]:
        """Return time and value of `point`, as in `Reading`, from `start` to `end`, included.

        The value is None where there was no good one. Raises StoreError, also for a point that was
        never kept.
        """
        with reading(self._path) as connection:
            if point not in columns(connection, "sample"):
                raise StoreError(f"store {self._path} keeps no point {point}")
            rows = connection.execute(
                f"SELECT at, {quoted(point)} FROM sample WHERE at BETWEEN ? AND ? AND meter = ? "
                "ORDER BY at, seq",
                (start, end, meter),
            )
            # Of several with one time the last is kept.
            return list(dict(rows).items())


def _until(connection: sqlite3.Connection, meters: Collection[str]) -> dict[str, int]:
    """Return when the last sample of each meter was taken, if it is not long ago."""
    found: dict[str, int] = {}
    for meter, at in connection.execute(_NEWEST, (_RECENT,)):
        if meter in meters and meter not in found:
            found[meter] = at
            if len(found) == len(meters):
                break
    return found


def _walk(
    connection: sqlite3.Connection,
    found: Mapping[str, _Taken],
    after: Mapping[str, int],
    until: Mapping[str, int],
    most: int,
    most_rows: int,
) -> int:
    """Put the last `most` samples of each meter, after and until its times, into `found`.

    Looks at no more than `most_rows` of these meters, and returns at how many it looked.
    """
    if not found:
        return 0
    end = max(min(until.get(meter, _LATEST), _LATEST) for meter in found)
    wanted = (min(after[meter] for meter in found), end, *found, most_rows)
    marks = ", ".join("?" * len(found))
    looked_at = 0
    for meter, at, seq in connection.execute(_WALK.format(marks), wanted):
        looked_at += 1
        own = found[meter]
        if len(own.at) < most and after[meter] < at <= until.get(meter, at):
            own.at.append(at)
            own.seq.append(seq)
    return looked_at


def _last(
    connection: sqlite3.Connection,
    found: Mapping[str, _Taken],
    after: Mapping[str, int],
    most: int,
) -> dict[str, int]:
    """Return the number of the last sample of each meter that is not in `found` for its time.

    Only of those taken since the first one of `found`: a later one counts no more.
    """
    asked = {
        meter: min(own.seq)
        for meter, own in found.items()
        if own.seq and len(own.seq) < most and after[meter] >= 0
    }
    last: dict[str, int] = {}
    if asked:
        limits = min(asked.values()), max(after[meter] for meter in asked)
        for meter, at, seq in connection.execute(_SINCE, limits):
            if meter in asked and at <= after[meter]:
                last[meter] = max(seq, last.get(meter, 0))
    return last


def _latest_taken(taken: _Taken, last: int) -> Sequence[int]:
    """Return the times of those samples that no later one supersedes, ascending.

    `last` is the number of the last of those with a time before all of them.
    """
    found = array("I")
    for at, seq in zip(reversed(taken.at), reversed(taken.seq), strict=True):
        if seq > last:
            last = seq
            if found and found[-1] == at:
                found.pop()
            found.append(at)
    return found
