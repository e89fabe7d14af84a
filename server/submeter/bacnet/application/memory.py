"""What is worth keeping of requests, in as much memory as there is for it."""

import random
from array import array
from typing import Any

_SLOTS = 1 << 14
_REPLACED = 1 / 8
_NOTED_ANEW = 1 / 2

Where = dict[bytes, Any]


class Memory:
    """Bounds the dictionaries in which others keep what they made of requests.

    All that is kept there together takes about `octets` bytes, never more than `most`. Once it was
    full, a few new entries only take the place of others, by chance: of requests that come round
    and round and are more than it holds, it so answers a part; the oldest out would answer none.
    """

    def __init__(self, most: int) -> None:
        self.octets = 0
        self._most = most
        self._was_full = False
        self._kept: list[tuple[Where, bytes, int]] = []
        self._once = array("q", bytes(8 * _SLOTS))

    def __len__(self) -> int:
        return len(self._kept)

    def worth(self, where: Where, request: bytes) -> bool:
        """Tell whether to `keep` something for `request`, which is not in `where`, and note it.

        It is not when it comes for the first time, as far as is known.
        """
        number = hash((id(where), request))
        slot = number % _SLOTS
        noted = self._once[slot]
        if noted == number:
            return not self._was_full or random.random() < _REPLACED
        # Requests that share a slot and come by turns would else push each other out for ever.
        if not noted or random.random() < _NOTED_ANEW:
            self._once[slot] = number
        return False

    def keep(self, where: Where, request: bytes, value: object, cost: int) -> None:
        """Keep `value`, of `cost` bytes, as `where[request]`, unless it alone is too large."""
        if cost > self._most:
            return
        while self.octets + cost > self._most:
            self._was_full = True
            self._forget(random.randrange(len(self._kept)))
        where[request] = value
        self._kept.append((where, request, cost))
        self.octets += cost

    def _forget(self, place: int) -> None:
        where, request, cost = self._kept[place]
        self._kept[place] = self._kept[-1]
        self._kept.pop()
        del where[request]
        self.octets -= cost
