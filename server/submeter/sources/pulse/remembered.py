"""The count of one pulse input over restarts: committed with the index, and in a file beside."""

import json
import logging
import time
from pathlib import Path

from submeter.count_file import Count, CountFile
from submeter.meter import saved as taken

RUNS = 16  # of a board, that ended

_log = logging.getLogger(__name__)


class Remembered:
    """Counts the pulses of the source `name`; `owner` says what they are worth.

    Another owner is another count, which begins at 0. `committed` goes with the index, the file at
    `path` knows every pulse. What is begun with is the larger of both: the index never falls, and
    a kill -9 loses nothing. Without a committed count the file is used if it is of this owner.
    `ended` are runs of a board before that of the count, the last ones; `at` is when the count
    changed last, in s UTC, or a time before that; None if that is not known.
    """

    def __init__(self, name: str, owner: str, path: Path) -> None:
        self.now = Count(0)
        self.ended: tuple[int, ...] = ()
        self.at: int | None = None
        self._name = name
        self._owner = owner
        self._path = path
        self._file: CountFile | None = None
        self._opened = False
        self._told = False  # that the file cannot be used

    def open(self) -> None:
        """Open the file and begin with what it says; may be called again.

        Without a file, or with one that cannot be written, pulses are counted all the same; then a
        kill -9 costs those of some seconds. It is told once, until the file can be used again.
        """
        if self._opened:
            return
        self._opened = True
        usable, kept = True, None
        try:
            self._file = CountFile(self._path, self._owner)
            kept = self._file.read()
        except (OSError, ValueError) as error:
            usable = False
            self._tell_unusable(error)
        if kept and kept.total >= self.now.total:
            at = self.at  # pulses beyond what was committed came then or later: nobody knows when
            self._take(kept)
            self.at = at
        if self._write() and usable:
            self._told = False

    def set(self, count: Count) -> None:
        """Keep `count` from now on."""
        self._take(count)
        self._write()

    def _write(self) -> bool:
        try:
            if self._file:
                self._file.write(self.now)
        except OSError as error:
            self._tell_unusable(error)
            return False
        return True

    def _tell_unusable(self, error: Exception) -> None:
        if not self._told:
            message = 'event=pulse_file_unusable source=%s file=%s count=%d reason="%s"'
            _log.warning(message, self._name, self._path, self.now.total, error)
        self._told = True

    def _take(self, count: Count) -> None:
        if self.now.boot not in (0, count.boot):
            self.ended = (*self.ended, self.now.boot)[-RUNS:]
        if count != self.now:
            self.at = int(time.time())
        self.now = count

    def close(self) -> None:
        """Let go of the file; `open` reads it again."""
        if self._file:
            self._file.close()
        self._file, self._opened = None, False

    def saved(self) -> str:
        """Return the count as JSON."""
        more = {"ended": self.ended, "at": self.at}
        return json.dumps({"owner": self._owner, **self.now._asdict(), **more})

    def restore(self, text: str) -> None:
        """Go on from what `saved` returned; raises ValueError if it is damaged."""
        said = json.loads(text)
        if not isinstance(said, dict):
            raise ValueError("saved state: no table of pulses")
        count = Count(*(taken.whole(said, key) for key in Count._fields))
        if max(count) >> 64:
            raise ValueError(f"saved state: {max(count)} is no count of pulses")
        ended, at = said.get("ended", []), said.get("at")
        if not isinstance(ended, list) or not all(type(each) is int for each in ended):
            raise ValueError("saved state: 'ended' is no list of runs")
        if at is not None:
            at = taken.whole(said, "at")
        if taken.text(said, "owner") == self._owner:
            self.now, self.ended, self.at = count, tuple(ended[-RUNS:]), at
