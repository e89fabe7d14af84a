"""Where the recipients are that are known by their device numbers only (ASHRAE 135, 16.10)."""

import asyncio
from collections.abc import Callable, Collection, Iterable

from submeter.bacnet import encoding
from submeter.bacnet.alarms.recipient import Recipient
from submeter.bacnet.alarms.sender import Sender
from submeter.bacnet.objects.notification_class import address_of
from submeter.bacnet.objects.served import kind_and_instance
from submeter.bacnet.objects.table import DEVICE
from submeter.bacnet.peer import Peer
from submeter.errors import FrameError

WHO_IS = 8
PAUSE, LONGEST_PAUSE = 60.0, 960.0  # s between two searches
SOON = 10.0  # s after a search that an answer may come from beyond the subnet
_IDENTIFIER_TAG = 0xC4


class Search:
    """Looks for the devices of `recipients`, now and then, as long as one is not found.

    `ip_network` gives the number of the IP network as this device sees it: 0 if it is its own.
    """

    def __init__(
        self,
        sender: Sender,
        recipients: Iterable[Recipient],
        ip_network: Callable[[], int] = lambda: 0,
    ) -> None:
        self._sender = sender
        self._ip_network = ip_network
        self._recipients: dict[int, list[Recipient]] = {}
        for each in recipients:
            if each.device is not None:
                self._recipients.setdefault(each.device, []).append(each)
        self._timer: asyncio.TimerHandle | None = None
        self._pause = PAUSE
        self._looked = float("-inf")

    @property
    def devices(self) -> Collection[int]:
        """The device numbers that matter."""
        return self._recipients.keys()

    def start(self) -> None:
        """Look for the devices that are not found: now, or PAUSE after the last time."""
        if not self._recipients:
            return
        self.close()
        self._pause = PAUSE
        loop = asyncio.get_running_loop()
        if (due := self._looked + PAUSE) > loop.time():
            self._timer = loop.call_at(due, self._look)
        else:
            self._look()

    def close(self) -> None:
        """Look no longer."""
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def i_am(self, body: bytes, peer: Peer, _: bool) -> None:
        """Take an I-Am request while its device is missing; raises FrameError without a device.

        Later ones say nothing: one that anybody may send must not take the alarms elsewhere. One
        that was passed on may name a place that there is not, so it counts as an answer only, which
        comes soon after the question.
        """
        if len(body) < 5 or body[0] != _IDENTIFIER_TAG:
            raise FrameError("an I-Am without an object identifier")
        kind, device = kind_and_instance(int.from_bytes(body[1:5], "big"))
        recipients = self._recipients.get(device, ())
        answers = peer.via is None or self._has_just_asked()
        if kind == DEVICE and answers and _missing(recipients):
            for recipient in recipients:
                recipient.found(peer._replace(via=None))

    def _has_just_asked(self) -> bool:
        return asyncio.get_running_loop().time() - self._looked <= SOON

    def bindings(self) -> bytes:
        """Return the image of Device_Address_Binding: the devices that are found, and where."""
        return encoding.joined(
            encoding.identifier(DEVICE, device) + address_of(peer, self._ip_network())
            for device, recipients in self._recipients.items()
            if (peer := recipients[0].peer) is not None
        )

    def _look(self) -> None:
        """Ask for those that are missing, and again after a pause that grows."""
        self._timer = None
        missing = [n for n, recipients in self._recipients.items() if _missing(recipients)]
        if not missing:
            return
        for device in missing:
            limits = encoding.context_unsigned(0, device) + encoding.context_unsigned(1, device)
            self._sender.broadcast_unconfirmed(WHO_IS, limits)
        loop = asyncio.get_running_loop()
        self._looked = loop.time()
        self._timer = loop.call_later(self._pause, self._look)
        self._pause = min(2 * self._pause, LONGEST_PAUSE)


def _missing(recipients: Iterable[Recipient]) -> bool:
    return any(each.peer is None for each in recipients)
