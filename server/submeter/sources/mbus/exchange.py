"""One request on the line and what comes back."""

import asyncio
from collections.abc import Callable, Iterable
from typing import NamedTuple

from submeter.errors import Condition, LinkError
from submeter.sources.mbus.link import (
    ACK,
    FROM_MASTER,
    LONGEST,
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
    """What came after a request: the answers among it, and all bytes except our own echo."""

    answers: tuple[Long, ...] = ()
    received: bytes = b""

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

    `dropped` counts requests after which something came that was no answer.
    """

    def __init__(self, port: Port, timing: Timing) -> None:
        self.dropped = 0
        self._port = port
        self._timing = timing

    async def acknowledged(self, request: Short | Long, attempts: int | None = None) -> bool:
        """Send `request` until E5 comes back; False if nothing does. Raises LinkError.

        With COLLISION if something else comes.
        """
        return await self._repeat(request, attempts, lambda heard: heard.acknowledged) is not None

    async def answered(self, request: Short | Long, attempts: int | None = None) -> Long | None:
        """Send `request` until a telegram comes back; None if nothing does. Raises LinkError.

        With COLLISION if something else comes, or telegrams of several meters.
        """
        heard = await self._repeat(request, attempts, lambda heard: heard.answer is not None)
        return heard.answer if heard else None

    async def _repeat(
        self, request: Short | Long, attempts: int | None, good: _Test
    ) -> Heard | None:
        garbage = False
        for _ in range(attempts or 1 + self._timing.retries):
            heard = await self.once(request)
            if good(heard):
                return heard
            garbage |= bool(heard.received)
            self.dropped += bool(heard.received)
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
            # A line that never falls silent is noise; an answer and its double are not.
            async with asyncio.timeout(window + 2 * LONGEST * timing.byte + 4 * timing.gap):
                patience = window
                while data := await self._read(patience):
                    received += data
                    if bytes(received).startswith(raw):  # some adapters echo what is sent
                        del received[: len(raw)]
                    answers += _answers(decoder.feed(data), request)
                    patience = self._patience(received, answers, decoder, window)
        except TimeoutError:
            return Heard((), bytes(received))
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
