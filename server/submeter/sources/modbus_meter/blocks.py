"""What is read of a meter, in as few requests as it allows."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from submeter.errors import LinkError
from submeter.pointmap.spans import Request, Span, joined
from submeter.sources.modbus_meter.client import Answer, Data, Refused

Ask = Callable[[Span], Awaitable[Answer | None]]

SILENCES = 3  # reads in which a block is not answered while others are: the meter has it not
ASK_AGAIN = 600.0  # s after which one of those is asked for again
_LASTING = (1, 2, 3)  # what the meter does not have; other exceptions pass
_IN_VAIN = 2  # requests of a read without any answer


class Piece(NamedTuple):
    """What stands at one span: registers as they are sent, or a byte 0 or 1 for each bit.

    `frame` is the answer that it came in.
    """

    data: bytes
    frame: bytes


@dataclass
class Heard:
    """What one round of reading gave; `lacks` are spans that this meter does not have.

    `silent` are the requests that it did not answer.
    """

    pieces: dict[Span, Piece] = field(default_factory=dict)
    lacks: set[Span] = field(default_factory=set)
    refusal: Refused | None = None
    silent: list[Request] = field(default_factory=list)


class Blocks:
    """The spans of one meter, joined over holes of up to `near` addresses.

    A block that the meter refuses is read in two, down to single values: from then on, if it is for
    good. What it does not have is not asked for again; the rest is joined anew, without holes.
    A block that it never answers, while it answers others, is taken apart likewise, one request in
    a round; what remains is asked for again now and then. `alone` are requests of their own.
    """

    def __init__(self, spans: Iterable[Span], near: int, alone: Iterable[Span] = ()) -> None:
        self._spans = set(spans)
        self._near = near
        self._alone = [Request(each, (each,)) for each in alone]
        self._mute: list[Request] = []  # single values that are never answered
        self._shy: set[Span] = set()  # not answered in rounds without any answer
        self.restart()

    def restart(self) -> None:
        """Forget what was refused: it may be another meter now."""
        mute = {value for each in self._mute for value in each.values}
        near = 0 if self._mute else self._near
        alone = (each for each in self._alone if each not in self._mute)
        self._requests = [*joined(self._spans - mute, near), *alone]
        self._lacks: set[Span] = set()
        self._rejoined = False
        self._silences: dict[Request, int] = {}
        self._trial: Request | None = None
        self._ask_again = 0.0

    async def read(self, ask: Ask) -> Heard:
        """Read everything once; raises LinkError as `ask`.

        `ask` returns None where the meter is silent. What was silent before comes last, and no more
        than one of it: the others are not to wait for it.
        """
        heard = Heard()
        requests: list[Request] = []
        self._try_again()
        if all(each.whole in self._shy for each in self._requests):
            self._shy.clear()
        for request in sorted(self._requests, key=self._suspicion):
            suspect = request in self._silences
            if heard.silent and (suspect or (not heard.pieces and len(heard.silent) >= _IN_VAIN)):
                requests.append(request)
            else:
                requests += await self._read(request, ask, heard)
        if self._trial and heard.pieces.keys() & self._trial.values:
            requests += self._mute  # they may be answered now too
            self._trial, self._mute = None, []
        self._requests = self._joined(requests)
        mute = (value for each in self._mute for value in each.values)
        heard.lacks = self._lacks.union(mute)
        return heard

    def learn(self, heard: Heard) -> list[Span]:
        """Take note of what was silent in `heard`, a round in which the meter answered something.

        Returns the values that are given up with it.
        """
        given_up: list[Span] = []
        self._shy.clear()
        for request in heard.silent:
            if request not in self._requests:
                continue
            silences = self._silences.pop(request, 0) + 1
            if silences < SILENCES:
                self._silences[request] = silences
                continue
            self._requests.remove(request)
            if len(request.values) == 1:
                self._mute.append(request)
                given_up += request.values
                self._rejoined &= request == self._trial
                self._ask_again = asyncio.get_running_loop().time() + ASK_AGAIN
            else:
                halves = _halves(request)
                self._requests += halves
                self._silences.update(dict.fromkeys(halves, SILENCES - 1))
        return given_up

    def _try_again(self) -> None:
        """Let one of the values that are never answered be asked for, if it is time."""
        if self._mute and asyncio.get_running_loop().time() >= self._ask_again:
            self._trial = self._mute.pop(0)
            self._requests.append(self._trial)
            self._silences[self._trial] = SILENCES - 1
            self._ask_again = asyncio.get_running_loop().time() + ASK_AGAIN

    def _suspicion(self, request: Request) -> tuple[int, bool]:
        return self._silences.get(request, 0), request.whole in self._shy

    def _joined(self, requests: list[Request]) -> list[Request]:
        """Join what is left once it is known what the meter does not have."""
        if self._rejoined or self._silences or not (self._lacks or self._mute):
            return requests
        self._rejoined = True
        apart = [each for each in requests if each in self._alone]
        values = [span for each in requests if each not in apart for span in each.values]
        return [*joined(values, 0), *apart]

    async def _read(self, request: Request, ask: Ask, heard: Heard) -> list[Request]:
        """Read one block into `heard`; return how to read it the next time."""
        try:
            answer = await ask(request.whole)
        except LinkError:
            self._shy.add(request.whole)
            raise
        if answer is None:
            self._shy.add(request.whole)
            heard.silent.append(request)
            return [request]
        self._silences.pop(request, None)
        if isinstance(answer, Data):
            heard.pieces.update(_cut(request, answer))
            return [request]
        heard.refusal = answer
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
