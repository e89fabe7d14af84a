"""Subscriptions to changes of value (ASHRAE 135, 13.1, 13.14 and 13.15)."""

import asyncio
from collections.abc import Callable

from submeter.bacnet import fault
from submeter.bacnet.answer import DONE, Answer, Confirmed, RefusedError
from submeter.bacnet.application.application import Application
from submeter.bacnet.cov import request as cov_request
from submeter.bacnet.cov import watch as cov_watch
from submeter.bacnet.cov.delivery import Delivery
from submeter.bacnet.cov.request import CovRequest
from submeter.bacnet.cov.share import CovShare
from submeter.bacnet.cov.subscription import Key, Subscription
from submeter.bacnet.cov.watch import Watch
from submeter.bacnet.objects.image import kept
from submeter.bacnet.objects.served import ServedObject
from submeter.bacnet.peer import Peer

SUBSCRIBE_COV, SUBSCRIBE_COV_PROPERTY = 5, 28
ACTIVE_SUBSCRIPTIONS = 152
SWEEP = 0.1  # s from one look at what has expired to the next, at the least


class Subscriptions:
    """Who is told of changes of the objects of `application`.

    The Device object says who in Active_COV_Subscriptions. An object has a listener of ours as long
    as it has a subscription, behind those that it had before. `ip_network` returns the number of
    the IP network as it is seen from another network, 0 from that network itself or if unknown.
    `share` is what it has together with the other devices of the face.
    """

    def __init__(
        self,
        application: Application,
        share: CovShare,
        ip_network: Callable[[], int] = lambda: 0,
    ) -> None:
        self._table = application.table
        self._ip_network = ip_network
        self._device = self._table.device.identifier
        self._all: dict[Key, Subscription] = {}
        self._of: dict[int, dict[Subscription, None]] = {}
        self._clients = share.clients
        self._delivery = Delivery(application, share.pace, self._drop)
        self._sweep_at = float("inf")
        self._timer: asyncio.TimerHandle | None = None
        self.confirmed: dict[int, Confirmed] = {
            SUBSCRIBE_COV: self._subscribe,
            SUBSCRIBE_COV_PROPERTY: self._subscribe_property,
        }
        self._list()

    def __len__(self) -> int:
        return len(self._all)

    @property
    def idle(self) -> bool:
        """Whether there is no subscription and no trace of any."""
        left = self._all or self._of or self._timer
        return not left and self._delivery.idle

    def close(self) -> None:
        """End all subscriptions; nothing is sent any more."""
        for subscription in list(self._all.values()):
            self._drop(subscription)
        self._delivery.close()

    def _subscribe(self, body: bytes, peer: Peer) -> Answer:
        return self._obey(cov_request.of_object(body), peer)

    def _subscribe_property(self, body: bytes, peer: Peer) -> Answer:
        return self._obey(cov_request.of_property(body), peer)

    def _obey(self, request: CovRequest, peer: Peer) -> Answer:
        entry = self._table.find(request.identifier)
        identifier = entry.identifier if entry else request.identifier
        key = Key(peer, request.process, identifier, request.reference)
        known = self._all.get(key)
        if request.confirmed is None:
            # 135, 13.14.2: cancelling what is not there succeeds.
            if known:
                self._drop(known)
            return DONE
        if entry is None:
            raise RefusedError(fault.UNKNOWN_OBJECT)
        watch = _watch(entry, request)
        loop = asyncio.get_running_loop()
        end = loop.time() + request.lifetime if request.lifetime else None
        if known:
            known.renew(watch, request.confirmed, end)
            self._clients.renewed(known)
            self._list()
        else:
            self._clients.make_room(peer, loop.time())
            known = Subscription(self._device, key, watch, request.confirmed, end)
            self._add(known)
        self._wake(end)
        # The acknowledgement goes first.
        loop.call_soon(self._delivery.consider, known)
        return DONE

    def _add(self, subscription: Subscription) -> None:
        entry = subscription.watch.entry
        self._all[subscription.key] = subscription
        self._clients.add(subscription, self._drop)
        of_object = self._of.setdefault(entry.identifier, {})
        if not of_object:
            entry.listeners += (self._changed,)
        of_object[subscription] = None
        self._list()

    def _drop(self, subscription: Subscription) -> None:
        subscription.alive = False
        self._delivery.forget(subscription)
        del self._all[subscription.key]
        self._clients.remove(subscription)
        self._list()
        entry = subscription.watch.entry
        of_object = self._of[entry.identifier]
        del of_object[subscription]
        if not of_object:
            del self._of[entry.identifier]
            entry.listeners = tuple(each for each in entry.listeners if each != self._changed)
        if not self._all:
            self._sleep()

    def _changed(self, entry: ServedObject) -> None:
        for subscription in tuple(self._of.get(entry.identifier, ())):
            self._delivery.consider(subscription)

    def _wake(self, end: float | None) -> None:
        """See to it that what expires at `end` is dropped then."""
        if end is not None and end < self._sweep_at:
            self._sleep()
            self._sweep_at = end
            self._timer = asyncio.get_running_loop().call_at(end, self._sweep)

    def _sleep(self) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer = None
        self._sweep_at = float("inf")

    def _sweep(self) -> None:
        self._sleep()
        now = asyncio.get_running_loop().time()
        ends = [(each.end, each) for each in self._all.values() if each.end is not None]
        for end, subscription in ends:
            if end <= now:
                self._drop(subscription)
        coming = min((end for end, each in ends if each.alive), default=None)
        self._wake(None if coming is None else max(coming, now + SWEEP))

    def _list(self) -> None:
        """Let the Device object list what there is from now on."""
        self._table.device.live[ACTIVE_SUBSCRIPTIONS] = kept(self._listed)

    def _listed(self) -> bytes:
        now = asyncio.get_running_loop().time()
        number = self._ip_network()
        return b"".join(each.listed(now, number) for each in self._all.values())


def _watch(entry: ServedObject, request: CovRequest) -> Watch:
    if request.reference is None:
        return cov_watch.of_object(entry)
    return cov_watch.of_property(entry, *request.reference, request.increment)
