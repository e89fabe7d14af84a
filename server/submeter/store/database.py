"""Connections to the store: SQLite in WAL mode, one writer, readers that cannot write."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from submeter.store import fault

# Small pages: what one commit appends to the log is one page for each that changed.
PAGE_SIZE = 1024  # bytes
BUSY = 5.0  # s
# In frames of the log; a larger log is copied back less often, and each page once a time.
CHECKPOINT = 4000

Cell = str | int | float | bytes | None


def writer(path: Path) -> sqlite3.Connection:
    """Connect to the existing file at `path` for reading and writing; raises sqlite3.Error.

    What is committed here is on the disk (synchronous=FULL), so that it survives a power cut.
    """
    connection = _connect(path, "mode=rw")
    try:
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT}")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def reader(path: Path) -> sqlite3.Connection:
    """Connect to the existing file at `path` for reading only; raises sqlite3.Error.

    Works beside a running writer, and on a disk that is read-only, with all that was committed.
    """
    connection = _connect(path, "mode=ro")
    try:
        connection.execute("SELECT 1 FROM sqlite_schema").fetchone()
    except sqlite3.OperationalError as error:
        connection.close()
        if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY):
            raise
    except sqlite3.Error:
        connection.close()
        raise
    else:
        return connection
    return _reader_of_what_nobody_writes(path)


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """Lend a reader of the file at `path`, all of it at one moment; raises StoreError.

    What is no UTF-8 in there is damage too.
    """
    connection = None
    try:
        connection = reader(path)
        connection.execute("BEGIN")
        yield connection
    except (sqlite3.Error, OSError) as error:
        raise fault.explain(error, path) from error
    except UnicodeDecodeError as error:
        # The name of a column is another now.
        raise fault.damaged(path, str(error)) from error
    finally:
        if connection is not None:
            connection.close()


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Do all of what is inside, or nothing of it; raises sqlite3.Error."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def insert(connection: sqlite3.Connection, table: str, row: Mapping[str, Cell]) -> None:
    """Insert `row`, columns by name, into `table`."""
    names = ", ".join(map(quoted, row))
    marks = ", ".join("?" * len(row))
    connection.execute(
        f"INSERT INTO {quoted(table)} ({names}) VALUES ({marks})", tuple(row.values())
    )


def columns(connection: sqlite3.Connection, table: str) -> tuple[str, ...]:
    """Return the names of the columns of `table`, none if there is no such table."""
    rows = connection.execute("SELECT name FROM pragma_table_info(?)", (table,))
    return tuple(name for (name,) in rows)


def has_log(path: Path) -> bool:
    """Tell whether commits stand in the log beside `path` alone."""
    log = path.with_name(path.name + "-wal")
    return log.exists() and log.stat().st_size > 0


def quoted(name: str) -> str:
    """Return `name` as an identifier in SQL."""
    return '"' + name.replace('"', '""') + '"'


def _reader_of_what_nobody_writes(path: Path) -> sqlite3.Connection:
    """Connect where the folder takes no shared memory for the index of the log."""
    if not has_log(path):
        return _connect(path, "mode=ro&immutable=1")
    # `immutable` would skip the log, and with it the last commits; without locks and exclusive,
    # the index of the log is kept in this process.
    connection = _connect(path, "mode=ro&vfs=unix-none")
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    return connection


def _connect(path: Path, options: str) -> sqlite3.Connection:
    """Open `path`, which must exist; transactions are begun by hand."""
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?{options}",
        uri=True,
        timeout=BUSY,
        isolation_level=None,
        check_same_thread=False,
    )
