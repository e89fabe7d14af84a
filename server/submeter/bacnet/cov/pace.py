"""How much of the event loop notifications take, of all devices of a face together."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable

from submeter.bacnet.cov.subscription import Subscription

A_TURN = 1024  # about two milliseconds
A_LOOK = 1  # at a subscription, whether there is anything to tell
A_NOTIFICATION = 15  # beyond the look: 64 of them are a turn

Look = Callable[[Subscription], None]


class Pace:
    """Spreads looks at subscriptions over turns of the event loop: other faces wait for it, too.

    One that has to wait is looked at in its turn, once for all that happens until then.
    """

    def __init__(self) -> None:
        self._left = A_TURN
        self._waiting: OrderedDict[Subscription, Look] = OrderedDict()
        self._turn: asyncio.Handle | None = None

    def __len__(self) -> int:
        return len(self._waiting)

    def look(self, subscription: Subscription, look: Look) -> None:
        """Call `look` with `subscription`, now or as soon as it is its turn."""
        if self._left <= 0:
            self._waiting[subscription] = look
            return
        self.spend(A_LOOK)
        look(subscription)

    def spend(self, cost: int) -> None:
        """Take note of work that was done in this turn."""
        self._left -= cost
        if self._turn is None:
            self._turn = asyncio.get_running_loop().call_soon(self._next)

    def forget(self, subscription: Subscription) -> None:
        """Do not look at a subscription that is over."""
        self._waiting.pop(subscription, None)

    def _next(self) -> None:
        self._turn = None
        self._left = A_TURN
        while self._waiting and self._left > 0:
            subscription, look = self._waiting.popitem(last=False)
            self.look(subscription, look)
