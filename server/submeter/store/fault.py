"""What went wrong with the store, in one line that says what to do."""

import errno
import os
import sqlite3
from pathlib import Path

from submeter.errors import StoreError

_FULL = "the disk is full; free some space on it, saving then goes on by itself"
_READ_ONLY = (
    "it cannot be written; make the file and its folder writable for this user and the disk not "
    "read-only (a worn SD card turns so: replace it), saving then goes on by itself"
)
_DAMAGED = (
    "it is damaged and was left as it is; stop submeter, copy the file away, put a backup in its "
    "place (or nothing, to begin anew), and start again"
)
_DEVICE = "its disk fails; read the kernel's messages with dmesg, and replace the disk"
_LOCKED = "another program keeps it locked; end what else has it open, such as a database browser"
_UNREADABLE = "it cannot be opened; see that it is there and that this user may read it"

_CAUSES = {
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_READONLY: _READ_ONLY,
    sqlite3.SQLITE_PERM: _READ_ONLY,
    sqlite3.SQLITE_CANTOPEN: _UNREADABLE,
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTADB: _DAMAGED,
    sqlite3.SQLITE_BUSY: _LOCKED,
    sqlite3.SQLITE_LOCKED: _LOCKED,
    sqlite3.SQLITE_IOERR: _DEVICE,
}
_NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_NO_WRITING = {errno.EROFS, errno.EACCES, errno.EPERM}
_LITTLE = 1 << 20  # bytes; SQLite calls a quota that is used up an I/O error


class DamagedError(StoreError):
    """The content of the file makes no sense: leave it as it is, and write no more to it."""


class UnfitError(StoreError):
    """The file is good, but not one for this program: do not start with it."""


def explain(error: Exception, path: Path) -> StoreError:
    """Return `error` as one line that names the store at `path` and the remedy."""
    if isinstance(error, StoreError):
        return error
    if isinstance(error, OSError):
        return StoreError(f"store {path}: {_of_system(error)}")
    cause = _CAUSES.get(_code(error))
    if cause is _DEVICE and _is_full(path):
        cause = _FULL
    if cause is _UNREADABLE and os.access(path, os.R_OK):
        # What cannot be opened then is the log beside it.
        cause = _READ_ONLY
    if cause is _DAMAGED:
        return damaged(path, str(error))
    return StoreError(f"store {path}: {cause or 'it cannot be used'} ({error})")


def is_about_content(error: sqlite3.Error) -> bool:
    """Tell whether `error` comes from what stands in the file, not from the disk or the system."""
    return _code(error) not in _CAUSES or _CAUSES[_code(error)] is _DAMAGED


def damaged(path: Path, what: str) -> DamagedError:
    """Return the error for a file at `path` that was found to be damaged."""
    return DamagedError(f"store {path}: {_DAMAGED} ({what})")


def _code(error: Exception) -> int:
    code: int = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    return code & 0xFF


def _of_system(error: OSError) -> str:
    if error.errno in _NO_SPACE:
        return f"{_FULL} ({error.strerror})"
    if error.errno in _NO_WRITING:
        return f"{_READ_ONLY} ({error.strerror})"
    return f"{_UNREADABLE} ({error.strerror or error})"


def _is_full(path: Path) -> bool:
    try:
        disk = os.statvfs(path.parent)
    except OSError:
        return False
    return disk.f_bavail * disk.f_frsize < _LITTLE
