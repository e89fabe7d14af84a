"""Who-Is and Who-Has: how clients find the device and its objects (ASHRAE 135, 16.9, 16.10)."""

import asyncio

from submeter.bacnet import encoding
from submeter.bacnet.answer import Reason, Rejected, Unconfirmed
from submeter.bacnet.application.application import Application
from submeter.bacnet.application.limits import LARGEST_APDU
from submeter.bacnet.discovery.budget import Bucket, Budget
from submeter.bacnet.objects.served import ServedObject
from submeter.bacnet.parameters import Parameters
from submeter.bacnet.peer import Peer
from submeter.pointmap.meter_map import LAST_INSTANCE

I_AM, I_HAVE, WHO_HAS, WHO_IS = 0, 1, 7, 8
SAME = 0.1  # s within which the same question has been answered already

_HIGHEST = LAST_INSTANCE + 1
_SEGMENTED_BOTH = 0


class Discovery:
    """Answers the one who asks, and nobody else; a flood is answered within a budget.

    `budget` is that of the wire, which its devices share; without one it is this device's own. What
    goes beyond is not answered, and the log tells once.
    """

    def __init__(
        self, application: Application, vendor_id: int, budget: Budget | None = None
    ) -> None:
        self._application = application
        self._table = application.table
        self._device = self._table.device
        self._i_am = encoding.joined(
            (
                encoding.identifier(self._device.type, self._device.instance),
                encoding.unsigned(LARGEST_APDU),
                encoding.enumerated(_SEGMENTED_BOTH),
                encoding.unsigned(vendor_id),
            )
        )
        self._budget = budget or Budget(f"device-{self._device.instance}")
        self._last: tuple[Peer, int, bytes] | None = None
        self._last_at = float("-inf")
        self.unconfirmed: dict[int, Unconfirmed] = {WHO_HAS: self._who_has, WHO_IS: self._who_is}

    def announce(self) -> None:
        """Tell all networks that the device is there."""
        self._application.broadcast_unconfirmed(I_AM, self._i_am)

    def close(self) -> None:
        """Stop the clocks of the budget."""
        self._budget.close()

    def _who_is(self, body: bytes, peer: Peer, broadcast: bool) -> None:
        if body:
            tags = Parameters(body)
            low, high = tags.unsigned(0), tags.unsigned(1)
            tags.end()
            if not self._meant(low, high):
                return
        if self._grants(self._budget.who_is, (peer, WHO_IS, body)):
            self._application.send_unconfirmed(I_AM, self._i_am, peer, answer=True)

    def _who_has(self, body: bytes, peer: Peer, broadcast: bool) -> None:
        tags = Parameters(body)
        low = tags.optional_unsigned(0)
        meant = low is None or self._meant(low, tags.unsigned(1))
        name = tags.text(3)
        found = self._table.find(tags.object_identifier(2)) if name is None else None
        tags.end()
        if name is not None:
            found = self._table.named(name)
        if meant and found and self._grants(self._budget.who_has, (peer, WHO_HAS, body)):
            self._application.send_unconfirmed(I_HAVE, self._i_have(found), peer, answer=True)

    def _meant(self, low: int, high: int) -> bool:
        """Tell whether the device is in the range; raises Rejected for what is no range."""
        if high > _HIGHEST:
            raise Rejected(Reason.OUT_OF_RANGE)
        return low <= self._device.instance <= high

    def _i_have(self, found: ServedObject) -> bytes:
        return encoding.joined(
            (
                encoding.identifier(self._device.type, self._device.instance),
                encoding.identifier(found.type, found.instance),
                encoding.text(found.name),
            )
        )

    def _grants(self, bucket: Bucket, question: tuple[Peer, int, bytes]) -> bool:
        """Tell whether to answer `question`.

        The one that was answered last is not answered again within SAME seconds: clients and their
        routers repeat themselves, and one who does nothing else leaves answers for the others.
        """
        peer, service, body = question
        # The same broadcast may come on the wire and from a BBMD.
        question = peer._replace(via=None), service, body
        now = asyncio.get_running_loop().time()
        if question == self._last and now - self._last_at < SAME:
            return False
        granted = bucket.grant()
        if granted:
            self._last, self._last_at = question, now
        return granted
