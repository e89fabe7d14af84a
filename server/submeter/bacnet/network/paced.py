"""A broadcast that everybody may ask for, but not as often as they like."""

import asyncio
from collections.abc import Callable


class Paced:
    """Does `action` when called, and at most once in `interval` seconds.

    What is asked for meanwhile is done once, when the interval is over.
    """

    def __init__(self, action: Callable[[], None], interval: float) -> None:
        self._action = action
        self._interval = interval
        self._timer: asyncio.TimerHandle | None = None
        self._again = False

    def __call__(self) -> None:
        """Ask for it."""
        if self._timer:
            self._again = True
            return
        self._timer = asyncio.get_running_loop().call_later(self._interval, self._over)
        self._action()

    def close(self) -> None:
        """Do nothing more of what was asked for."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
        self._again = False

    def _over(self) -> None:
        self._timer = None
        if self._again:
            self._again = False
            self()
