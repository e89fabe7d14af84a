"""Checks a store offline: structure, chains, indexes, signatures, and that nothing is missing.

It reads at one moment, beside a running program too, and writes nothing.
"""

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from submeter.errors import StoreError
from submeter.store import database, fault, key, schema
from submeter.store.chain import (
    BEGINNING,
    CHAINED,
    HASH_AT,
    SIGNATURE_AT,
    head_bytes,
    index_bytes,
    link,
)
from submeter.store.continuity import Continuity
from submeter.store.page import IndexRow

Step = Callable[[str, int, int], None]
# SQLite shortens its report to this many lines.
_STRUCTURE = "PRAGMA integrity_check(20)"


class Verification:
    """One run over the file at `path`.

    `trusted` are the public keys that may have signed; without them those that the file names are
    believed. `step(table, done, total)` is called now and then. After `faults` is used up, `rows`
    counts what was read of each chain, and `keys` are the public keys that have signed it.
    """

    def __init__(
        self, path: Path, trusted: Sequence[bytes] = (), step: Step = lambda *_: None
    ) -> None:
        self._path = path
        self._trusted = list(trusted)
        self._step = step
        self.rows: dict[str, int] = {}
        self.keys: list[bytes] = []

    def faults(self) -> Iterator[str]:
        """Yield one line for each fault; raises StoreError if there is no store to be read.

        A damaged file is a fault too, the last one.
        """
        try:
            with database.reading(self._path) as connection:
                schema.examine_current(connection, self._path)
                yield from self._structure(connection)
                if not self._trusted:
                    self._trusted = _named_keys(connection)
                for table in CHAINED:
                    yield from self._chain(connection, table)
        except fault.UnfitError:
            raise
        except StoreError as error:
            if not _is_content(error):
                raise
            yield f"damaged: {error.__cause__ or error}"

    def _structure(self, connection: sqlite3.Connection) -> Iterator[str]:
        for (line,) in connection.execute(_STRUCTURE):
            if line != "ok":
                yield f"structure: {line}".replace("\n", " ")
        for table in CHAINED:
            for name in sorted(schema.strangers(connection, table)):
                yield f"structure: column {name} of {table} was renamed, removed or added"

    def _chain(self, connection: sqlite3.Connection, table: str) -> Iterator[str]:
        (total,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
        cursor = connection.execute(f"SELECT * FROM {table} ORDER BY seq")
        cursor.row_factory = sqlite3.Row
        previous, number = BEGINNING, 0
        continuity = Continuity() if table == "interval" else None
        for done, cells in enumerate(cursor, 1):
            row = dict(cells)
            for what in self._row_faults(table, row, previous, number + 1):
                yield f"{_named(table, row)}: {what}"
            if continuity is not None:
                for what in continuity.faults(row):
                    yield f"{_named(table, row)}: {what}"
            found = row.get(HASH_AT)
            previous = found if isinstance(found, bytes) else BEGINNING
            number = row["seq"] if isinstance(row.get("seq"), int) else done
            self.rows[table] = done
            self._step(table, done, total)
        self.rows.setdefault(table, 0)
        yield from self._head_faults(connection, table, previous)
        if continuity is not None:
            yield from self._index_faults(connection)
            yield from continuity.index_faults(connection)

    def _row_faults(
        self, table: str, row: Mapping[str, Any], previous: bytes, number: int
    ) -> Iterator[str]:
        if row.get("seq") != number:
            yield f"row {number} should be here; rows were removed or put elsewhere"
        found = row.get(HASH_AT)
        try:
            expected = link(previous, table, row)
        except TypeError:
            expected = b""
        if found != expected:
            yield "its hash does not fit; it was changed, or the row before it is another"
        elif not self._is_signed(row.get(SIGNATURE_AT), expected):
            yield "its signature is not by the site's key"

    def _head_faults(
        self, connection: sqlite3.Connection, table: str, last: bytes
    ) -> Iterator[str]:
        head = connection.execute(
            "SELECT count, hash, signature FROM head WHERE chain = ?", (table,)
        ).fetchone()
        if head is None:
            yield f"{table}: the end of the chain is not recorded; it was removed"
            return
        count, end, signature = head
        if count != self.rows[table]:
            yield f"{table}: {count} rows were written and {self.rows[table]} are there"
        elif end != last:
            yield f"{table}: the last row is not the one that was written last"
        is_whole = isinstance(count, int) and isinstance(end, bytes)
        if not is_whole or not self._is_signed(signature, head_bytes(table, count, end)):
            yield f"{table}: the signature of the end of the chain is not by the site's key"

    def _index_faults(self, connection: sqlite3.Connection) -> Iterator[str]:
        for *cells, signature in connection.execute(
            'SELECT meter, point, total, state, signature FROM "index" ORDER BY meter, point'
        ):
            row = IndexRow._make(cells)
            try:
                data = index_bytes(row)
            except TypeError:
                data = b""
            if not self._is_signed(signature, data):
                named = f"index {row.point} (meter {row.meter})"
                yield f"{named}: it was changed, or is not signed by the site's key"

    def _is_signed(self, signature: object, data: bytes) -> bool:
        if not isinstance(signature, bytes):
            return False
        # The key that signed the row before has most likely signed this one.
        for public in [
            *self.keys[::-1],
            *(each for each in self._trusted if each not in self.keys),
        ]:
            if key.good(public, signature, data):
                if public not in self.keys:
                    self.keys.append(public)
                return True
        return False


def _named_keys(connection: sqlite3.Connection) -> list[bytes]:
    rows = connection.execute("SELECT public FROM key ORDER BY since, public")
    return [public for (public,) in rows if isinstance(public, bytes)]


def _is_content(error: StoreError) -> bool:
    """Tell whether it is the content of the file that cannot be read, and not the file."""
    if isinstance(error, fault.DamagedError):
        return True
    cause = error.__cause__
    # A name in the schema that is another now, text that is no UTF-8.
    return isinstance(cause, sqlite3.Error) and fault.is_about_content(cause)


def _named(table: str, row: Mapping[str, Any]) -> str:
    """Return the name of a row for people, such as `interval row 12 (meter main, ... UTC)`."""
    at = row.get("start" if table == "interval" else "at")
    meter = row.get("meter")
    parts = [f"meter {meter}"] if meter else []
    if isinstance(at, int):
        parts.append(_time(at))
    return f"{table} row {row.get('seq')}" + (f" ({', '.join(parts)})" if parts else "")


def _time(at: int) -> str:
    try:
        return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M} UTC"
    except (ValueError, OverflowError, OSError):
        return f"{at} s"
