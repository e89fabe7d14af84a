"""Confirmed requests that we make: the client side of ASHRAE 135, 5.4.4."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from submeter.bacnet.answer import AbortReason
from submeter.bacnet.application import apdu, limits
from submeter.bacnet.application.crowd import Crowd
from submeter.bacnet.application.failures import Failures
from submeter.bacnet.carrier import Carrier
from submeter.bacnet.peer import Peer

_INVOKE_IDS = 256


@dataclass(slots=True, eq=False)
class _Request:
    apdu: bytes
    service: int
    priority: int
    done: Callable[[bool], None]
    timer: asyncio.TimerHandle
    tries: int = 0


class Outgoing:
    """Sends requests, repeats them while no answer comes, and tells whether they were heard.

    They are short, and their answers as well: neither has segments. While `may_initiate` is false
    none begins and none is repeated.
    """

    def __init__(
        self,
        carrier: Carrier,
        may_initiate: Callable[[], bool],
        failures: Failures,
        stations: Crowd,
    ) -> None:
        self._carrier = carrier
        self._may_initiate = may_initiate
        self._failures = failures
        self._open: dict[tuple[Peer, int], _Request] = {}
        self._crowd = stations
        self._last = -1
        self._closed = False

    def __len__(self) -> int:
        return len(self._open)

    def request(
        self, service: int, body: bytes, to: Peer, done: Callable[[bool], None], priority: int = 0
    ) -> bool:
        """Send a request with the parameters `body`; False if that is not possible now.

        `done` is called once: True after a SimpleACK or ComplexACK; False after an Error, a Reject,
        an Abort, or no answer in (RETRIES + 1) x APDU_TIMEOUT. After `close` it is not called.
        Raises ValueError for a request that is longer than LARGEST_APDU.
        """
        if apdu.REQUEST_HEADER + len(body) > limits.LARGEST_APDU:
            raise ValueError(f"{len(body)} octets of parameters are too many for one APDU")
        if self._closed or not self._may_initiate() or not self._crowd.enter(to):
            return False
        key = to, self._free_invoke_id(to)
        request = apdu.request(key[1], service, body)
        self._open[key] = _Request(request, service, priority, done, self._timer(key))
        self._carrier.send(request, to, reply_expected=True, priority=priority)
        return True

    def replied(self, reply: apdu.Reply, peer: Peer, heard: bool) -> None:
        """Take a SimpleACK, a ComplexACK (`heard`) or an Error (not so)."""
        key = peer, reply.invoke_id
        request = self._open.get(key)
        if reply.segmented:
            self._refuse_segments(key, known=request is not None)
        elif request is not None and request.service == reply.service:
            self._end(key, heard)

    def ended(self, invoke_id: int, peer: Peer) -> None:
        """Take a Reject or an Abort."""
        self._end((peer, invoke_id), heard=False)

    def close(self) -> None:
        """Forget the requests that are under way."""
        self._closed = True
        for (peer, _), request in self._open.items():
            request.timer.cancel()
            self._crowd.leave(peer)
        self._open.clear()

    def _refuse_segments(self, key: tuple[Peer, int], known: bool) -> None:
        peer, invoke_id = key
        reason = (
            AbortReason.SEGMENTATION_NOT_SUPPORTED
            if known
            else AbortReason.INVALID_APDU_IN_THIS_STATE
        )
        self._carrier.send(apdu.abort(invoke_id, reason, server=False), peer)
        self._end(key, heard=False)

    def _free_invoke_id(self, peer: Peer) -> int:
        """Return the next number that no request to `peer` has; there are more than requests."""
        self._last = (self._last + 1) % _INVOKE_IDS
        while (peer, self._last) in self._open:
            self._last = (self._last + 1) % _INVOKE_IDS
        return self._last

    def _timer(self, key: tuple[Peer, int]) -> asyncio.TimerHandle:
        loop = asyncio.get_running_loop()
        return loop.call_later(limits.APDU_TIMEOUT / 1000, self._expire, key)

    def _expire(self, key: tuple[Peer, int]) -> None:
        request = self._open[key]
        if request.tries >= limits.RETRIES or not self._may_initiate():
            self._end(key, heard=False)
            return
        request.tries += 1
        request.timer = self._timer(key)
        self._carrier.send(request.apdu, key[0], reply_expected=True, priority=request.priority)

    def _end(self, key: tuple[Peer, int], heard: bool) -> None:
        request = self._open.pop(key, None)
        if request is None:
            return
        request.timer.cancel()
        self._crowd.leave(key[0])
        try:
            request.done(heard)
        except Exception as error:
            # The packet or the timer that brought us here has nothing to do with it.
            self._failures.tell("reply", request.service, error)
