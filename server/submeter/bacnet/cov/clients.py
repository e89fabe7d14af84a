"""How many subscriptions each client has, and which one makes room when there is none."""

from submeter.bacnet.cov.subscription import Subscription

LONG = 86_400.0  # s that are left: as good as for ever


class Clients:
    """The subscriptions of each client.

    A client is an IP address: the station behind a router is whatever its sender says that it is.
    """

    def __init__(self) -> None:
        self._all: dict[str, dict[Subscription, None]] = {}  # oldest first

    def __len__(self) -> int:
        return len(self._all)

    def count(self, client: str) -> int:
        """Return how many `client` has."""
        return len(self._all.get(client, ()))

    def add(self, subscription: Subscription) -> None:
        """Take in a subscription."""
        self._all.setdefault(_client(subscription), {})[subscription] = None

    def renewed(self, subscription: Subscription) -> None:
        """Take note that a subscription begins anew: it is the newest of its client."""
        self.remove(subscription)
        self.add(subscription)

    def remove(self, subscription: Subscription) -> None:
        """Forget a subscription."""
        client = _client(subscription)
        theirs = self._all[client]
        del theirs[subscription]
        if not theirs:
            del self._all[client]

    def dispensable(self, client: str, now: float) -> Subscription | None:
        """Return what goes if `client` wants one more and there is no room.

        That is the oldest unconfirmed subscription of the one that has the most, of those that have
        no end or a LONG time left, unless `client` would have as many then.
        """
        most = max(self._all.values(), key=len, default={})
        if len(most) <= self.count(client) + 1:
            return None
        return next((each for each in most if _endless(each, now)), None)


def _client(subscription: Subscription) -> str:
    return subscription.key.peer.place[0]


def _endless(subscription: Subscription, now: float) -> bool:
    """Tell whether nothing will end it: neither time nor a missing acknowledgement."""
    end = subscription.end
    return not subscription.confirmed and (end is None or end > now + LONG)
