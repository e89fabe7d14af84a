"""Samples as the store would have them, without a store."""

import time
from collections.abc import Mapping, Sequence

RECORDS = 200
EVERY = 60  # s


class Samples:
    """One sample a minute of every meter and point, up to now: 1000, 1001, ..."""

    def __init__(self) -> None:
        last = int(time.time()) // EVERY * EVERY
        self._times = [last - EVERY * back for back in reversed(range(RECORDS))]

    def times(self, after: Mapping[str, int], most: int) -> Mapping[str, Sequence[int]]:
        """Return the last `most` times after that of each meter."""
        return {
            meter: [at for at in self._times if at > start][-most:]
            for meter, start in after.items()
        }

    def oldest(self) -> int:
        """Return the first time."""
        return self._times[0]

    def values(
        self, meter: str, point: str, start: int, end: int
    ) -> Sequence[tuple[int, int | float | None]]:
        """Return the samples from `start` to `end`."""
        return [(at, 1000 + n) for n, at in enumerate(self._times) if start <= at <= end]
