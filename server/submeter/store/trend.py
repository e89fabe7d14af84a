"""The samples of the store as the records of trend logs."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from submeter.errors import StoreError
from submeter.store.database import columns, quoted, reading

_LATEST = 0xFFFFFFFF  # UTC s; what is beyond is no time
_RECENT = 20_000  # rows: a meter that is sampled has one among so many of the last

# The index is on time and meter, so this walks the samples of all meters back from the end. An
# index of each meter's own would be quicker here, but adds a page for each meter to every commit.
_TIMES = """SELECT at, seq FROM sample
    WHERE at > :after AND at <= min(:latest, coalesce((
        SELECT at FROM sample
        WHERE meter = :meter AND seq > (SELECT max(seq) FROM sample) - :recent
        ORDER BY seq DESC LIMIT 1), :latest)) AND meter = :meter
    ORDER BY at DESC, seq DESC LIMIT :most"""
# By the order of rows: what was taken since is little.
_SINCE = "SELECT max(seq) FROM sample WHERE seq > ? AND at <= ? AND meter = ?"


class TrendHistory:
    """The samples in the store at `path`, opened for each call; raises StoreError.

    After the clock was set back, samples bear times that others had before. The earlier ones count
    no more: a sample is left out where one that was taken later has the same time or one before.
    So times ascend, and the last is that of the sample that was taken last.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def times(self, meter: str, after: int, most: int) -> Sequence[int]:
        """Return when `meter` was sampled after UTC second `after`: the last times, ascending.

        At most `most` of them, and fewer also where the clock was set back.
        """
        wanted = {"meter": meter, "after": after, "most": most}
        limits = {"latest": _LATEST, "recent": _RECENT}
        with reading(self._path) as connection:
            rows = connection.execute(_TIMES, {**wanted, **limits}).fetchall()
            last = 0
            if rows and after >= 0 and len(rows) < most:
                first = min(seq for _, seq in rows)
                (last,) = connection.execute(_SINCE, (first, after, meter)).fetchone()
        return _latest_taken(reversed(rows), last or 0)

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


def _latest_taken(rows: Iterable[tuple[int, int]], last: int) -> list[int]:
    """Return the times of those rows that no later one supersedes.

    `rows` are in order of time; before them in time was the one numbered `last`.
    """
    found: list[int] = []
    for at, seq in rows:
        if seq > last:
            last = seq
            if found and found[-1] == at:
                found.pop()
            found.append(at)
    return found
