"""Requests and answers on a line or connection that several meters may share."""

import asyncio
import itertools
import secrets

from submeter.errors import Condition, LinkError
from submeter.pointmap.spans import Span
from submeter.sources.modbus_meter.client import MOST, Answer, Call, Refused, RtuCall, TcpCall
from submeter.sources.modbus_meter.settings import ModbusMeterSettings
from submeter.sources.port import Port
from submeter.sources.shared_line import SharedLine

BUSY_PAUSE = 0.2  # s before a meter that is busy is asked again
NEVER_SILENT = 1.0  # s of bytes that nobody asked for
_BUSY = (5, 6)
_LEAST_SILENCE = 0.00175  # s (Modbus over Serial Line V1.02, 2.5.1.1)

# One for the process: meters behind one gateway share a connection, and its late answers.
_transactions = itertools.count(secrets.randbelow(1 << 16))


class Exchange:
    """Asks one meter, one request at a time, and again when it does not answer."""

    def __init__(self, line: SharedLine, settings: ModbusMeterSettings) -> None:
        self._line = line
        self._settings = settings
        self._serial = settings.tcp is None
        self._character = line.line.bits / line.line.baudrate  # s
        self.dropped = 0

    async def ask(self, span: Span) -> Answer:
        """Return the answer to a read of `span`; raises LinkError when none can be had."""
        tries = []
        async with self._line.turn() as port:
            for left in range(self._settings.retries, -1, -1):
                call = self._call(span)
                answer = await self._try(port, call)
                if answer is None:
                    self.dropped += bool(call.heard)
                    tries.append(call)
                elif left and isinstance(answer, Refused) and answer.code in _BUSY:
                    await asyncio.sleep(BUSY_PAUSE)
                else:
                    if self._serial and not all(each.garbled for each in tries):
                        await self._let_pass(port, call)
                    return answer
        raise self._failure(tries)

    def _call(self, span: Span) -> Call:
        if self._serial:
            return RtuCall(span, self._settings.unit)
        return TcpCall(span, self._settings.unit, next(_transactions))

    async def _try(self, port: Port, call: Call) -> Answer | None:
        patience = self._settings.timeout
        if self._serial:
            await self._silence(port)
            port.discard()  # what came while this program was too slow to see it
            patience += self._character * (len(call.request) + call.longest)
        await port.write(call.request)
        try:
            async with asyncio.timeout(patience):
                while call.heard < MOST:
                    answer = call.feed(await port.read())
                    if answer is not None:
                        return answer
        except TimeoutError:
            pass
        return None

    async def _silence(self, port: Port) -> None:
        """Wait until the line was silent for 3.5 characters; raises LinkError if it never is."""
        try:
            async with asyncio.timeout(NEVER_SILENT):
                while await _hears(port, max(_LEAST_SILENCE, 3.5 * self._character)):
                    pass
        except TimeoutError:
            message = f"{self._line.spec} is never silent; check wiring, baudrate and parity"
            raise LinkError(message, Condition.NOISE) from None

    async def _let_pass(self, port: Port, call: Call) -> None:
        """Let the answer to the first try pass, which would look like one to the next request."""
        heard = 0
        patience = self._settings.timeout + self._character * call.longest
        while heard < call.longest and (more := await _hears(port, patience)):
            heard += more

    def _failure(self, tries: list[Call]) -> LinkError:
        unit = f"unit {self._settings.unit} at {self._line.spec}"
        if any(call.garbled for call in tries):
            message = f"{unit} answers with wrong checksums; do two meters have this address?"
            return LinkError(message, Condition.COLLISION)
        if any(call.heard for call in tries):
            message = f"what comes from {unit} is no answer; check baudrate, parity and wiring"
            return LinkError(message, Condition.NOISE)
        return LinkError(f"{unit} does not answer", Condition.SILENT)


async def _hears(port: Port, seconds: float) -> int:
    """Return how many bytes come within `seconds`, at least one if any do."""
    try:
        async with asyncio.timeout(seconds):
            return len(await port.read())
    except TimeoutError:
        return 0
