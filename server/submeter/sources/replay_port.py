"""A recording, played at the pace at which the instrument sent it."""

import asyncio
import time

from submeter.sources.port import Line

CHUNK_SECONDS = 0.02
LONGEST_PIECE = 4096


class ReplayPort:
    """The bytes of a recording, over and over, so many a second, and `speed` times faster."""

    tunable = False

    def __init__(self, data: bytes, rate: float, speed: float) -> None:
        self._data = data
        self._rate = rate
        self._speed = speed
        self._start = time.monotonic()
        self._sent = 0

    async def read(self) -> bytes:
        """Return the bytes that are due, at least one; the end of the file ends a piece."""
        while True:
            due = (time.monotonic() - self._start) * self._rate * self._speed - self._sent
            if due >= 1:
                # The others get their turn although the next bytes are due already.
                await asyncio.sleep(0)
                position = self._sent % len(self._data)
                piece = self._data[position : position + min(int(due), LONGEST_PIECE)]
                self._sent += len(piece)
                return piece
            await asyncio.sleep(max(CHUNK_SECONDS, (1 - due) / (self._rate * self._speed)))

    async def write(self, data: bytes) -> None:
        """Do nothing: nobody is there."""

    async def retune(self, line: Line) -> None:
        """Do nothing: it was recorded as it was."""

    def discard(self) -> None:
        """Do nothing: what is due comes."""

    def elapsed(self) -> float:
        """Return the recorded seconds so far: the bytes sent at the real pace."""
        return self._sent / self._rate

    def close(self) -> None:
        """Do nothing: the file was closed when it had been read."""
