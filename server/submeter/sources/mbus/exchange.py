"""One request on the line and what comes back."""

import asyncio
import math
from collections.abc import Callable, Iterable
from typing import NamedTuple

from submeter.errors import Condition, LinkError
from submeter.sources.mbus.link import (
    ACK,
    FROM_MASTER,
    SELECTED,
    TEST,
    Decoder,
    Frame,
    Long,
    Short,
)
from submeter.sources.mbus.timing import Timing
from submeter.sources.port import Port


class Heard(NamedTuple):
    """What came after a request: the answers among it, and all bytes except our own echo.

    It is `endless` if the line did not fall silent again.
    """

    answers: tuple[Long, ...] = ()
    received: bytes = b""
    endless: bool = False

    @property
    def acknowledged(self) -> bool:
        """Whether it is E5 and nothing else; several that answer at once look the same."""
        return bool(self.received) and not self.received.strip(ACK)

    @property
    def answer(self) -> Long | None:
        """The one telegram that came; None if none did, or those of several meters."""
        return self.answers[0] if len(set(self.answers)) == 1 else None


_Test = Callable[[Heard], bool]


class Exchange:
    """Sends requests over a port, and listens for what follows each.

    `dropped` counts requests after which something came that was no answer, `unanswered` those
    after which no answer came in time: it may still come. `patience` are the seconds that such
    requests may take yet; without it each is sent once.
    """

    def __init__(self, port: Port, timing: Timing) -> None:
        self.dropped = 0
        self.unanswered = 0
        self.patience = math.inf
        self._port = port
        self._timing = timing

    async def acknowledged(self, request: Short | Long, attempts: int | None = None) -> bool:
        """Send `request` until E5 comes back; False if nothing does. Raises LinkError.

        With COLLISION if something else comes, with NOISE if that does not end.
        """
        return await self._repeat(request, attempts, lambda heard: heard.acknowledged) is not None

    async def answered(self, request: Short | Long, attempts: int | None = None) -> Long | None:
        """Send `request` until a telegram comes back; None if nothing does. Raises LinkError.

        With COLLISION if something else comes, or telegrams of several meters, with NOISE if the
        line does not fall silent.
        """
        heard = await self._repeat(request, attempts, lambda heard: heard.answer is not None)
        return heard.answer if heard else None

    async def _repeat(
        self, request: Short | Long, attempts: int | None, good: _Test
    ) -> Heard | None:
        garbage, loop = False, asyncio.get_running_loop()
        for _ in range(attempts or 1 + self._timing.retries):
            began = loop.time()
            heard = await self.once(request)
            if good(heard):
                return heard
            self.unanswered += 1
            garbage |= bool(heard.received)
            self.dropped += bool(heard.received)
            if heard.endless and heard.received:
                raise LinkError("the line is never silent", Condition.NOISE)
            self.patience -= loop.time() - began
            if self.patience <= 0:
                break
        if garbage:
            raise LinkError(
                "what answers is no telegram: several meters at one address, or a noisy line",
                Condition.COLLISION,
            )
        return None

    async def once(self, request: Short | Long) -> Heard:
        """Send `request` once and return what follows until the line is silent again."""
        raw = request.encode()
        self._port.discard()
        await self._port.write(raw)
        timing, decoder, received = self._timing, Decoder(), bytearray()
        answers: list[Long] = []
        window = timing.window + len(raw) * timing.byte
        try:
            async with asyncio.timeout(window + timing.longest):
                patience = window
                while data := await self._read(patience):
                    received += data
                    if bytes(received).startswith(raw):  # some adapters echo what is sent
                        del received[: len(raw)]
                    answers += _answers(decoder.feed(data), request)
                    patience = self._patience(received, answers, decoder, window)
        except TimeoutError:
            return Heard((), bytes(received), endless=True)
        answers += _answers(decoder.silence(), request)
        return Heard(tuple(answers), bytes(received))

    async def _read(self, patience: float) -> bytes:
        """Return the next bytes, none if there are none for so long."""
        try:
            async with asyncio.timeout(patience):
                return await self._port.read()
        except TimeoutError:
            return b""

    def _patience(
        self, received: bytearray, answers: list[Long], decoder: Decoder, window: float
    ) -> float:
        if not received:
            return window  # that was our echo
        whole = not decoder.pending and (answers or received == ACK)
        return self._timing.pause if whole else self._timing.gap


def _answers(frames: Iterable[Frame], request: Short | Long) -> list[Long]:
    """Return those frames that answer `request`: from a meter, and from the one that was asked."""
    anyone = request.address in (SELECTED, TEST)
    return [
        frame
        for frame in frames
        if isinstance(frame, Long)
        and not frame.control & FROM_MASTER
        and (anyone or frame.address == request.address)
    ]
