"""The port of a board that several listen to: one reads it, all of them hear."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import NoReturn

from submeter.errors import Condition, FrameError, LinkError
from submeter.sources.board.hearing import Hearing
from submeter.sources.board.lines import LineDecoder
from submeter.sources.board.said import Said
from submeter.sources.open_port import open_port
from submeter.sources.port import Line, Port, Spec

SILENCE = 10.0  # s without a valid record, of which the board sends one a second
_LINE = Line(115_200, "8N1")  # a USB port has no speed
_MOST_WAITING = 16  # lines for a board that takes none

Hear = Callable[[Said], None]


class BoardLine:
    """The port of one board; opened by the first who listens, closed by the last.

    `opened` counts how often it was opened, `dropped` the lines that were damaged, or senseless to
    one who heard them.
    """

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.dropped = 0
        self.opened = 0
        self._hearing: Hearing[Hear] = Hearing(self._read)
        self._named: Said | None = None  # the last `$ID` since the port was opened
        self._outgoing: asyncio.Queue[str] | None = None

    async def listen(self, hear: Hear) -> None:
        """Tell `hear` every valid line, until the board is lost: raises LinkError.

        Who comes later is told the last `$ID` first. A FrameError that `hear` raises tells that the
        line makes no sense to it: it is counted as dropped, and is no sign of life if nobody else
        makes any of it. What else it raises ends its own listening, and not that of the others.
        """
        if self._named:
            with contextlib.suppress(FrameError):
                hear(self._named)
        await self._hearing.listen(hear)

    def send(self, text: str) -> None:
        """Send one line; nothing happens while the port is closed, or the board takes no lines."""
        if self._outgoing and not self._outgoing.full():
            self._outgoing.put_nowait(text)

    async def _read(self) -> None:
        port = await open_port(self.spec, _LINE, _pace)
        self.opened += 1
        self._outgoing = asyncio.Queue(_MOST_WAITING)
        tasks = [
            asyncio.create_task(self._hear(port)),
            asyncio.create_task(_say(port, self._outgoing)),
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for each in done:
                each.result()
        finally:
            self._named = self._outgoing = None
            for each in tasks:
                each.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            port.close()

    async def _hear(self, port: Port) -> NoReturn:
        decoder, before = LineDecoder(), self.dropped
        loop = asyncio.get_running_loop()
        heard = came = loop.time()
        senseless = 0  # lines
        damaged = 0  # lines, until the last record
        while True:
            try:
                async with asyncio.timeout_at(heard + SILENCE):
                    data = await port.read()
            except TimeoutError:
                # The rest of a line may come behind a record, and a greeting ahead of silence.
                noisy = decoder.bad + senseless > damaged or came > heard + SILENCE / 2
                raise _silent(noisy) from None
            came = loop.time()
            for said in decoder.feed(data):
                taken, refused = self._tell(said)
                senseless += refused
                if taken and said.tag == "S":
                    heard, damaged = came, decoder.bad + senseless
            self.dropped = before + decoder.bad + senseless

    def _tell(self, said: Said) -> tuple[bool, bool]:
        """Tell `said` to all; return whether it made sense to anybody, and whether none to one."""
        taken = refused = False

        def tell(hear: Hear) -> None:
            nonlocal taken, refused
            try:
                hear(said)
            except FrameError:
                refused = True
            else:
                taken = True

        self._hearing.tell(tell)
        if said.tag == "ID" and taken:
            self._named = said
        return taken, refused


async def _say(port: Port, outgoing: asyncio.Queue[str]) -> NoReturn:
    while True:
        text = await outgoing.get()
        await port.write(f"{text}\n".encode())


def _pace(data: bytes) -> float:
    """Return the bytes per second of a recording: a record each second."""
    return max(1.0, len(data) / max(1, data.count(b"$S ")))


def _silent(noisy: bool) -> LinkError:
    if noisy:
        message = f"no valid record of the board for {SILENCE:g} s, but other bytes"
        return LinkError(message, Condition.NOISE)
    return LinkError(f"no record of the board for {SILENCE:g} s", Condition.SILENT)
