"""One program a store: a lock on a file beside it."""

import errno
import fcntl
import os
import time
from pathlib import Path

from submeter.errors import StoreError

_TRIES = 4
_PAUSE = 0.05  # s; who looks for the holder has the lock for a moment
_READ_ONLY = (errno.EROFS, errno.EACCES, errno.EPERM)


class Lock:
    """The right to write a store; it ends with `release` or with the process, however that ends."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def stands(self, database: Path) -> bool:
        """Tell whether the file that is locked is still the one beside the store."""
        try:
            there = place(database).stat()
        except OSError:
            return False
        return os.path.samestat(os.fstat(self._descriptor), there)

    def release(self) -> None:
        """Let another program have the store."""
        os.close(self._descriptor)


def take(database: Path) -> Lock | None:
    """Lock the store at `database`, and write our process id into the lock's file.

    None where the folder is read-only and holds no lock, so that nobody can write anyway.
    Raises StoreError when another process has the lock, and OSError.
    """
    path = place(database)
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        if error.errno not in _READ_ONLY:
            raise
        return _take_unwritten(path, database)
    _lock(descriptor, path, database)
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, b"%d\n" % os.getpid(), 0)
    return Lock(descriptor)


def holder(database: Path) -> int | None:
    """Return the process id of who has the store at `database` locked, 0 if it is not known."""
    try:
        descriptor = os.open(place(database), os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _process(descriptor)
    else:
        return None
    finally:
        os.close(descriptor)


def place(database: Path) -> Path:
    """Return where the lock of the store at `database` stands."""
    return database.with_name(database.name + ".lock")


def _take_unwritten(path: Path, database: Path) -> Lock | None:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    _lock(descriptor, path, database)
    return Lock(descriptor)


def _lock(descriptor: int, path: Path, database: Path) -> None:
    """Lock `descriptor`; close it and raise StoreError if another process has it."""
    for left in reversed(range(_TRIES)):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if left:
                time.sleep(_PAUSE)
                continue
            pid = _process(descriptor)
            os.close(descriptor)
            raise StoreError(
                f"another submeter (pid {pid or 'unknown'}) uses {database}; stop it, or give "
                f"this one another store.path (locked: {path})"
            ) from None
        except OSError:
            os.close(descriptor)
            raise
        return


def _process(descriptor: int) -> int:
    text = os.pread(descriptor, 32, 0).strip()
    return int(text) if text.isdigit() else 0
