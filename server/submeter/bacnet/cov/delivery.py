"""How notifications of changes come to their subscribers, and who of them is given up."""

import asyncio
import logging
from collections.abc import Callable
from functools import partial

from submeter.bacnet.application.application import Application
from submeter.bacnet.cov.pace import A_NOTIFICATION, Pace
from submeter.bacnet.cov.subscription import Subscription
from submeter.bacnet.cov.watch import Sample
from submeter.bacnet.peer import Peer

CONFIRMED_NOTIFICATION = 1
UNCONFIRMED_NOTIFICATION = 2
MOST_UNDER_WAY = 8  # confirmed ones to one client: it is to answer others of ours, too
FAILURES = 3  # in a row, after which a subscriber has vanished
REST = 10.0  # s after a notification that came to nothing
RETRY = 1.0  # s after which it is tried again to send what could not be sent

_log = logging.getLogger(__name__)


class _Lane:
    """The way to one client: how many notifications it has to acknowledge, and what waits."""

    __slots__ = ("under_way", "waiting")

    def __init__(self) -> None:
        self.under_way = 0
        self.waiting: dict[Subscription, None] = {}


class Delivery:
    """Sends what subscribers do not know yet.

    While one confirmed notification of a subscription is under way no other is: what changes
    meanwhile is told when it is over, as it is then. `pace` says when it is whose turn. `vanish` is
    called with a subscription whose subscriber is gone.
    """

    def __init__(
        self, application: Application, pace: Pace, vanish: Callable[[Subscription], None]
    ) -> None:
        self._application = application
        self._pace = pace
        self._vanish = vanish
        self._lanes: dict[Peer, _Lane] = {}
        self._held: dict[Subscription, None] = {}
        self._timer: asyncio.TimerHandle | None = None

    @property
    def idle(self) -> bool:
        """Whether nothing is under way, waits or is to be tried again."""
        return not self._lanes and not self._held and self._timer is None

    def consider(self, subscription: Subscription) -> None:
        """Send a notification if the subscriber does not know already, as soon as that can be."""
        self._pace.look(subscription, self._look)

    def forget(self, subscription: Subscription) -> None:
        """Keep nothing of a subscription that is over, but for what is under way."""
        self._held.pop(subscription, None)
        self._pace.forget(subscription)
        if lane := self._lanes.get(subscription.key.peer):
            lane.waiting.pop(subscription, None)

    def close(self) -> None:
        """Stop the timer."""
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def _look(self, subscription: Subscription) -> None:
        if subscription.under_way or not subscription.alive:
            return
        sample = subscription.watch.sample()
        told = subscription.told
        if told is not None and not subscription.watch.differs(told, sample):
            return
        now = asyncio.get_running_loop().time()
        if subscription.end is not None and subscription.end <= now:
            return
        if subscription.rested > now or not self._application.may_initiate():
            self._hold(subscription)
            return
        body = subscription.notification(sample, now)
        if body is None:
            return
        self._pace.spend(A_NOTIFICATION)
        if subscription.confirmed:
            self._ask(subscription, sample, body)
            return
        subscription.told = sample
        self._application.send_unconfirmed(UNCONFIRMED_NOTIFICATION, body, subscription.key.peer)

    def _ask(self, subscription: Subscription, sample: Sample, body: bytes) -> None:
        peer = subscription.key.peer
        lane = self._lanes.setdefault(peer, _Lane())
        if lane.under_way >= MOST_UNDER_WAY:
            lane.waiting[subscription] = None
            return
        told, subscription.told = subscription.told, sample
        subscription.under_way = True
        lane.under_way += 1
        done = partial(self._done, subscription)
        if not self._application.outgoing.request(CONFIRMED_NOTIFICATION, body, peer, done):
            subscription.told = told
            self._land(subscription, lane)
            self._tidy(peer, lane)
            self._hold(subscription)

    def _done(self, subscription: Subscription, good: bool) -> None:
        lane = self._lanes[subscription.key.peer]
        if good:
            subscription.failures = 0
        else:
            self._fail(subscription)
        if subscription.alive and good:
            # Behind those that wait, or what changes all the time would leave nothing for others.
            lane.waiting[subscription] = None
        self._land(subscription, lane)
        while lane.waiting and lane.under_way < MOST_UNDER_WAY:
            first = next(iter(lane.waiting))
            del lane.waiting[first]
            self._look(first)
        self._tidy(subscription.key.peer, lane)

    def _land(self, subscription: Subscription, lane: _Lane) -> None:
        subscription.under_way = False
        lane.under_way -= 1

    def _tidy(self, peer: Peer, lane: _Lane) -> None:
        if not lane.under_way and not lane.waiting:
            self._lanes.pop(peer, None)

    def _fail(self, subscription: Subscription) -> None:
        subscription.told = None
        if not subscription.alive:
            return
        if not self._application.may_initiate():
            # It was cut short on this side.
            self._hold(subscription)
            return
        subscription.failures += 1
        if subscription.failures >= FAILURES:
            _log.info(
                "event=cov_subscriber_vanished peer=%s process=%d object=%s",
                subscription.key.peer,
                subscription.key.process,
                subscription.watch.entry.name,
            )
            self._vanish(subscription)
            return
        subscription.rested = asyncio.get_running_loop().time() + REST
        self._hold(subscription)

    def _hold(self, subscription: Subscription) -> None:
        """Try again in a while, by itself: nothing tells when initiating is allowed again."""
        self._held[subscription] = None
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(RETRY, self._retry)

    def _retry(self) -> None:
        self._timer = None
        held, self._held = self._held, {}
        for subscription in held:
            self.consider(subscription)
