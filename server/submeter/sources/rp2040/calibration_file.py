"""The file in which the corrections of every board are kept, with what they were before."""

import fcntl
import logging
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from submeter import regular_file
from submeter.errors import SubmeterError
from submeter.sources.rp2040 import calibration_content
from submeter.sources.rp2040.calibration_content import Content, Entry
from submeter.sources.rp2040.correction import NONE, BoardCorrection

__all__ = ["CalibrationFile", "Entry", "beside"]

LONGEST = 1 << 22  # bytes
MOST_ENTRIES = 100  # of one board
PATIENCE = 5.0  # s in which others that write must be done

_log = logging.getLogger(__name__)


def beside(store: Path) -> Path:
    """Return where the file of the program with the store `store` is."""
    return store.with_name(store.name + ".clamps.json")


class CalibrationFile:
    """The file at `path`: JSON, replaced as a whole by whoever changes it; there may be none.

    Reading never fails: of a file that is damaged or cannot be read the log tells once, and what
    was read before counts on. Writing raises SubmeterError, and then nothing has changed; it is
    refused where the path is a symbolic link, for whoever may write there could name any file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seen: object = None  # what told the file apart that was read last
        self._told = ""  # of it in the log
        self._boards: dict[str, BoardCorrection] = {}

    def current(self, uid: str) -> BoardCorrection:
        """Return the corrections of board `uid`; what another process has changed counts at once.

        Those of a board without any are NONE. Costs a stat() while the file is the same.
        """
        seen = self._stat()
        if seen != self._seen and self._take(first=self._seen is None):
            self._seen = seen
        return self._boards.get(uid, NONE)

    def history(self, uid: str) -> Sequence[Entry]:
        """Return the calibrations of board `uid`, the oldest first; raises SubmeterError."""
        return self._read().boards.get(uid, ())

    def append(
        self,
        uid: str,
        correction: BoardCorrection,
        how: str,
        at: float,
        who: str,
        *,
        instead_of: BoardCorrection,
    ) -> None:
        """Keep `correction` of board `uid` from now on, found `how` at `at` (UTC s) by `who`.

        `instead_of` is what it was made from; SubmeterError if that does not count any more.
        """
        try:
            fresh = calibration_content.entry(uid, correction, how, at, who)
        except ValueError as error:
            message = f"these values cannot be kept: {calibration_content.reason(error)}"
            raise SubmeterError(message) from None
        with self._changing() as content:
            entries = list(content.boards.get(uid, ()))
            if _counting(entries) != instead_of:
                raise SubmeterError(_FASTER.format(uid))
            content.boards[uid] = _bounded([*entries, fresh])

    def undo(self, uid: str, at: float, expected: Entry | None = None) -> Entry:
        """Take back the last calibration of board `uid` that counts, at `at` (UTC s); return it.

        The one before counts again. Raises SubmeterError if there is none, or another one than
        `expected`.
        """
        with self._changing() as content:
            entries = list(content.boards.get(uid, ()))
            for place in range(len(entries) - 1, -1, -1):
                if entries[place].undone is None:
                    entry = entries[place]
                    if expected not in (None, entry):
                        raise SubmeterError(_FASTER.format(uid))
                    entries[place] = entry.model_copy(update={"undone": at})
                    content.boards[uid] = entries
                    return entry
        raise SubmeterError(f"board {uid} has no calibration that could be undone")

    def _stat(self) -> tuple[int, ...]:
        try:
            found = self.path.stat()
        except OSError as error:
            return (error.errno or 0,)
        # That of the node changes with the rights to read it too.
        return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino

    def _take(self, first: bool) -> bool:
        """Read the file again, and tell the log what is new; return False if it may yet be read."""
        try:
            content = self._read()
        except SubmeterError as error:
            if str(error) != self._told:
                self._told = str(error)
                _log.error('event=calibration_damaged file=%s reason="%s"', self.path, error)
            return isinstance(error.__cause__, ValueError)
        self._told = ""
        before = self._boards
        self._boards = {uid: _counting(entries) for uid, entries in content.boards.items()}
        if first:
            return True
        for uid in sorted(before.keys() | self._boards.keys()):
            if before.get(uid, NONE) != self._boards.get(uid, NONE):
                _log.warning("event=calibration_changed board=%s file=%s", uid, self.path)
        return True

    def _read(self) -> Content:
        """Return what the file holds; SubmeterError is caused by ValueError if that is damaged."""
        try:
            return calibration_content.content(regular_file.read(self.path, LONGEST))
        except FileNotFoundError:
            return Content()
        except OSError as error:
            raise SubmeterError(f"cannot read {self.path}: {error.strerror}") from error
        except ValueError as error:
            message = f"{self.path} is damaged ({calibration_content.reason(error)})"
            raise SubmeterError(f"{message}; move it away, or put back a copy") from error

    @contextmanager
    def _changing(self) -> Iterator[Content]:
        """Yield what the file holds, and write it back, while nobody else does."""
        try:
            folder = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise self._unwritable(error) from None
        try:
            self._lock(folder)
            if self.path.is_symlink():
                message = f"cannot write {self.path}: it is a symbolic link; put the file there"
                raise SubmeterError(message)
            content = self._read()
            yield content
            self._replace(content.model_dump_json(indent=1).encode() + b"\n", folder)
        finally:
            os.close(folder)

    def _lock(self, folder: int) -> None:
        end = time.monotonic() + PATIENCE
        while True:
            try:
                fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                if time.monotonic() > end:
                    message = f"cannot write {self.path}: somebody else is writing; try again"
                    raise SubmeterError(message) from None
                time.sleep(0.05)
            except OSError as error:
                raise self._unwritable(error) from None

    def _replace(self, data: bytes, folder: int) -> None:
        if len(data) > LONGEST:
            raise SubmeterError(f"{self.path} would be too large; move it away")
        fresh = self.path.with_name(self.path.name + ".new")
        try:
            with suppress(FileNotFoundError):
                fresh.unlink()
            try:
                _write(fresh, data)
                fresh.replace(self.path)
            except OSError:
                with suppress(OSError):
                    fresh.unlink()  # a part of it would fill the disk on
                raise
        except OSError as error:
            raise self._unwritable(error) from None
        with suppress(OSError):  # it is there; whether a power cut takes it back is the disk's
            os.fsync(folder)

    def _unwritable(self, error: OSError) -> SubmeterError:
        return SubmeterError(f"cannot write {error.filename or self.path}: {error.strerror}")


_FASTER = "board {} was calibrated by somebody else meanwhile; start again"


def _write(path: Path, data: bytes) -> None:
    """Make the file `path`, on the disk as a whole; raises OSError."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    with open(os.open(path, flags, 0o600), "wb") as file:
        # Whoever calibrates as root: the server, another user, must read it.
        os.fchmod(file.fileno(), 0o644)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _bounded(entries: Sequence[Entry]) -> list[Entry]:
    """Return MOST_ENTRIES of them: what was taken back is forgotten first, then what is oldest."""
    kept = list(entries)
    while len(kept) > MOST_ENTRIES:
        undone = (place for place, each in enumerate(kept) if each.undone is not None)
        del kept[next(undone, 0)]
    return kept


def _counting(entries: Sequence[Entry]) -> BoardCorrection:
    """Return the corrections that count now."""
    found = (each.correction for each in reversed(entries) if each.undone is None)
    return next(found, NONE)
