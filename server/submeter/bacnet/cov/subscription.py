"""One subscription to changes of value, and how it is written on the wire."""

import math
import struct
from typing import NamedTuple

from submeter.bacnet import encoding
from submeter.bacnet.cov.request import Reference
from submeter.bacnet.cov.watch import Sample, Watch
from submeter.bacnet.objects.served import STATUS_FLAGS
from submeter.bacnet.peer import Peer, octets

_FLAGS_HEAD = b"\x09\x6f\x2e"
_REAL_HEAD = b"\x44"


class Key(NamedTuple):
    """What makes two subscriptions the same one; `reference` is None for SubscribeCOV."""

    peer: Peer
    process: int
    identifier: int
    reference: Reference | None


class Subscription:
    """A subscription by `key` to what `watch` watches, from `device`.

    `end` is the moment of the event loop's clock at which it expires, None for never. `told` is
    what its subscriber knows, None for nothing. Of confirmed notifications one is `under_way` at a
    time; `failures` of them in a row came to nothing, and it rests until `rested`. It is `alive`
    until it is cancelled or expires.
    """

    __slots__ = (
        "_ends",
        "_head",
        "_value_head",
        "alive",
        "confirmed",
        "end",
        "failures",
        "key",
        "rested",
        "told",
        "under_way",
        "watch",
    )

    def __init__(
        self, device: int, key: Key, watch: Watch, confirmed: bool, end: float | None
    ) -> None:
        self.key = key
        self.alive = True
        self.under_way = False
        self._head = (
            encoding.context_unsigned(0, key.process)
            + encoding.context(1, device.to_bytes(4, "big"))
            + encoding.context(2, watch.entry.identifier.to_bytes(4, "big"))
        )
        self._value_head = _reference(0, watch.number, watch.index) + b"\x2e"
        self.renew(watch, confirmed, end)

    def renew(self, watch: Watch, confirmed: bool, end: float | None) -> None:
        """Go on as if it were new."""
        self.watch = watch
        self.confirmed = confirmed
        self.end = end
        self._ends: tuple[int, bytes, bytes] | None = None  # of `listed`: it may be read often
        self.told: Sample | None = None
        self.failures = 0
        self.rested = 0.0

    def remaining(self, now: float) -> int:
        """Return the whole seconds that are left: never 0, which stands for ever, before the end.

        So 0 is what a subscription without an end returns.
        """
        return 0 if self.end is None else max(1, math.ceil(self.end - now))

    def notification(self, sample: Sample, now: float) -> bytes | None:
        """Return the parameters of a notification (135, 13.6), None if nothing is known to tell.

        A value that is not known has no image; the status flags, which then say fault, go alone.
        """
        values = b""
        if sample.value is not None:
            values = self._value_head + sample.value + b"\x2f"
        if sample.flags is not None and self.watch.number != STATUS_FLAGS:
            values += _FLAGS_HEAD + sample.flags + b"\x2f"
        if not values:
            return None
        left = encoding.context_unsigned(3, self.remaining(now))
        return b"".join((self._head, left, b"\x4e", values, b"\x4f"))

    def listed(self, now: float, ip_network: int) -> bytes:
        """Return the BACnetCOVSubscription of Active_COV_Subscriptions (135, clause 21).

        `ip_network` is the number of the IP network as this device sees it, see `Subscriptions`.
        """
        if self._ends is None or self._ends[0] != ip_network:
            self._ends = (ip_network, *self._listed_ends(ip_network))
        _, head, tail = self._ends
        return head + encoding.context_unsigned(3, self.remaining(now)) + tail

    def _listed_ends(self, ip_network: int) -> tuple[bytes, bytes]:
        """Return what stands in `listed` before and after the time that is left."""
        peer = self.key.peer
        number, mac = (peer.network, peer.mac) if peer.network else (ip_network, octets(peer.place))
        address = encoding.unsigned(number) + encoding.octets(mac)
        recipient = encoding.enclosed(0, encoding.enclosed(1, address))
        process = encoding.context_unsigned(1, self.key.process)
        identifier = encoding.context(0, self.watch.entry.identifier.to_bytes(4, "big"))
        reference = _reference(1, self.watch.number, self.watch.index)
        head = (
            encoding.enclosed(0, recipient + process)
            + encoding.enclosed(1, identifier + reference)
            + encoding.context_unsigned(2, self.confirmed)
        )
        image = self.watch.sample().value
        real = image is not None and image[:1] == _REAL_HEAD
        return head, encoding.context(4, struct.pack(">f", self.watch.increment)) if real else b""


def _reference(tag: int, number: int, index: int | None) -> bytes:
    """Return a property under `tag`, and its array index under the next."""
    octets = encoding.context_unsigned(tag, number)
    return octets if index is None else octets + encoding.context_unsigned(tag + 1, index)
