"""What `submeter capture` recorded, played with its own timing."""

import asyncio
import time

from submeter.sources import recording
from submeter.sources.port import Line
from submeter.sources.recording import Piece

LAP_SECONDS = 1.0
"""Silence between the last piece and the first, played again."""


class RecordedPort:
    """The pieces of a recording, over and over, each when it is due.

    From the first write on it is an instrument that answers: each write has the next speech played
    at once, that is the next pieces after a pause, and nothing else is said.
    """

    tunable = False

    def __init__(self, pieces: list[Piece], speed: float) -> None:
        self._pieces = pieces
        self._speed = speed
        self._lap = pieces[-1].at - pieces[0].at + LAP_SECONDS
        self._start = time.monotonic()
        self._played = 0
        self._speeches: list[list[Piece]] | None = None
        self._next = 0
        self._answer = bytearray()
        self._asked = asyncio.Event()

    async def read(self) -> bytes:
        """Return what is due, at least one byte."""
        while self._speeches is None:
            due = self._due(self._played) / self._speed - (time.monotonic() - self._start)
            if due <= 0:
                # The others get their turn although the next piece may be due already.
                await asyncio.sleep(0)
                if self._speeches is None:
                    self._played += 1
                    return self._pieces[(self._played - 1) % len(self._pieces)].data
            else:
                await self._wait(due)
        await self._asked.wait()
        self._asked.clear()
        answer = bytes(self._answer)
        self._answer.clear()
        return answer

    async def write(self, data: bytes) -> None:
        """Have the next speech played at once; there is nobody to understand the question."""
        if self._speeches is None:
            self._speeches = recording.speeches(self._pieces)
            self._next = self._speech_after(self._played % len(self._pieces))
        speech = self._speeches[self._next % len(self._speeches)]
        self._next += 1
        self._answer += b"".join(piece.data for piece in speech)
        self._asked.set()

    async def retune(self, line: Line) -> None:
        """Do nothing: it was recorded as it was."""

    def discard(self) -> None:
        """Drop what was to be answered and was not read."""
        self._answer.clear()
        self._asked.clear()

    def elapsed(self) -> float:
        """Return the recorded seconds so far; of one that answers, the real ones."""
        if self._speeches is not None:
            return (time.monotonic() - self._start) * self._speed
        return self._due(self._played - 1) if self._played else 0.0

    def close(self) -> None:
        """Do nothing: the file was closed when it had been read."""

    async def _wait(self, seconds: float) -> None:
        """Wait so long, or until the first write."""
        try:
            async with asyncio.timeout(seconds):
                await self._asked.wait()
        except TimeoutError:
            return

    def _due(self, number: int) -> float:
        """Return when the piece `number` of all laps is due, in recorded seconds."""
        lap, place = divmod(number, len(self._pieces))
        return lap * self._lap + self._pieces[place].at - self._pieces[0].at

    def _speech_after(self, place: int) -> int:
        """Return the first speech that begins at the piece `place` or after it."""
        begins = 0
        for number, speech in enumerate(self._speeches or []):
            if begins >= place:
                return number
            begins += len(speech)
        return 0
