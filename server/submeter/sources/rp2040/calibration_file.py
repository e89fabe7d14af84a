"""The file in which the corrections of every board are kept, with what they were before."""

import fcntl
import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from submeter import regular_file
from submeter.errors import SubmeterError
from submeter.sources.rp2040.correction import NONE, BoardCorrection, ClampCorrection

LONGEST = 1 << 20  # bytes
MOST_ENTRIES = 100  # of one board; older ones are forgotten

_UID = Annotated[str, Field(pattern=r"^[0-9A-Za-z]{1,64}$")]

_log = logging.getLogger(__name__)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class _Clamp(_Strict):
    gain: float = Field(ge=0.01, le=100)
    phase: float = Field(ge=-180, le=180)
    noise: float = Field(ge=0, le=1e6)
    leak_active: float = Field(ge=-1e5, le=1e5)
    leak_reactive: float = Field(ge=-1e5, le=1e5)


class _Correction(_Strict):
    voltage: float = Field(ge=0.01, le=100)
    voltage_noise: float = Field(ge=0, le=1e6)
    clamps: Annotated[list[_Clamp], Field(min_length=4, max_length=4)]


class Entry(_Strict):
    """One calibration of a board: when (UTC seconds since 1970), how and by whom.

    `undone` is when it was taken back, None while it counts.
    """

    at: float = Field(ge=0, le=1e11)
    how: str = Field(max_length=200)
    who: str = Field(max_length=100)
    undone: float | None = Field(default=None, ge=0, le=1e11)
    values: _Correction

    @property
    def correction(self) -> BoardCorrection:
        """What it found."""
        clamps = tuple(ClampCorrection(**each.model_dump()) for each in self.values.clamps)
        return BoardCorrection(self.values.voltage, self.values.voltage_noise, clamps)

    @property
    def time(self) -> str:
        """When it was made, in UTC."""
        return f"{datetime.fromtimestamp(int(self.at), UTC):%Y-%m-%d %H:%M:%S}Z"


class _Content(_Strict):
    version: int = Field(default=1, ge=1, le=1)
    boards: dict[_UID, list[Entry]] = Field(default_factory=dict)


def beside(store: Path) -> Path:
    """Return where the file of the program with the store `store` is."""
    return store.with_name(store.name + ".clamps.json")


class CalibrationFile:
    """The file at `path`: JSON, replaced as a whole by whoever changes it; there may be none.

    Reading never fails: of a file that is damaged the log tells once, and what was read before
    counts on. Writing raises SubmeterError, and then nothing has changed.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seen: object = None  # what told the file apart that was read last
        self._boards: dict[str, BoardCorrection] = {}

    def current(self, uid: str) -> BoardCorrection:
        """Return the corrections of board `uid`; what another process has changed counts at once.

        Those of a board without any are NONE. Costs a stat() while the file is the same.
        """
        seen = self._stat()
        if seen != self._seen:
            self._take(first=self._seen is None)
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
            values = _Correction.model_validate(
                {
                    "voltage": float(correction.voltage),
                    "voltage_noise": float(correction.voltage_noise),
                    "clamps": [_numbers(each) for each in correction.clamps],
                }
            )
            entry = Entry(at=at, how=how[:200], who=who[:100], values=values)
            _Content(boards={uid: [entry]})
        except ValidationError as error:
            raise SubmeterError(f"these values cannot be kept: {_reason(error)}") from None
        with self._changing() as content:
            entries = list(content.boards.get(uid, ()))
            if _counting(entries) != instead_of:
                message = f"board {uid} was calibrated by somebody else meanwhile; start again"
                raise SubmeterError(message)
            content.boards[uid] = [*entries, entry][-MOST_ENTRIES:]

    def undo(self, uid: str, at: float) -> Entry:
        """Take back the last calibration of board `uid` that counts, at `at` (UTC s); return it.

        The one before counts again. Raises SubmeterError if there is none.
        """
        with self._changing() as content:
            entries = list(content.boards.get(uid, ()))
            for place in range(len(entries) - 1, -1, -1):
                if entries[place].undone is None:
                    entry = entries[place]
                    entries[place] = entry.model_copy(update={"undone": at})
                    content.boards[uid] = entries
                    return entry
        raise SubmeterError(f"board {uid} has no calibration that could be undone")

    def _stat(self) -> tuple[int, ...]:
        try:
            found = self.path.stat()
        except OSError as error:
            return (error.errno or 0,)
        return found.st_mtime_ns, found.st_size, found.st_ino

    def _take(self, first: bool) -> None:
        """Read the file again, and tell the log what is new."""
        try:
            content = self._read()
        except SubmeterError as error:
            _log.error('event=calibration_damaged file=%s reason="%s"', self.path, error)
            return
        before = self._boards
        self._boards = {uid: _counting(entries) for uid, entries in content.boards.items()}
        if first:
            return
        for uid in sorted(before.keys() | self._boards.keys()):
            if before.get(uid, NONE) != self._boards.get(uid, NONE):
                _log.warning("event=calibration_changed board=%s file=%s", uid, self.path)

    def _read(self) -> _Content:
        try:
            return _Content.model_validate_json(regular_file.read(self.path, LONGEST))
        except FileNotFoundError:
            return _Content()
        except OSError as error:
            raise SubmeterError(f"cannot read {self.path}: {error.strerror}") from None
        except ValidationError as error:
            message = f"{self.path} is damaged ({_reason(error)}); move it away, or put back a copy"
            raise SubmeterError(message) from None

    @contextmanager
    def _changing(self) -> Iterator[_Content]:
        """Yield what the file holds, and write it back, while nobody else does."""
        try:
            folder = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            message = f"cannot write {self.path}: {error.strerror}"
            raise SubmeterError(message) from None
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            content = self._read()
            yield content
            self._replace(content.model_dump_json(indent=1).encode() + b"\n", folder)
        finally:
            os.close(folder)

    def _replace(self, data: bytes, folder: int) -> None:
        if len(data) > LONGEST:
            raise SubmeterError(f"{self.path} would be too large; move it away")
        fresh = self.path.with_name(self.path.name + ".new")
        try:
            with suppress(FileNotFoundError):
                fresh.unlink()
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            with open(os.open(fresh, flags, 0o600), "wb") as file:
                # Whoever calibrates as root: the server, another user, must read it.
                os.fchmod(file.fileno(), 0o644)
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self.path)
            os.fsync(folder)
        except OSError as error:
            message = f"cannot write {self.path}: {error.strerror}"
            raise SubmeterError(message) from None


def _counting(entries: Sequence[Entry]) -> BoardCorrection:
    """Return the corrections that count now."""
    found = (each.correction for each in reversed(entries) if each.undone is None)
    return next(found, NONE)


def _numbers(clamp: ClampCorrection) -> dict[str, float]:
    return {key: float(value) for key, value in clamp._asdict().items()}


def _reason(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    place = ".".join(str(step) for step in first["loc"])
    return f"{place}: {first['msg']}" if place else first["msg"]
