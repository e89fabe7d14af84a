"""The questions of one poll, and whether the meter answers any of them."""

from submeter.errors import Condition, LinkError
from submeter.pointmap.spans import Span
from submeter.sources.modbus_meter.client import Answer, Refused
from submeter.sources.modbus_meter.exchange import Exchange

_BEYOND = (10, 11)  # from a gateway: the meter itself did not answer
_MOST_SILENCES = 3  # after which a meter that answered nothing is not asked any more


class Round:
    """Asks; the first request twice, as a server closes connections that rest.

    `answered` says whether the meter answered anything, `silence` is the first failure to.
    """

    def __init__(self, exchange: Exchange) -> None:
        self.answered = False
        self.silence: LinkError | None = None
        self._silences = 0
        self._exchange = exchange
        self._asked = False

    async def __call__(self, span: Span) -> Answer | None:
        """Return the answer, None if there is none and others may be answered.

        Raises LinkError.
        """
        try:
            answer = await self._ask(span)
            if isinstance(answer, Refused) and answer.code in _BEYOND:
                raise LinkError(f"the gateway says {answer}", Condition.SILENT)
        except LinkError as error:
            if error.condition is not Condition.SILENT:
                raise
            self.silence = self.silence or error
            self._silences += 1
            if not self.answered and self._silences == _MOST_SILENCES:
                raise self.silence from error
            return None
        self.answered = True
        return answer

    async def _ask(self, span: Span) -> Answer:
        first, self._asked = not self._asked, True
        try:
            return await self._exchange.ask(span)
        except LinkError as error:
            if not first or error.condition is not Condition.UNREACHABLE:
                raise
        return await self._exchange.ask(span)
