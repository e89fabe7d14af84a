"""A recorded file that plays the instrument."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from submeter import regular_file
from submeter.errors import Condition, LinkError
from submeter.sources import recording
from submeter.sources.recording import Piece

LARGEST_RECORDING = 100_000_000  # bytes; a day of standard mode is 83 MB, captured 280 MB


@dataclass(frozen=True, slots=True)
class Replay:
    """A recorded file, repeated for ever at `speed` times the real pace."""

    path: Path
    speed: float

    def __str__(self) -> str:
        return f"replay:{self.path}" + (f"?speed={self.speed:g}" if self.speed != 1 else "")

    def check(self) -> None:
        """Raise LinkError with one line if the file cannot be read, or nothing is in it."""
        if self.captured():
            for _ in self.lap():
                pass

    def captured(self) -> bool:
        """Tell whether `submeter capture` wrote the file; raises LinkError."""
        with self._open() as file:
            try:
                return recording.is_one(file)
            except ValueError as error:
                raise self._damaged(error) from None
            except OSError as error:
                raise self._unreadable(error) from None

    def content(self) -> bytes:
        """Return the content of a file of bytes as they came; raises LinkError."""
        with self._open() as file:
            try:
                return file.read(LARGEST_RECORDING)
            except OSError as error:
                raise self._unreadable(error) from None

    def lap(self) -> Iterator[Piece]:
        """Yield what `submeter capture` wrote, a line at a time; raises LinkError.

        There is at least one piece.
        """
        count = 0
        with self._open() as file:
            try:
                for piece in recording.read(file):
                    count += 1
                    yield piece
            except ValueError as error:
                raise self._damaged(error) from None
            except OSError as error:
                raise self._unreadable(error) from None
        if not count:
            raise self._empty()

    def _open(self) -> BinaryIO:
        try:
            file = regular_file.opened(self.path, LARGEST_RECORDING)
        except OSError as error:
            raise self._unreadable(error) from None
        if not os.fstat(file.fileno()).st_size:
            file.close()
            raise self._empty()
        return file

    def _unreadable(self, error: OSError) -> LinkError:
        condition = Condition.BAD_RECORDING
        if isinstance(error, PermissionError):
            condition = Condition.NO_PERMISSION
        elif isinstance(error, FileNotFoundError):
            condition = Condition.NO_DEVICE
        return LinkError(f"cannot read the recording {self.path}: {error.strerror}", condition)

    def _damaged(self, error: ValueError) -> LinkError:
        message = f"the recording {self.path} is damaged: {error}"
        return LinkError(message, Condition.BAD_RECORDING)

    def _empty(self) -> LinkError:
        return LinkError(f"the recording {self.path} is empty", Condition.BAD_RECORDING)
