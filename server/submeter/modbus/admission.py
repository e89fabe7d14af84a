"""Who may connect to a listener, and how many at a time."""

import ipaddress
from functools import partial

from submeter.meter.access_settings import network
from submeter.modbus.settings import ListenSettings
from submeter.modbus.spells import Spells, quiet


class Admission:
    """The allow-list and the limits of one listener, and counts of whom it let in.

    `most` connections at a time, fewer than the settings say where descriptors are scarce. Asked
    before anything is read, also of clients that TLS will refuse: a handshake in flight counts.
    """

    def __init__(self, key: str, settings: ListenSettings) -> None:
        self.most = settings.connections
        self.open = 0
        self.accepted = 0
        self.refused_network = 0
        self.refused_full = 0
        self.refused_peer = 0
        self.spells = Spells(key)
        self._networks = tuple(network(text) for text in settings.allow)
        self._per_peer = settings.per_peer
        self._peers: dict[str, int] = {}

    def enter(self, address: str) -> bool:
        """Tell whether one more client of `address` may connect; if so `leave` when it is gone."""
        if not self._allowed(address):
            self.refused_network += 1
            over = quiet(lambda: self.refused_network)
            self.spells.begin("network_refused", f"first={address}", "network_quiet", over)
            return False
        count = self._peers.get(address, 0)
        if count >= self._per_peer:
            self.refused_peer += 1
            over = partial(self._peer_is_free, address)
            self.spells.begin("peer_full", f"most={self._per_peer}", "peer_free", over, address)
            return False
        if self.open >= self.most:
            self.refused_full += 1
            over = self._is_free
            self.spells.begin("connections_full", f"most={self.most}", "connections_free", over)
            return False
        self._peers[address] = count + 1
        self.open += 1
        self.accepted += 1
        return True

    def leave(self, address: str) -> None:
        """Note that a client of `address` that had entered is gone."""
        self.open -= 1
        left = self._peers[address] - 1
        if left:
            self._peers[address] = left
        else:
            del self._peers[address]

    def _allowed(self, address: str) -> bool:
        if not self._networks:
            return True
        asked = ipaddress.ip_address(address)
        return any(asked in each for each in self._networks)

    def _is_free(self, age: int) -> bool:
        return self.open <= self.most // 2

    def _peer_is_free(self, address: str, age: int) -> bool:
        return self._peers.get(address, 0) <= self._per_peer // 2


def plain(host: str) -> str:
    """Return the address of a peer in its one form: an IPv4-mapped IPv6 address is IPv4."""
    address = ipaddress.ip_address(host)
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(address)
