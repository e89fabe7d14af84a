import errno
import os
import sqlite3
from pathlib import Path
from types import SimpleNamespace

import pytest

from submeter.store import fault


def error(code: int) -> sqlite3.Error:
    made = sqlite3.OperationalError("text")
    made.sqlite_errorcode = code
    return made


@pytest.mark.parametrize(
    ("cause", "expected"),
    [
        (error(sqlite3.SQLITE_FULL), "the disk is full"),
        (error(sqlite3.SQLITE_READONLY_DBMOVED), "it cannot be written"),
        (error(sqlite3.SQLITE_IOERR_FSYNC), "its disk fails"),
        (error(sqlite3.SQLITE_CORRUPT), "it is damaged and was left as it is"),
        (error(sqlite3.SQLITE_BUSY_SNAPSHOT), "another program keeps it locked"),
        (error(sqlite3.SQLITE_ERROR), "it cannot be used"),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), "the disk is full"),
        (OSError(errno.EROFS, "Read-only file system"), "it cannot be written"),
        (OSError(errno.EIO, "Input/output error"), "it cannot be opened"),
    ],
)
def test_a_cause_has_one_line_with_its_remedy(
    tmp_path: Path, cause: Exception, expected: str
) -> None:
    path = tmp_path / "s.db"
    told = str(fault.explain(cause, path))
    assert told.startswith(f"store {path}: {expected}")
    assert "\n" not in told


def test_a_write_that_fails_on_a_disk_without_space(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A quota that is used up is an I/O error to SQLite."""
    space = SimpleNamespace(f_bavail=3, f_frsize=4096)
    monkeypatch.setattr(os, "statvfs", lambda _: space)
    told = fault.explain(error(sqlite3.SQLITE_IOERR_WRITE), tmp_path / "s.db")
    assert "the disk is full" in str(told)
