"""The host's whole side of a board without a port: bytes in, updates out, at any time."""

import asyncio
import contextlib
from collections.abc import Mapping
from pathlib import Path
from unittest.mock import patch

from submeter.errors import FrameError
from submeter.meter.instant import Instant
from submeter.meter.reading import Update
from submeter.sources import port
from submeter.sources.board.board_line import BoardLine
from submeter.sources.board.intake import Hear
from submeter.sources.board.lines import LineDecoder
from submeter.sources.rp2040.board import Board
from submeter.sources.rp2040.board_ear import Corrections
from submeter.sources.rp2040.correction import NONE, BoardCorrection
from submeter.sources.rp2040.settings import Rp2040Settings
from submeter.sources.rp2040.source import Rp2040Source
from submeter.sources.source import Publish


class Uncorrected:
    """Knows of no calibration."""

    def current(self, uid: str) -> BoardCorrection:
        return NONE


class FedLine(BoardLine):
    """A line that is told its bytes; `sent` is what the host said."""

    def __init__(self) -> None:
        super().__init__(port.parse("socket://127.0.0.1:1", Path()))
        self.sent: list[str] = []
        self._decoder = LineDecoder()
        self._ear: Hear | None = None

    async def listen(self, hear: Hear) -> None:
        self.opened += 1
        self._ear = hear
        self.greet()
        await asyncio.Event().wait()

    def send(self, text: str) -> None:
        self.sent.append(text)

    def feed(self, data: bytes) -> None:
        for said in self._decoder.feed(data):
            assert self._ear
            try:
                self._ear(said)
            except FrameError:
                self.dropped += 1


class Host:
    """The sources `settings` of one board, run in the loop that is current.

    `updates` has the last one of each source, by its place.
    """

    def __init__(
        self, *settings: Mapping[str, object], corrections: Corrections | None = None
    ) -> None:
        self.line = FedLine()
        self.board = Board(self.line)
        self.sources = [
            Rp2040Source(
                f"clamp-{place}",
                {"": self.board},
                Rp2040Settings.model_validate(each),
                corrections or Uncorrected(),
            )
            for place, each in enumerate(settings)
        ]
        self.updates: dict[int, Update] = {}
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self, *publish: Publish) -> None:
        """Begin to listen; `publish` of each source, or `updates` keeps what they say."""
        for place, source in enumerate(self.sources):
            told = publish[place] if publish else self._keeper(place)
            self._tasks.append(asyncio.create_task(source.run(told)))
        for _ in range(5):
            await asyncio.sleep(0)

    async def stop(self) -> None:
        """Listen no more."""
        for task in self._tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def hear(self, data: bytes, at: Instant) -> None:
        """Take in bytes at this time."""
        with patch.object(Instant, "now", lambda: at):
            self.line.feed(data)

    def counted(self, place: int, point: str) -> int:
        """Return the last index of a source."""
        number = self.updates[place].values[point].number
        assert isinstance(number, int)
        return number

    def _keeper(self, place: int) -> Publish:
        def keep(update: Update, at: Instant) -> None:
            self.updates[place] = update

        return keep
