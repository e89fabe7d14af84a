"""How many pulses are due: the index less what was sent."""

import json
import logging
from pathlib import Path

from submeter.count_file import Count, CountFile
from submeter.meter import saved as taken

_log = logging.getLogger(__name__)


class PulseAccount:
    """Follows an index in mWh (mvarh, mVAh, mL) with pulses.

    `mark` is the index up to which pulses were sent; what it lacks to a whole pulse stays between
    the two, whatever a pulse is worth next. It goes to the file at `path` before each pulse, if
    there is one: a kill -9 costs one pulse at most, and none is sent twice. After a power cut the
    file may be older: then those since the last commit may be sent again.
    """

    def __init__(self, name: str, point: str, path: Path | None) -> None:
        self.mark: int | None = None
        self._name = name
        self._point = point
        self._path = path
        self._file: CountFile | None = None
        self._committed: int | None = None
        self._told = False  # that the file cannot be used

    def saved(self) -> str:
        """Return the mark as JSON."""
        mark = self._committed if self.mark is None else self.mark
        return json.dumps({"point": self._point, "mark": mark})

    def restore(self, text: str) -> None:
        """Go on from what `saved` returned, before `begin`; raises ValueError if it is damaged."""
        said = json.loads(text)
        if not isinstance(said, dict):
            raise ValueError("saved state: no table of a pulse output")
        if said.get("mark") is not None and taken.text(said, "point") == self._point:
            self._committed = taken.whole(said, "mark")

    def begin(self, index: int) -> None:
        """Begin, now that the index is known: where the pulses stopped, at first with the index.

        A mark beyond the index is that of another index.
        """
        kept = self._open()
        marks = [mark for mark in (kept, self._committed) if mark is not None and mark <= index]
        if self._committed is None or not marks:
            # Without a committed mark the store is new, and the file that of the one before.
            message = "event=pulse_output_begun meter=%s point=%s index=%d"
            _log.warning(message, self._name, self._point, index)
            marks = [index]
        self.put(max(marks))

    def due(self, index: int, weight: int) -> int:
        """Return how many whole pulses of `weight` the index is ahead; 0 before `begin`."""
        return 0 if self.mark is None else max(0, index - self.mark) // weight

    def put(self, mark: int) -> None:
        """Set the mark, in the file too; that it cannot be written is told once."""
        self.mark = mark
        try:
            if self._file:
                self._file.write(Count(mark))
        except OSError as error:
            self._tell_unusable(error)

    def close(self) -> None:
        """Let go of the file."""
        if self._file:
            self._file.close()
            self._file = None

    def _open(self) -> int | None:
        """Return what the file says, None if nothing of use."""
        if self._path is None:
            return None
        try:
            self._file = CountFile(self._path, f"{self._name} {self._point}")
            kept = self._file.read()
        except (OSError, ValueError) as error:
            self._tell_unusable(error)
            return None
        return kept.total if kept else None

    def _tell_unusable(self, error: Exception) -> None:
        if not self._told:
            message = 'event=pulse_output_file_unusable meter=%s file=%s reason="%s"'
            _log.warning(message, self._name, self._path, error)
        self._told = True
