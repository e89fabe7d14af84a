"""The I-Ams of many devices: some at a time, so that they drown neither network nor clients."""

import asyncio
from collections.abc import Callable, Sequence

AT_ONCE = 50
PAUSE = 0.1  # s until the next ones


class Announcing:
    """Does `announcements` in their order, AT_ONCE of them and the next after PAUSE s."""

    def __init__(self, announcements: Sequence[Callable[[], None]]) -> None:
        self._announcements = announcements
        self._next = 0
        self._timer: asyncio.TimerHandle | None = None

    def __call__(self) -> None:
        """Begin, or begin anew."""
        self.close()
        self._next = 0
        self._some()

    def close(self) -> None:
        """Leave the rest."""
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def _some(self) -> None:
        self._timer = None
        end = self._next + AT_ONCE
        for announce in self._announcements[self._next : end]:
            announce()
        self._next = end
        if end < len(self._announcements):
            self._timer = asyncio.get_running_loop().call_later(PAUSE, self._some)
