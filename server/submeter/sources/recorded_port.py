"""What `submeter capture` recorded, played with its own timing."""

import asyncio
import time
from collections.abc import Callable, Generator, Iterator

from submeter.sources import recording
from submeter.sources.port import Line
from submeter.sources.recording import Piece

LAP_SECONDS = 1.0
"""Silence between the last piece and the first, played again."""
LONGEST_SPEECH = 1 << 16
"""Bytes after which what is said without a pause is parted, so that little is kept."""


class RecordedPort:
    """The pieces of a recording, over and over, each when it is due.

    `lap` yields them from the first to the last, at least one; LinkError is passed on. From the
    first write on it is an instrument that answers: each write has the next speech played at once,
    that is the next pieces after a pause, and nothing else is said.
    """

    tunable = False

    def __init__(self, lap: Callable[[], Iterator[Piece]], speed: float) -> None:
        self._lap = lap
        self._speed = speed
        self._start = time.monotonic()
        self._pieces = lap()
        self._coming: Piece | None = None
        self._played: Piece | None = None  # the one before it, none at the start of a lap
        self._base = 0.0  # recorded seconds of what is at 0 in this lap
        self._due: float | None = None  # when the last one was due, in recorded seconds
        self._asking = False
        self._answer = bytearray()
        self._asked = asyncio.Event()

    async def read(self) -> bytes:
        """Return what is due, at least one byte; raises LinkError if the file is damaged."""
        while not self._asking:
            coming = self._peek()
            at = (self._base + coming.at) / self._speed
            wait = at - (time.monotonic() - self._start)
            if wait <= 0:
                # The others get their turn although the next piece may be due already.
                await asyncio.sleep(0)
                if not self._asking:
                    return self._play().data
            else:
                await self._wait(wait)
        await self._asked.wait()
        self._asked.clear()
        answer = bytes(self._answer)
        self._answer.clear()
        return answer

    async def write(self, data: bytes) -> None:
        """Have the next speech played at once; there is nobody to understand the question."""
        if not self._asking:
            self._asking = True
            self._finish_speech()
        self._answer += self._speech()
        self._asked.set()

    async def retune(self, line: Line) -> None:
        """Do nothing: it was recorded as it was."""

    def discard(self) -> None:
        """Drop what was to be answered and was not read."""
        self._answer.clear()
        self._asked.clear()

    def elapsed(self) -> float:
        """Return the recorded seconds so far; of one that answers, the real ones."""
        if self._asking:
            return (time.monotonic() - self._start) * self._speed
        return self._due or 0.0

    def close(self) -> None:
        """Close the file."""
        if isinstance(self._pieces, Generator):
            self._pieces.close()

    async def _wait(self, seconds: float) -> None:
        """Wait so long, or until the first write."""
        try:
            async with asyncio.timeout(seconds):
                await self._asked.wait()
        except TimeoutError:
            return

    def _peek(self) -> Piece:
        """Return the piece that comes next, of this lap or of another."""
        if self._coming is None:
            self._coming = next(self._pieces, None)
        if self._coming is None:
            self._pieces = self._lap()
            self._played = None
            self._coming = next(self._pieces)
        if self._played is None:
            self._base = 0.0 if self._due is None else self._due + LAP_SECONDS
            self._base -= self._coming.at
        return self._coming

    def _play(self) -> Piece:
        piece = self._peek()
        self._due = self._base + piece.at
        self._played, self._coming = piece, None
        return piece

    def _goes_on(self) -> bool:
        """Tell whether the piece that comes next belongs to what was said last."""
        coming = self._peek()
        return self._played is not None and coming.at - self._played.at < recording.PAUSE

    def _finish_speech(self) -> None:
        """Skip the rest of what was being said."""
        while self._goes_on():
            self._play()

    def _speech(self) -> bytes:
        said = bytearray(self._play().data)
        while len(said) < LONGEST_SPEECH and self._goes_on():
            said += self._play().data
        return bytes(said)
