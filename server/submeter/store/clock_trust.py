"""Whether the system clock can be believed, asked before what cannot be undone."""

from collections.abc import Callable

from submeter.meter.clock import Clock
from submeter.meter.instant import Instant

STEADY = 3600.0  # s without a step that stand for a time service
ASK_EVERY = 60.0  # s


class ClockTrust:
    """Watches the clock for steps; `is_right` says whether a time service vouches for it.

    A machine without a battery can start years off, and without a network stay so.
    """

    def __init__(self, is_right: Callable[[], bool | None]) -> None:
        self._is_right = is_right
        self._clock = Clock()
        self._since: float | None = None
        self._asked = float("-inf")
        self._right = False

    def take(self, now: Instant) -> float | None:
        """Return by how many s UTC was set since the last call, forward positive; None if not."""
        step = self._clock.take(now)
        if step is not None or self._since is None:
            self._since, self._asked = now.mono, float("-inf")
        return step

    def sure(self, now: Instant) -> bool:
        """Tell whether the clock is vouched for, or saw no step for an hour since the start.

        `is_right` is asked once a minute at most, and never after that hour.
        """
        if self._since is None:
            return False
        if now.mono - self._since >= STEADY:
            return True
        if now.mono - self._asked >= ASK_EVERY:
            self._asked, self._right = now.mono, self._is_right() is True
        return self._right
