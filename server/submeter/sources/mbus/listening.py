"""The answers of a meter in a recording of its line, where nobody can be asked."""

from collections.abc import Callable, Iterator
from typing import NoReturn

from submeter.errors import FrameError
from submeter.sources.mbus import telegram
from submeter.sources.mbus.address import Address
from submeter.sources.mbus.answer import Answer, Gathering
from submeter.sources.mbus.link import Decoder, Frame, Long
from submeter.sources.mbus.telegram import Telegram
from submeter.sources.open_port import open_port
from submeter.sources.shared_line import SharedLine
from submeter.sources.source import Publish

Take = Callable[[Answer, float, Publish], None]

_BYTE = 11  # bits


class Listener:
    """Collects the telegrams that the meter at `address` sent when somebody else asked it."""

    def __init__(self, line: SharedLine, address: Address) -> None:
        self._line = line
        self._address = address
        self._gathering = Gathering()

    async def run(self, take: Take, publish: Publish) -> NoReturn:
        """Hand over every answer of the meter for ever; raises LinkError."""
        port = await open_port(self._line.spec, self._line.line, self._pace)
        decoder = Decoder()
        try:
            while True:
                for frame in decoder.feed(await port.read()):
                    for answer in self._collect(frame):
                        take(answer, port.elapsed(), publish)
        finally:
            port.close()

    def _pace(self, data: bytes) -> float:
        return self._line.line.baudrate / _BYTE

    def _collect(self, frame: Frame) -> Iterator[Answer]:
        """Yield the whole answer that `frame` completes."""
        if not isinstance(frame, Long):
            return
        try:
            each = telegram.read(frame)
        except FrameError:
            return
        if not self._is_ours(frame, each):
            return
        if self._gathering.repeats(each):
            yield self._gathered()
        if not self._gathering.add(frame, each):
            yield self._gathered()

    def _gathered(self) -> Answer:
        answer, self._gathering = self._gathering.answer(), Gathering()
        return answer

    def _is_ours(self, frame: Long, each: Telegram) -> bool:
        if self._address.secondary is None:
            return frame.address == self._address.primary
        return each.header.meter is not None and self._address.secondary.covers(each.header.meter)
