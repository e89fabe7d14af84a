"""How many subscriptions each client has, and which one makes room when there is none."""

import logging
from collections.abc import Callable

from submeter.bacnet import fault
from submeter.bacnet.answer import RefusedError
from submeter.bacnet.cov.subscription import Subscription
from submeter.bacnet.peer import Peer
from submeter.bacnet.settings import CovSettings

LONG = 3600.0  # s that are left: as good as for ever
MOST_NAMED = 16  # clients that lost subscriptions, in the log until there is room again

Drop = Callable[[Subscription], None]

_log = logging.getLogger(__name__)


class Clients:
    """The subscriptions of each client at all devices of a face, within the bounds of `settings`.

    A client is an IP address: the station behind a router is whatever its sender says that it is.
    When all room is taken, one with less may still subscribe: a client that has more gives up its
    oldest unconfirmed subscription that has no end or a LONG time left, as nothing else ends it.
    """

    def __init__(self, settings: CovSettings) -> None:
        self._settings = settings
        self._all: dict[str, dict[Subscription, Drop]] = {}  # oldest first
        self._count = 0
        self._full: set[str] = set()  # what the log tells the want of
        self._named: set[str] = set()

    def __len__(self) -> int:
        return self._count

    def count(self, client: str) -> int:
        """Return how many `client` has."""
        return len(self._all.get(client, ()))

    def add(self, subscription: Subscription, drop: Drop) -> None:
        """Take in a subscription; `drop` ends it."""
        self._all.setdefault(_client(subscription), {})[subscription] = drop
        self._count += 1

    def renewed(self, subscription: Subscription) -> None:
        """Take note that a subscription begins anew: it is the newest of its client."""
        theirs = self._all[_client(subscription)]
        theirs[subscription] = theirs.pop(subscription)

    def remove(self, subscription: Subscription) -> None:
        """Forget a subscription."""
        client = _client(subscription)
        theirs = self._all[client]
        del theirs[subscription]
        self._count -= 1
        if not theirs:
            del self._all[client]
        if self._count <= min(self._settings.subscriptions, self._settings.of_one_client) // 2:
            self._full.clear()
            self._named.clear()

    def make_room(self, peer: Peer, now: float) -> None:
        """Return if there is room for one more of `peer`, or is now; raises RefusedError."""
        client = peer.place[0]
        if self.count(client) >= self._settings.of_one_client:
            self._tell_full("one_client", peer)
            raise RefusedError(fault.NO_SPACE)
        if self._count < self._settings.subscriptions:
            return
        least = self._dispensable(client, now)
        if least is None:
            self._tell_full("all", peer)
            raise RefusedError(fault.NO_SPACE)
        self._tell_evicted(least)
        self._all[_client(least)][least](least)

    def _dispensable(self, client: str, now: float) -> Subscription | None:
        """Return what goes for one more of `client`; nobody is to have less than it then."""
        least = self.count(client) + 1
        richer = [theirs for theirs in self._all.values() if len(theirs) > least]
        richer.sort(key=len, reverse=True)
        return next((each for theirs in richer for each in theirs if _endless(each, now)), None)

    def _tell_full(self, of: str, peer: Peer) -> None:
        if of not in self._full:
            self._full.add(of)
            _log.warning("event=cov_full of=%s count=%d first=%s", of, self._count, peer)

    def _tell_evicted(self, subscription: Subscription) -> None:
        """Name each client that loses something once: nothing tells it on the wire."""
        client = _client(subscription)
        if client in self._named or len(self._named) >= MOST_NAMED:
            return
        self._named.add(client)
        _log.warning(
            "event=cov_evicted client=%s count=%d process=%d object=%s",
            client,
            self.count(client),
            subscription.key.process,
            subscription.watch.entry.name,
        )


def _client(subscription: Subscription) -> str:
    return subscription.key.peer.place[0]


def _endless(subscription: Subscription, now: float) -> bool:
    """Tell whether nothing will end it: neither time nor a missing acknowledgement."""
    end = subscription.end
    return not subscription.confirmed and (end is None or end > now + LONG)
