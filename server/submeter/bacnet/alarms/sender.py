"""What the alarms need of the device that sends for them."""

from collections.abc import Callable
from typing import Protocol

from submeter.bacnet.objects.table import ObjectTable
from submeter.bacnet.peer import Peer


class Requests(Protocol):
    """Sends confirmed requests."""

    def request(
        self,
        service: int,
        body: bytes,
        to: Peer,
        done: Callable[[bool], None],
        priority: int = 0,
        /,
    ) -> bool:
        """Send one, and call `done` with whether it was acknowledged; False: not now."""


class Sender(Protocol):
    """The application of a device."""

    @property
    def table(self) -> ObjectTable:
        """All objects of the device."""

    @property
    def outgoing(self) -> Requests:
        """Where confirmed requests go."""

    def may_initiate(self) -> bool:
        """Tell whether a client has not silenced the device."""

    def send_unconfirmed(self, service: int, body: bytes, to: Peer, priority: int = 0, /) -> None:
        """Send an unconfirmed request to one station."""

    def broadcast_unconfirmed(self, service: int, body: bytes, /) -> None:
        """Send an unconfirmed request to all stations of all networks."""
