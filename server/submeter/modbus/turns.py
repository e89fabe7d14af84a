"""Turns at what costs much: so many at a time, and so many of them for one peer."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

MOST = 32
"""Turns at a time."""
PER_PEER = 4
"""Of them, those of one address."""


class Turns:
    """Who has a turn, and who waits for one.

    Of one address whoever came first is first; the addresses take turns among each other, so that
    one of which many wait holds up no other.
    """

    def __init__(self, most: int = MOST, per_peer: int = PER_PEER) -> None:
        self._most = most
        self._per_peer = per_peer
        self._busy: dict[str, int] = {}
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}

    @asynccontextmanager
    async def turn(self, address: str) -> AsyncIterator[None]:
        """Wait for a turn for `address`, and give it back at the end."""
        mine = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(address, deque()).append(mine)
        self._share_out()
        try:
            await mine
            yield
        finally:
            if not mine.cancelled():
                self._end(address)
            self._share_out()

    def _end(self, address: str) -> None:
        self._busy[address] -= 1
        if not self._busy[address]:
            del self._busy[address]

    def _share_out(self) -> None:
        free = self._most - sum(self._busy.values())
        for address in list(self._waiting):
            if free and self._busy.get(address, 0) < self._per_peer:
                free -= self._begin(address)

    def _begin(self, address: str) -> bool:
        """Give the first that waits of `address` its turn; tell whether there is one."""
        queue = self._waiting.pop(address)
        while queue and queue[0].cancelled():
            queue.popleft()
        if not queue:
            return False
        queue.popleft().set_result(None)
        if queue:
            self._waiting[address] = queue  # behind the other addresses
        self._busy[address] = self._busy.get(address, 0) + 1
        return True
