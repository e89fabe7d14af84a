"""A recorded file that plays the instrument."""

from dataclasses import dataclass
from pathlib import Path

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
        data = self.content()
        if recording.is_one(data):
            self.pieces(data)

    def content(self) -> bytes:
        """Return the content of the file; raises LinkError."""
        try:
            data = regular_file.read(self.path, LARGEST_RECORDING)
        except OSError as error:
            condition = (
                Condition.NO_PERMISSION
                if isinstance(error, PermissionError)
                else Condition.NO_DEVICE
            )
            message = f"cannot read the recording {self.path}: {error.strerror}"
            raise LinkError(message, condition) from None
        if not data:
            raise LinkError(f"the recording {self.path} is empty")
        return data

    def pieces(self, content: bytes) -> list[Piece]:
        """Return what `submeter capture` wrote into the file's `content`; raises LinkError."""
        try:
            pieces = recording.parse(content)
        except ValueError as error:
            raise LinkError(f"the recording {self.path} is damaged: {error}") from None
        if not pieces:
            raise LinkError(f"the recording {self.path} is empty")
        return pieces
