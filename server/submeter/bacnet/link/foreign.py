"""A foreign device: it has its broadcasts from a BBMD of another subnet (ASHRAE 135, J.5)."""

import asyncio
import logging
from collections.abc import Callable

from submeter.bacnet.link import bvll
from submeter.bacnet.link.bvll import REFUSALS, Function
from submeter.bacnet.link.sockets import Sockets
from submeter.bacnet.settings import ForeignSettings, place

_log = logging.getLogger(__name__)

_SOONEST = 15.0
_LATEST = 60.0


class Foreign:
    """Registers with a BBMD, and again before the registration ends.

    `registered` tells whether the BBMD has us in its table, as far as we know; `bbmd` is its place.
    `heard` is called each time that it becomes so. Of what is said to come from there only answers
    count: nothing in a result shows who sent it.
    """

    def __init__(
        self, settings: ForeignSettings, sockets: Sockets, heard: Callable[[], None]
    ) -> None:
        self.bbmd = place(settings.bbmd)
        self.registered = False
        self._ttl = settings.ttl
        self._heard = heard
        self._sockets = sockets
        self._until = 0.0
        self._pause = _SOONEST
        self._asked = False  # the answer to a registration is awaited
        self._asked_at = float("-inf")
        self._told_of_failure = False
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Register now; nothing else may be under way."""
        self._pause = _SOONEST
        self._ask()

    def stop(self) -> None:
        """Register no more; the BBMD forgets us after a while."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
        self.registered = False
        self._told_of_failure = False

    def distribute(self, npdu: bytes) -> None:
        """Have the BBMD broadcast `npdu`."""
        self._sockets.send(bvll.encode(Function.DISTRIBUTE_BROADCAST, npdu), self.bbmd)

    def take(self, code: int) -> None:
        """Take a result of the BBMD."""
        if self._timer is None:
            return
        if code == bvll.SUCCESS and self._asked:
            self._accepted()
        elif code == REFUSALS[Function.REGISTER_FOREIGN_DEVICE] and self._asked:
            self._asked = False
            self._failed("refused")
        elif code == REFUSALS[Function.DISTRIBUTE_BROADCAST] and self.registered:
            # It has forgotten us: it was started anew. Anybody can say so, but not all the time.
            self._failed("forgotten")
            self._pause = _SOONEST
            self._later(max(0.0, self._asked_at + _SOONEST - asyncio.get_running_loop().time()))

    def _ask(self) -> None:
        self._asked, self._asked_at = True, asyncio.get_running_loop().time()
        self._sockets.send(bvll.register(self._ttl), self.bbmd)
        self._later(self._pause)
        self._pause = min(self._pause * 2, _LATEST)

    def _again(self) -> None:
        if asyncio.get_running_loop().time() >= self._until:
            self._failed("no answer")
        self._ask()

    def _later(self, seconds: float) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds, self._again)

    def _accepted(self) -> None:
        known, self.registered, self._asked = self.registered, True, False
        self._told_of_failure = False
        self._until = asyncio.get_running_loop().time() + self._ttl
        self._pause = _SOONEST
        self._later(max(self._ttl / 2, _SOONEST))
        if not known:
            _log.info("event=bacnet_foreign_registered bbmd=%s:%d", *self.bbmd)
            self._heard()

    def _failed(self, reason: str) -> None:
        if self.registered or not self._told_of_failure:
            message = 'event=bacnet_foreign_unregistered bbmd=%s:%d reason="%s"'
            _log.warning(message, *self.bbmd, reason)
        self.registered = False
        self._until = 0.0
        self._told_of_failure = True
