"""How many stations use what there is little of."""

from submeter.bacnet.peer import Peer


class Crowd:
    """Places for `most`, and for `most_of_one` of the same IP address.

    What is behind a router counts as the router: its networks and addresses can be invented.
    Nothing is kept of who left.
    """

    def __init__(self, most: int, most_of_one: int) -> None:
        self._most = most
        self._most_of_one = most_of_one
        self._inside: dict[str, int] = {}
        self._all = 0

    def __len__(self) -> int:
        return self._all

    def free(self, peer: Peer) -> bool:
        """Tell whether there is a place for `peer`."""
        own = self._inside.get(peer.place[0], 0)
        return self._all < self._most and own < self._most_of_one

    def enter(self, peer: Peer) -> bool:
        """Take a place for `peer`; False if there is none."""
        if not self.free(peer):
            return False
        address = peer.place[0]
        self._inside[address] = self._inside.get(address, 0) + 1
        self._all += 1
        return True

    def leave(self, peer: Peer) -> None:
        """Give back a place that `peer` took."""
        self._all -= 1
        address = peer.place[0]
        self._inside[address] -= 1
        if not self._inside[address]:
            del self._inside[address]
