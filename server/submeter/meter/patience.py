"""How long those have to wait who fail too often."""

from collections.abc import Hashable
from typing import Generic, TypeVar

FIRST_PAUSE = 30.0  # s; twice as long with each further failure
LONGEST_PAUSE = 3600.0  # s
FORGOTTEN = 3600.0  # s after the last pause
MOST_KNOWN = 1024

Key = TypeVar("Key", bound=Hashable)


class _Failures:
    __slots__ = ("count", "last", "until")

    def __init__(self) -> None:
        self.count = 0
        self.last = float("-inf")
        self.until = float("-inf")


class Patience(Generic[Key]):
    """Failures by key: `free` of them cost nothing, each further one a pause that doubles.

    No pause is longer than `longest` seconds. Failures are forgotten an hour after the last one's
    pause. No more than MOST_KNOWN keys are kept; the one that failed longest ago makes room. Times
    are monotonic seconds.
    """

    def __init__(self, free: int, longest: float = LONGEST_PAUSE) -> None:
        self._free = free
        self._longest = longest
        self._known: dict[Key, _Failures] = {}

    def wait(self, key: Key, mono: float) -> float:
        """Return the seconds that `key` still has to wait, 0 if none."""
        known = self._known.get(key)
        return max(0.0, known.until - mono) if known else 0.0

    def fail(self, key: Key, mono: float) -> None:
        """Count one more failure of `key`."""
        failures = self._known.pop(key, None)
        if failures is None or mono - max(failures.last, failures.until) > FORGOTTEN:
            failures = _Failures()
        failures.count += 1
        failures.last = mono
        if failures.count >= self._free:
            doublings = min(failures.count - self._free, 16)
            failures.until = mono + min(FIRST_PAUSE * 2.0**doublings, self._longest)
        if len(self._known) >= MOST_KNOWN:
            del self._known[next(iter(self._known))]
        self._known[key] = failures

    def forget(self, key: Key) -> None:
        """Forgive `key` all its failures."""
        self._known.pop(key, None)

    def forgive(self, key: Key) -> None:
        """Take back the last failure of `key`, and its pause."""
        if failures := self._known.get(key):
            failures.count -= 1
            failures.until = float("-inf")
