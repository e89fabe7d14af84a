"""Confirmed requests to us: the server side of ASHRAE 135, 5.4.5.

A request that comes whole and is answered in one piece leaves nothing behind. Any other is a
transaction: it waits for segments of the request, for work in another thread, or for the client to
acknowledge segments of the answer. Each of them has its timer, which only progress starts anew: the
standard has repeated packets do so as well, and a client could hold its transaction for ever.

The first segment of an answer is repeated once only, though the standard has it as often as any:
until it is acknowledged, the client may be somebody else's invention, and get what it never asked
for.
"""

import asyncio
from asyncio import Future
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from submeter.bacnet.answer import (
    Aborted,
    AbortReason,
    Ack,
    Confirmed,
    ErrorAnswer,
    Fitted,
    Pending,
    Rejected,
    SimpleAck,
)
from submeter.bacnet.application import apdu, limits
from submeter.bacnet.application.apdu import ConfirmedRequest, SegmentAck
from submeter.bacnet.application.execution import Execution, Outcome
from submeter.bacnet.application.failures import Failures
from submeter.bacnet.application.room import room, too_small
from submeter.bacnet.application.segments import WINDOWS, Assembly, Pieces, Taken
from submeter.bacnet.application.shares import Shares
from submeter.bacnet.carrier import Carrier
from submeter.bacnet.peer import Peer

_PATIENCE = 4  # segment timeouts that a client has for the next segment (135, 5.4.5.2)
# These take codes, each of which counts as wrong until it is found to be right: WriteProperty,
# WritePropertyMultiple, DeviceCommunicationControl, ReinitializeDevice.
_ATTEMPTS = frozenset({15, 16, 17, 20})


@dataclass(slots=True, eq=False)
class _Transaction:
    """`phase` is what has come of the request, or what is left of the answer; None: at work.

    `request` is its first segment, if it has segments.
    """

    request: ConfirmedRequest
    peer: Peer
    phase: Assembly | Pieces | None
    timer: asyncio.TimerHandle
    tries: int = 0


class Transactions:
    """Answers the confirmed requests of all clients with the services that `find` gives."""

    def __init__(
        self,
        carrier: Carrier,
        find: Callable[[int], Confirmed | None],
        failures: Failures,
        shares: Shares,
    ) -> None:
        self._carrier = carrier
        self._execution = Execution(find, failures)
        self._failures = failures
        self._open: dict[tuple[Peer, int], _Transaction] = {}
        self._shares = shares
        self._closed = False

    def __len__(self) -> int:
        return len(self._open)

    def close(self) -> None:
        """Give up all transactions; works that still run come to nothing."""
        self._closed = True
        for transaction in list(self._open.values()):
            self._end(transaction)

    def request(self, request: ConfirmedRequest, peer: Peer) -> None:
        """Take a request or a segment of one, which was not broadcast."""
        transaction = self._open.get((peer, request.invoke_id))
        if transaction is not None:
            self._continue(transaction, request)
        elif request.segmented:
            self._begin(request, peer)
        else:
            self._execute(request, peer)

    def acknowledge(self, ack: SegmentAck, peer: Peer) -> None:
        """Take what a client says to the segments of its answer."""
        transaction = self._open.get((peer, ack.invoke_id))
        if transaction is None:
            self._abort(ack.invoke_id, peer, AbortReason.INVALID_APDU_IN_THIS_STATE)
        elif not isinstance(transaction.phase, Pieces):
            self._give_up(transaction, AbortReason.INVALID_APDU_IN_THIS_STATE)
        elif ack.window not in WINDOWS:
            self._give_up(transaction, AbortReason.WINDOW_SIZE_OUT_OF_RANGE)
        elif transaction.phase.acknowledge(ack.sequence, ack.window):
            self._advance(transaction, transaction.phase)

    def abort(self, invoke_id: int, peer: Peer) -> None:
        """Take a client's Abort: it wants no answer any more."""
        transaction = self._open.get((peer, invoke_id))
        if transaction is not None:
            self._end(transaction)

    # A request in segments (135, 5.4.5.1 and 5.4.5.2)

    def _begin(self, request: ConfirmedRequest, peer: Peer) -> None:
        if request.sequence != 0:
            self._abort(request.invoke_id, peer, AbortReason.INVALID_APDU_IN_THIS_STATE)
        elif request.window not in WINDOWS:
            self._abort(request.invoke_id, peer, AbortReason.WINDOW_SIZE_OUT_OF_RANGE)
        elif len(request.body) > limits.LARGEST_APDU:
            self._abort(request.invoke_id, peer, AbortReason.BUFFER_OVERFLOW)
        else:
            assembly = Assembly(request.body, request.window)
            transaction = self._wait(request, peer, assembly, _PATIENCE * limits.SEGMENT_TIMEOUT)
            if transaction is not None:
                self._acknowledge(transaction, assembly)
                if not request.more:
                    self._complete(transaction, assembly)

    def _continue(self, transaction: _Transaction, request: ConfirmedRequest) -> None:
        assembly = transaction.phase
        if not isinstance(assembly, Assembly):
            return  # the request once more: its answer is under way
        if not request.segmented:
            self._give_up(transaction, AbortReason.INVALID_APDU_IN_THIS_STATE)
            return
        taken = assembly.take(request.sequence, request.more, request.body)
        if taken is Taken.TOO_LONG:
            self._give_up(transaction, AbortReason.BUFFER_OVERFLOW)
            return
        if taken in (Taken.KEPT, Taken.GROUP):
            self._restart(transaction, _PATIENCE * limits.SEGMENT_TIMEOUT)
        if taken in (Taken.GROUP, Taken.WHOLE, Taken.MISSING):
            self._acknowledge(transaction, assembly, negative=taken is Taken.MISSING)
        if taken is Taken.WHOLE:
            self._complete(transaction, assembly)

    def _acknowledge(
        self, transaction: _Transaction, assembly: Assembly, negative: bool = False
    ) -> None:
        ack = apdu.segment_ack(
            transaction.request.invoke_id, assembly.last, assembly.window, negative
        )
        self._carrier.send(ack, transaction.peer)

    def _complete(self, transaction: _Transaction, assembly: Assembly) -> None:
        self._end(transaction)
        self._execute(transaction.request._replace(body=assembly.body), transaction.peer)

    # A request that is whole (135, 5.4.5.3)

    def _execute(self, request: ConfirmedRequest, peer: Peer) -> None:
        """Ask the service; one that takes codes, only if it is certain that it can be answered."""
        if request.service in _ATTEMPTS and not self._shares.attempts.free(peer):
            self._abort(request.invoke_id, peer, AbortReason.OUT_OF_RESOURCES)
            return
        self._answer(request, peer, self._execution.serve(request.service, request.body, peer))

    def _answer(self, request: ConfirmedRequest, peer: Peer, outcome: Outcome) -> None:
        invoke_id, service = request.invoke_id, request.service
        match outcome:
            case Ack(body):
                self._respond(request, peer, body)
            case SimpleAck():
                self._carrier.send(apdu.simple_ack(invoke_id, service), peer)
            case ErrorAnswer(body):
                self._carrier.send(apdu.error(invoke_id, service, body), peer)
            case Rejected():
                self._carrier.send(apdu.reject(invoke_id, outcome.reason), peer)
            case Aborted():
                self._abort(invoke_id, peer, outcome.reason)
            case Pending():
                self._work(request, peer, outcome)
            case Fitted():
                self._answer(request, peer, self._fit(request, outcome))

    def _fit(self, request: ConfirmedRequest, fitted: Fitted) -> Outcome:
        space = room(request, fitted.in_parts)
        outcome = self._execution.run(request.service, lambda: fitted.make(space))
        if isinstance(outcome, Aborted) and outcome.reason is AbortReason.BUFFER_OVERFLOW:
            return Aborted(too_small(request))
        return outcome

    def _work(self, request: ConfirmedRequest, peer: Peer, pending: Pending) -> None:
        transaction = self._begun(request, peer, None, limits.APDU_TIMEOUT)
        counts = request.service in _ATTEMPTS
        works = self._shares.attempts if counts else self._shares.works
        if not works.start(peer, pending.work, partial(self._worked, transaction, pending)):
            self._give_up(transaction, AbortReason.OUT_OF_RESOURCES)

    def _worked(self, transaction: _Transaction, pending: Pending, done: "Future[Any]") -> None:
        request, peer = transaction.request, transaction.peer
        error = done.exception()
        if error is not None:
            self._failures.tell("work", request.service, error)
        if self._closed:
            return
        outcome: Outcome = Aborted(AbortReason.OTHER)
        if error is None:
            # What has begun is brought to its end and audited, even if nobody waits for it.
            finish = partial(pending.finish, done.result())
            outcome = self._execution.run(request.service, finish)
        if self._open.get((peer, request.invoke_id)) is transaction:
            self._end(transaction)
            self._answer(request, peer, outcome)

    # An answer in segments (135, 5.4.5.3 and 5.4.5.4)

    def _respond(self, request: ConfirmedRequest, peer: Peer, body: bytes) -> None:
        if len(body) > room(request):
            self._abort(request.invoke_id, peer, too_small(request))
            return
        if apdu.ACK_HEADER + len(body) <= request.largest:
            answer = apdu.complex_ack(request.invoke_id, request.service, body)
            self._carrier.send(answer, peer)
            return
        pieces = Pieces(body, request.largest - apdu.SEGMENT_HEADER)
        if self._shares.answered + pieces.octets > limits.MOST_ANSWERED:
            self._abort(request.invoke_id, peer, AbortReason.OUT_OF_RESOURCES)
        elif transaction := self._wait(request, peer, pieces, limits.SEGMENT_TIMEOUT):
            self._shares.answered += pieces.octets
            self._send_window(transaction, pieces)

    def _advance(self, transaction: _Transaction, pieces: Pieces) -> None:
        if pieces.done:
            self._end(transaction)
            return
        transaction.tries = 0
        self._restart(transaction, limits.SEGMENT_TIMEOUT)
        self._send_window(transaction, pieces)

    def _send_window(self, transaction: _Transaction, pieces: Pieces) -> None:
        request = transaction.request
        for sequence, more, piece in pieces.in_window():
            segment = apdu.complex_ack_segment(
                request.invoke_id, request.service, sequence, limits.WINDOW, more, piece
            )
            self._carrier.send(segment, transaction.peer, reply_expected=True)

    # What waits, and how it ends

    def _wait(
        self, request: ConfirmedRequest, peer: Peer, phase: Assembly | Pieces, timeout: int
    ) -> _Transaction | None:
        """Open a transaction; if too many wait for segments, abort this one and return None."""
        if not self._shares.clients.enter(peer):
            self._abort(request.invoke_id, peer, AbortReason.OUT_OF_RESOURCES)
            return None
        return self._begun(request, peer, phase, timeout)

    def _begun(
        self, request: ConfirmedRequest, peer: Peer, phase: Assembly | Pieces | None, timeout: int
    ) -> _Transaction:
        key = peer, request.invoke_id
        timer = asyncio.get_running_loop().call_later(timeout / 1000, self._expire, key)
        transaction = self._open[key] = _Transaction(request, peer, phase, timer)
        return transaction

    def _restart(self, transaction: _Transaction, timeout: int) -> None:
        transaction.timer.cancel()
        key = transaction.peer, transaction.request.invoke_id
        loop = asyncio.get_running_loop()
        transaction.timer = loop.call_later(timeout / 1000, self._expire, key)

    def _expire(self, key: tuple[Peer, int]) -> None:
        transaction = self._open[key]
        phase, tried = transaction.phase, transaction.tries >= limits.RETRIES
        if phase is None:
            self._give_up(transaction, AbortReason.APPLICATION_EXCEEDED_REPLY_TIME)
        elif isinstance(phase, Assembly) or tried or (transaction.tries and not phase.heard):
            self._end(transaction)
        else:
            transaction.tries += 1
            self._restart(transaction, limits.SEGMENT_TIMEOUT)
            self._send_window(transaction, phase)

    def _give_up(self, transaction: _Transaction, reason: AbortReason) -> None:
        self._end(transaction)
        self._abort(transaction.request.invoke_id, transaction.peer, reason)

    def _end(self, transaction: _Transaction) -> None:
        transaction.timer.cancel()
        del self._open[transaction.peer, transaction.request.invoke_id]
        if transaction.phase is not None:  # what is at work has its place among the works
            self._shares.clients.leave(transaction.peer)
        if isinstance(transaction.phase, Pieces):
            self._shares.answered -= transaction.phase.octets

    def _abort(self, invoke_id: int, peer: Peer, reason: AbortReason) -> None:
        self._carrier.send(apdu.abort(invoke_id, reason), peer)
