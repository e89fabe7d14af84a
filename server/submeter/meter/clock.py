"""Steps of the system clock: UTC that does not go on as the monotonic clock does."""

from submeter.meter.instant import Instant

STEP = 2.0  # s; below it a time service is at work, slowly


class Clock:
    """Watches UTC against the monotonic clock, from one call to the next.

    The slow corrections of a time service never add up to a step, whatever they come to over years.
    """

    __slots__ = ("_last",)

    def __init__(self) -> None:
        self._last: Instant | None = None

    def take(self, now: Instant) -> float | None:
        """Return by how many s UTC was set since the last call, forward positive; None if not."""
        last, self._last = self._last, now
        if last is None:
            return None
        step = (now.utc - last.utc) - (now.mono - last.mono)
        return step if abs(step) > STEP else None
