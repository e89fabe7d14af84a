"""What a device needs of the network below it."""

from typing import Protocol

from submeter.bacnet.peer import GLOBAL, Peer


class Carrier(Protocol):
    """Sends the APDUs of one device; a packet that cannot be sent is lost, as on any network."""

    def send(
        self, apdu: bytes, to: Peer, *, reply_expected: bool = False, priority: int = 0
    ) -> None:
        """Send `apdu` to one station; `priority` is the network's: 0 normal to 3 life safety."""

    def broadcast(self, apdu: bytes, network: int = GLOBAL, *, priority: int = 0) -> None:
        """Send `apdu` to every station of `network`: GLOBAL for all, 0 for our own."""
