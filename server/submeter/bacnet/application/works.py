"""Answers that are worked out in another thread: disk reads, unlock codes."""

import asyncio
from asyncio import Future
from collections.abc import Callable
from typing import Any

from submeter.bacnet.application.crowd import Crowd
from submeter.bacnet.application.limits import MOST_WORKS, MOST_WORKS_OF_ONE
from submeter.bacnet.peer import Peer


class Works:
    """Runs few works at a time, of all and of each client; a work cannot be stopped."""

    def __init__(self) -> None:
        self._crowd = Crowd(MOST_WORKS, MOST_WORKS_OF_ONE)

    def __len__(self) -> int:
        return len(self._crowd)

    def free(self, peer: Peer) -> bool:
        """Tell whether a work for `peer` could start now."""
        return self._crowd.free(peer)

    def start(
        self, peer: Peer, work: Callable[[], Any], ended: Callable[["Future[Any]"], None]
    ) -> bool:
        """Run `work` and call `ended` in the event loop; False if too many run."""
        if not self._crowd.enter(peer):
            return False

        def end(future: "Future[Any]") -> None:
            self._crowd.leave(peer)
            if not future.cancelled():
                ended(future)

        asyncio.get_running_loop().run_in_executor(None, work).add_done_callback(end)
        return True
