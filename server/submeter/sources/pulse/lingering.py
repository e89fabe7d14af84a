"""A trouble as it is shown: without flicker."""

from collections import deque

from submeter.errors import Condition

CALM = 60.0  # s
_CHANGES = 3


class Lingering:
    """What is `shown` of a trouble that comes and goes.

    It is shown at once, and is over at once. But with the third change within CALM s it stays until
    there was none, or one and the same other, for CALM s.
    """

    def __init__(self) -> None:
        self.shown: Condition | None = None
        self._now: Condition | None = None
        self._since = 0.0  # it is as it is now
        self._changes: deque[float] = deque(maxlen=_CHANGES)
        self._stays = False

    def take(self, trouble: Condition | None, now: float) -> None:
        """Take what the trouble is at `now`, in monotonic s."""
        if trouble is not self._now:
            self._now, self._since = trouble, now
        if trouble is self.shown:
            return
        if self.shown and self._stays and now - self._since < CALM:
            return
        self.shown = trouble
        self._changes.append(now)
        self._stays = len(self._changes) == _CHANGES and now - self._changes[0] < CALM
