"""The tables of the store, and how an older file comes by them."""

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path

from submeter.meter.point import Point
from submeter.store.database import columns, quoted, transaction
from submeter.store.fault import UnfitError

APPLICATION = 0x5355424D  # "SUBM", in the header of the file
SPREADS = ("power", "voltage_l1", "voltage_l2", "voltage_l3")
SMALL = ("index", "setting", "demand", "note", "key", "head")

# The index has rowids: its rows are long, and without one a long row overflows its page.
_FIRST = """
CREATE TABLE "index" (meter TEXT NOT NULL, point TEXT NOT NULL, total INTEGER, state TEXT NOT NULL,
    signature BLOB NOT NULL, PRIMARY KEY (meter, point));
CREATE TABLE setting (meter TEXT NOT NULL, point TEXT NOT NULL, value NUMERIC NOT NULL,
    PRIMARY KEY (meter, point)) WITHOUT ROWID;
CREATE TABLE demand (meter TEXT PRIMARY KEY, state TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE note (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE sample (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, meter TEXT NOT NULL,
    instrument_time TEXT);
CREATE INDEX sample_at ON sample (at, meter);
CREATE TABLE interval (seq INTEGER PRIMARY KEY, meter TEXT NOT NULL, start INTEGER NOT NULL,
    "end" INTEGER NOT NULL, {spreads}, quality TEXT NOT NULL, covered INTEGER NOT NULL,
    recovered INTEGER NOT NULL, stepped INTEGER NOT NULL, hash BLOB NOT NULL,
    signature BLOB NOT NULL, UNIQUE (meter, start));
CREATE TABLE audit (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, event TEXT NOT NULL,
    meter TEXT NOT NULL, who TEXT NOT NULL, detail TEXT NOT NULL, hash BLOB NOT NULL,
    signature BLOB NOT NULL);
CREATE TABLE head (chain TEXT PRIMARY KEY, count INTEGER NOT NULL, hash BLOB NOT NULL,
    signature BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE key (public BLOB PRIMARY KEY, since INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE request (id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, who TEXT NOT NULL,
    action TEXT NOT NULL, meter TEXT NOT NULL, argument TEXT NOT NULL, answer TEXT, ok INTEGER,
    done INTEGER);
CREATE INDEX request_pending ON request (id) WHERE done IS NULL;
"""


def _first(connection: sqlite3.Connection) -> None:
    spreads = ", ".join(
        f"{name}_{part} REAL" for name in SPREADS for part in ("least", "mean", "most")
    )
    for statement in _FIRST.format(spreads=spreads).split(";\n"):
        if statement:
            connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION}")


# Step n makes version n + 1 out of version n; a step is never changed once it was released.
MIGRATIONS: tuple[Callable[[sqlite3.Connection], None], ...] = (_first,)


def version() -> int:
    """Return the version that this program writes."""
    return len(MIGRATIONS)


def examine(connection: sqlite3.Connection, path: Path) -> int:
    """Return the version of the file; raises UnfitError if it is not one for this program."""
    (found,) = connection.execute("PRAGMA user_version").fetchone()
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if application != APPLICATION and (found or tables):
        raise UnfitError(f"{path} is the database of another program; choose another store.path")
    if found > version():
        raise UnfitError(
            f"{path} was written by a newer submeter (store version {found}, this one knows "
            f"{version()}); install that one again, or choose another store.path"
        )
    return int(found)


def examine_current(connection: sqlite3.Connection, path: Path) -> None:
    """Raise UnfitError unless the file is of the version that this program writes."""
    if (found := examine(connection, path)) < version():
        raise UnfitError(
            f"{path} was written by an older submeter (store version {found}, this one writes "
            f"{version()}); start this one once, it brings the file up to date"
        )


def prepare(connection: sqlite3.Connection, path: Path, points: Sequence[Point]) -> None:
    """Bring the file to our version, with a column for each of `points`: all of it or nothing.

    Raises UnfitError as `examine` does, and sqlite3.Error, also if the file cannot be written.
    """
    with transaction(connection):
        for step in MIGRATIONS[examine(connection, path) :]:
            step(connection)
        if examine(connection, path) != version():
            connection.execute(f"PRAGMA user_version = {version()}")
        _add_columns(connection, "sample", {each.name: _kind(each) for each in points})
        _add_columns(connection, "interval", _index_columns(points))
        # SQLite opens what it cannot write without a word, and tells only who tries.
        connection.execute("DELETE FROM note WHERE 0")


def indexes(names: Sequence[str]) -> tuple[str, ...]:
    """Return the index points among the columns `names` of the table interval."""
    known = set(names)
    starts = (name.removesuffix("_start") for name in names if name.endswith("_start"))
    return tuple(name for name in starts if f"{name}_end" in known)


def strangers(connection: sqlite3.Connection, table: str) -> frozenset[str]:
    """Return the columns that `table` lacks, and those that this program never made."""
    fresh = sqlite3.connect(":memory:", isolation_level=None)
    try:
        for step in MIGRATIONS:
            step(fresh)
        own = set(columns(fresh, table))
    finally:
        fresh.close()
    names = columns(connection, table)
    pairs = {f"{name}_{edge}" for name in indexes(names) for edge in ("start", "end")}
    return frozenset((own | pairs) ^ set(names))


def _kind(point: Point) -> str:
    return "REAL" if point.kind == "analog" else "INTEGER"


def _index_columns(points: Sequence[Point]) -> dict[str, str]:
    names = (each.name for each in points if each.kind == "index")
    return {f"{name}_{edge}": "INTEGER" for name in names for edge in ("start", "end")}


def _add_columns(connection: sqlite3.Connection, table: str, wanted: dict[str, str]) -> None:
    known = set(columns(connection, table))
    for name, kind in wanted.items():
        if name not in known:
            connection.execute(f"ALTER TABLE {table} ADD COLUMN {quoted(name)} {kind}")
