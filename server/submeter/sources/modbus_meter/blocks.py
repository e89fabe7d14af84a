"""What is read of a meter, in as few requests as it allows."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from submeter.errors import Condition, LinkError
from submeter.pointmap.spans import Request, Span, joined
from submeter.sources.modbus_meter.client import Answer, Data, Refused

Ask = Callable[[Span], Awaitable[Answer]]

_LASTING = (1, 2, 3)  # what the meter does not have; other exceptions pass
_BEYOND = (10, 11)  # from a gateway: the meter itself did not answer


class Piece(NamedTuple):
    """What stands at one span: registers as they are sent, or a byte 0 or 1 for each bit.

    `frame` is the answer that it came in.
    """

    data: bytes
    frame: bytes


@dataclass
class Heard:
    """What one round of reading gave; `lacks` are spans that this meter says it does not have."""

    pieces: dict[Span, Piece] = field(default_factory=dict)
    lacks: set[Span] = field(default_factory=set)
    refusal: Refused | None = None


class Blocks:
    """The spans of one meter, joined over holes of up to `near` addresses.

    A block that the meter refuses is read in two, down to single values: from then on, if it is for
    good. What it does not have is not asked for again; the rest is joined anew, without holes.
    `alone` are requests of their own.
    """

    def __init__(self, spans: Iterable[Span], near: int, alone: Iterable[Span] = ()) -> None:
        self._all = list(joined(spans, near))
        self._alone = [Request(each, (each,)) for each in alone]
        self.restart()

    def restart(self) -> None:
        """Forget what was refused: it may be another meter now."""
        self._requests = [*self._all, *self._alone]
        self._lacks: set[Span] = set()
        self._rejoined = False

    async def read(self, ask: Ask) -> Heard:
        """Read everything once; raises LinkError as `ask`, or if no gateway reaches the meter."""
        heard = Heard()
        requests = []
        for request in self._requests:
            requests += await self._read(request, ask, heard)
        if self._lacks and not self._rejoined:
            self._rejoined = True
            alone = [each for each in requests if each in self._alone]
            values = [span for each in requests if each not in alone for span in each.values]
            requests = [*joined(values, 0), *alone]
        self._requests = requests
        heard.lacks = self._lacks
        return heard

    async def _read(self, request: Request, ask: Ask, heard: Heard) -> list[Request]:
        """Read one block into `heard`; return how to read it the next time."""
        answer = await ask(request.whole)
        if isinstance(answer, Data):
            heard.pieces.update(_cut(request, answer))
            return [request]
        heard.refusal = answer
        if answer.code in _BEYOND:
            if not heard.pieces:
                raise LinkError(f"the gateway says {answer}", Condition.SILENT)
            return [request]
        lasting = answer.code in _LASTING
        if len(request.values) == 1:
            self._lacks.update(request.values if lasting else ())
            return [] if lasting else [request]
        parts = [await self._read(half, ask, heard) for half in _halves(request)]
        return [each for part in parts for each in part] if lasting else [request]


def _halves(request: Request) -> tuple[Request, Request]:
    """Split a block at its largest hole, of several the middlemost."""
    values = request.values
    middle = len(values) / 2
    at = max(
        range(1, len(values)),
        key=lambda n: (values[n].start - values[n - 1].end, -abs(n - middle)),
    )
    return _block(values[:at]), _block(values[at:])


def _block(values: tuple[Span, ...]) -> Request:
    start, end = values[0].start, max(each.end for each in values)
    return Request(values[0]._replace(length=end - start), values)


def _cut(request: Request, answer: Data) -> dict[Span, Piece]:
    start, data = request.whole.start, answer.data
    if request.whole.bits:
        bits = bytes(data[n // 8] >> n % 8 & 1 for n in range(request.whole.length))
        cut = {each: bits[each.start - start : each.end - start] for each in request.values}
    else:
        cut = {e: data[2 * (e.start - start) : 2 * (e.end - start)] for e in request.values}
    return {span: Piece(piece, answer.frame) for span, piece in cut.items()}
