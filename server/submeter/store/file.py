"""The file of a store: made whole or not at all, and looked at before it is written."""

import os
import stat
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from submeter.errors import StoreError
from submeter.meter.point import Point
from submeter.store import database, fault, lock, schema
from submeter.store.folder import sync

_SMALL = 64 << 20  # bytes; what is larger takes too long to be read from end to end at each start


def make_ready(path: Path, points: Sequence[Point]) -> lock.Lock | None:
    """Lock the store at `path`, and make it with its folder if there is none.

    Returns None if it can only be read. Raises OSError, sqlite3.Error, and StoreError if it is
    locked or no file.
    """
    _look(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    held = lock.take(path)
    try:
        if not path.exists():
            _make(path, points)
    except BaseException:
        if held is not None:
            held.release()
        raise
    return held


def check(path: Path) -> None:
    """Raise UnfitError or DamagedError if the file is not good to go on with, else StoreError.

    A small file is read as a whole, else only the tables of what is served.
    """
    size = path.stat().st_size
    if size == 0:
        # A store is put in place with its tables, so this one has lost them.
        raise fault.damaged(path, "it is empty")
    with database.reading(path) as connection:
        schema.examine(connection, path)
        tables = ("",) if size <= _SMALL else tuple(f"('{name}')" for name in schema.SMALL)
        for table in tables:
            (found,) = connection.execute(f"PRAGMA quick_check{table}").fetchone()
            if found != "ok":
                raise fault.damaged(path, str(found).replace("\n", " "))


def identity(path: Path) -> tuple[int, int]:
    """Return what no two files have in common, a file and its replacement neither."""
    found = path.stat()
    return found.st_dev, found.st_ino


def log_of(path: Path) -> Path:
    """Return where the log of the store at `path` stands."""
    return _beside(path, "-wal")


def _look(path: Path) -> None:
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISREG(mode):
        raise StoreError(f"store {path} is no file; give another store.path")


def _make(path: Path, points: Sequence[Point]) -> None:
    """Make the file under another name, so that it never stands there half made."""
    if database.has_log(path):
        raise StoreError(
            f"store {path} is gone, but its log {path}-wal is there; put the file back, or move "
            "the log away to begin anew"
        )
    new = _beside(path, ".new")
    for rest in (new, _beside(new, "-wal"), _beside(new, "-shm")):
        with suppress(FileNotFoundError):
            rest.unlink()
    os.close(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644))
    connection = database.writer(new)
    try:
        connection.execute(f"PRAGMA page_size = {database.PAGE_SIZE}")
        (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
        if mode != "wal":
            raise StoreError(f"store {path}: its disk is not fit for it; put it on a local disk")
        schema.prepare(connection, new, points)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connection.close()
    new.replace(path)
    sync(path.parent)
    # The folder may be new itself.
    sync(path.parent.parent)


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)
