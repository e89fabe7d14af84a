"""Requests and answers on a line or connection that several meters may share."""

import asyncio
import itertools
import secrets
from collections import deque

from submeter.errors import Condition, LinkError
from submeter.pointmap.spans import Span
from submeter.sources.modbus_meter import owed
from submeter.sources.modbus_meter.client import MOST, Answer, Call, Refused, RtuCall, TcpCall
from submeter.sources.modbus_meter.settings import ModbusMeterSettings
from submeter.sources.port import Port
from submeter.sources.shared_line import SharedLine

BUSY_PAUSE = 0.2  # s before a meter that is busy is asked again
NEVER_SILENT = 1.0  # s of bytes that nobody asked for
LATEST = 10.0  # s after which no answer is expected any more, besides two time-outs
_BUSY = (5, 6)
_LEAST_SILENCE = 0.00175  # s (Modbus over Serial Line V1.02, 2.5.1.1)
_JITTER = 0.5  # of the time-out, by which late answers may differ
_REMEMBERED = 4  # requests on TCP whose late answers are recognised

# One for the process: meters behind one gateway share a connection, and its late answers.
_transactions = itertools.count(secrets.randbelow(1 << 16))


class Exchange:
    """Asks one meter, one request at a time, and again when it does not answer.

    An answer on a serial line is believed if it cannot be that to an older request.
    """

    def __init__(self, line: SharedLine, settings: ModbusMeterSettings) -> None:
        self._line = line
        self._settings = settings
        self._serial = settings.tcp is None
        self._character = line.line.bits / line.line.baudrate  # s
        self._owed = owed.of(line, settings.unit)
        self._unanswered: deque[Call] = deque(maxlen=_REMEMBERED)
        self._late = False  # an answer came after its time, in this exchange
        self._silent = False  # nothing came, in the last one
        self.dropped = 0

    async def ask(self, span: Span) -> Answer:
        """Return the answer to a read of `span`; raises LinkError when none can be had.

        A meter that said nothing the last time is asked once.
        """
        tries: list[Call] = []
        self._late = False
        async with self._line.turn() as port:
            for left in range(0 if self._silent else self._settings.retries, -1, -1):
                call = self._call(span)
                answer = await self._try(port, call)
                if answer is None:
                    self.dropped += bool(call.heard)
                    tries.append(call)
                elif left and isinstance(answer, Refused) and answer.code in _BUSY:
                    await asyncio.sleep(BUSY_PAUSE)
                else:
                    self._silent = False
                    return answer
        self._silent = not self._late and not any(call.heard for call in tries)
        raise self._failure(tries)

    def _call(self, span: Span) -> Call:
        if self._serial:
            return RtuCall(span, self._settings.unit)
        return TcpCall(span, self._settings.unit, next(_transactions))

    async def _try(self, port: Port, call: Call) -> Answer | None:
        if not self._serial:
            await port.write(call.request)
            return await self._answer(port, call, self._settings.timeout)
        patience = self._settings.timeout + self._character * (len(call.request) + call.longest)
        await self._silence(port)
        port.discard()  # what came while this program was too slow to see it
        self._owed.asked(asyncio.get_running_loop().time(), LATEST + 2 * patience)
        await port.write(call.request)
        answer = await self._answer(port, call, patience)
        if answer is None:
            await self._let_pass(port, call, patience)
            return None
        self._owed.answered()
        return answer if await self._nothing_follows(port, call, patience) else None

    async def _answer(self, port: Port, call: Call, patience: float) -> Answer | None:
        try:
            async with asyncio.timeout(patience):
                while call.heard < MOST:
                    data = await port.read()
                    answer = call.feed(data)
                    if answer is not None:
                        return answer
                    for each in self._unanswered:
                        self._late |= each.feed(data) is not None
        except TimeoutError:
            pass
        if not self._serial:
            self._unanswered.append(call)
        return None

    async def _silence(self, port: Port) -> None:
        """Wait until the line was silent for 3.5 characters; raises LinkError if it never is."""
        try:
            async with asyncio.timeout(NEVER_SILENT):
                while await _heard(port, max(_LEAST_SILENCE, 3.5 * self._character)):
                    pass
        except TimeoutError:
            raise self._never_silent() from None

    async def _let_pass(self, port: Port, call: Call, patience: float) -> None:
        """Wait for the answer that is late, until it came or the line was silent for long."""
        while not call.garbled and call.heard < MOST:
            data = await _heard(port, patience + self._jitter)
            if not data:
                return
            if call.feed(data) is not None:
                self._late = True
                self._owed.answered()
                return
        if call.garbled:
            self._owed.answered()

    async def _nothing_follows(self, port: Port, call: Call, patience: float) -> bool:
        """Tell whether the answer that came was that to the last request, not to an older one.

        After one to an older request, that to the last one follows; raises LinkError.
        """
        if not self._owed.count:
            return True
        silence = max(self._owed.gap, patience) + self._jitter
        follows = call.excess
        try:
            async with asyncio.timeout(NEVER_SILENT + 5 * silence):
                while await _heard(port, silence):
                    follows = True
        except TimeoutError:
            raise self._never_silent() from None
        self._owed.clear()
        self._late |= follows
        return not follows

    @property
    def _jitter(self) -> float:
        return _JITTER * self._settings.timeout

    def _never_silent(self) -> LinkError:
        message = f"{self._line.spec} is never silent; check wiring, baudrate and parity"
        return LinkError(message, Condition.NOISE)

    def _failure(self, tries: list[Call]) -> LinkError:
        unit, seconds = f"unit {self._settings.unit} at {self._line.spec}", self._settings.timeout
        if self._late:
            message = f"{unit} answers later than in {seconds:g} s; raise 'timeout'"
            return LinkError(message, Condition.SILENT)
        if any(call.garbled for call in tries):
            message = f"{unit} answers with wrong checksums; do two meters have this address?"
            return LinkError(message, Condition.COLLISION)
        if any(call.heard for call in tries):
            message = f"what comes from {unit} is no answer; check baudrate, parity and wiring"
            return LinkError(message, Condition.NOISE)
        remedy = "check the unit and the wiring, or raise 'timeout'"
        return LinkError(f"{unit} does not answer in {seconds:g} s; {remedy}", Condition.SILENT)


async def _heard(port: Port, seconds: float) -> bytes:
    """Return what comes within `seconds`, nothing if nothing does."""
    try:
        async with asyncio.timeout(seconds):
            return await port.read()
    except TimeoutError:
        return b""
