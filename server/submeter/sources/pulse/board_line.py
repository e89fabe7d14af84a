"""A board that several pulse inputs share: one reads its port, all of them hear."""

import asyncio
from collections.abc import Callable
from typing import NamedTuple, NoReturn

from submeter.errors import Condition, LinkError
from submeter.sources.open_port import open_port
from submeter.sources.port import Line, Port, Spec
from submeter.sources.pulse.board import BoardDecoder, Record

SILENCE = 10.0  # s without a valid record, of which the board sends one a second
_LINE = Line(115_200, "8N1")  # a USB port has no speed

Hear = Callable[[Record], None]


class _Ear(NamedTuple):
    """One that listens; `failure` is how it failed."""

    hear: Hear
    failure: asyncio.Future[None]

    def tell(self, record: Record) -> None:
        try:
            if not self.failure.done():
                self.hear(record)
        except Exception as error:
            self.failure.set_exception(error)


class BoardLine:
    """The port of one board; opened by the first who listens, closed by the last."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.dropped = 0
        self._ears: list[_Ear] = []
        self._reading: asyncio.Task[None] | None = None

    async def listen(self, hear: Hear) -> None:
        """Tell `hear` every record, until the board is lost: raises LinkError.

        What `hear` raises ends its own listening, and not that of the others.
        """
        ear = _Ear(hear, asyncio.get_running_loop().create_future())
        self._ears.append(ear)
        reading = self._reading
        if reading is None or reading.done():
            reading = self._reading = asyncio.create_task(self._read())
        try:
            await asyncio.wait((reading, ear.failure), return_when=asyncio.FIRST_COMPLETED)
            await (ear.failure if ear.failure.done() else reading)
        finally:
            self._ears.remove(ear)
            if not self._ears:
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)

    async def _read(self) -> None:
        port = await open_port(self.spec, _LINE, _pace)
        try:
            await self._hear(port)
        finally:
            port.close()

    async def _hear(self, port: Port) -> NoReturn:
        decoder, before = BoardDecoder(), self.dropped
        loop = asyncio.get_running_loop()
        heard = came = loop.time()
        damaged = 0  # lines, until the last record
        while True:
            try:
                async with asyncio.timeout_at(heard + SILENCE):
                    data = await port.read()
            except TimeoutError:
                # The rest of a line may come behind a record, and a greeting ahead of silence.
                noisy = decoder.bad > damaged or came > heard + SILENCE / 2
                raise _silent(noisy) from None
            came = loop.time()
            for record in decoder.feed(data):
                heard, damaged = came, decoder.bad
                for ear in tuple(self._ears):
                    ear.tell(record)
            self.dropped = before + decoder.bad


def _pace(data: bytes) -> float:
    """Return the bytes per second of a recording: a record each second."""
    return max(1.0, len(data) / max(1, data.count(b"$S ")))


def _silent(noisy: bool) -> LinkError:
    if noisy:
        message = f"no valid record of the board for {SILENCE:g} s, but other bytes"
        return LinkError(message, Condition.NOISE)
    return LinkError(f"no record of the board for {SILENCE:g} s", Condition.SILENT)
