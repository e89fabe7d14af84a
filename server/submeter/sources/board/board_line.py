"""The port of a board that several listen to: one reads it, all of them hear."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import NoReturn

from submeter.errors import Condition, FrameError, LinkError
from submeter.sources.board.hearing import Hearing
from submeter.sources.board.intake import Hear, Intake
from submeter.sources.open_port import open_port
from submeter.sources.port import Line, Port, Replay, Spec

SILENCE = 10.0  # s without a valid record, of which the board sends one a second
_LINE = Line(115_200, "8N1")  # a USB port has no speed
_MOST_WAITING = 16  # lines for a board that takes none


class BoardLine:
    """The port of one board; opened by the first who listens, closed by the last.

    `opened` counts how often it was opened, `dropped` the lines that were damaged, or senseless to
    one who heard them. `greet` is called whenever it was opened, and may `send`.
    """

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.dropped = 0
        self.opened = 0
        self.greet: Callable[[], None] = _nothing
        self._hearing: Hearing[Hear] = Hearing(self._read)
        self._intake: Intake | None = None  # while the port is open
        self._outgoing: asyncio.Queue[str] | None = None

    async def listen(self, hear: Hear) -> None:
        """Tell `hear` every valid line, until the board is lost: raises LinkError.

        Who comes later is told the last `$ID` first. A FrameError that `hear` raises tells that the
        line makes no sense to it: it is counted as dropped, and is no sign of life if nobody else
        makes any of it. What else it raises ends its own listening, and not that of the others.
        """
        if self._intake and self._intake.named:
            with contextlib.suppress(FrameError):
                hear(self._intake.named)
        await self._hearing.listen(hear)

    def send(self, text: str) -> None:
        """Send one line; nothing happens while the port is closed, or the board takes no lines.

        Nor with a recording, which would from then on only answer.
        """
        if isinstance(self.spec, Replay):
            return
        if self._outgoing and not self._outgoing.full():
            self._outgoing.put_nowait(text)

    async def _read(self) -> None:
        port = await open_port(self.spec, _LINE, _pace)
        self.opened += 1
        self._outgoing = asyncio.Queue(_MOST_WAITING)
        self.greet()
        tasks = [
            asyncio.create_task(self._hear(port)),
            asyncio.create_task(_say(port, self._outgoing)),
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for each in done:
                each.result()
        finally:
            self._intake = self._outgoing = None
            for each in tasks:
                each.cancel()
            try:
                await asyncio.gather(*tasks, return_exceptions=True)
            finally:  # who is cancelled a second time must not keep the port
                port.close()

    async def _hear(self, port: Port) -> NoReturn:
        intake, before = Intake(self._hearing.tell), self.dropped
        self._intake = intake
        loop = asyncio.get_running_loop()
        heard = came = loop.time()
        while True:
            try:
                async with asyncio.timeout_at(heard + SILENCE):
                    data = await port.read()
            except TimeoutError:
                # The rest of a line may come behind a record, and a greeting ahead of silence.
                raise _silent(intake.noisy or came > heard + SILENCE / 2) from None
            came = loop.time()
            if intake.feed(data):
                heard = came
            self.dropped = before + intake.bad


async def _say(port: Port, outgoing: asyncio.Queue[str]) -> NoReturn:
    while True:
        text = await outgoing.get()
        await port.write(f"{text}\n".encode())


def _nothing() -> None:
    """Stand for a greeting."""


def _pace(data: bytes) -> float:
    """Return the bytes per second of a recording: a record each second."""
    return max(1.0, len(data) / max(1, data.count(b"$S ")))


def _silent(noisy: bool) -> LinkError:
    if noisy:
        message = f"no valid record of the board for {SILENCE:g} s, but other bytes"
        return LinkError(message, Condition.NOISE)
    return LinkError(f"no record of the board for {SILENCE:g} s", Condition.SILENT)
