"""The time of a reading, on both clocks that matter."""

import time
from typing import NamedTuple


class Instant(NamedTuple):
    """One moment: `mono` in monotonic seconds for durations, `utc` in seconds since 1970."""

    mono: float
    utc: float

    @classmethod
    def now(cls) -> "Instant":
        """Return this moment on both clocks; time asleep counts, unlike in time.monotonic()."""
        return cls(time.clock_gettime(time.CLOCK_BOOTTIME), time.time())
