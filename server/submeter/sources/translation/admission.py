"""Which readings of an index are believed, and which message each of them came in."""

from typing import NamedTuple, Protocol

from submeter.meter.instant import Instant
from submeter.sources.translation.message import Message


class Guard(Protocol):
    """Decides which readings of an index are believed; see `IndexGuard`."""

    def admit(self, name: str, index: int, now: float) -> int | None:
        """Take a reading and return the one to serve now, None for none."""


class Made(NamedTuple):
    """Of what a value was made: the message, when it came, and the place of the point's rule."""

    message: Message
    place: int
    at: Instant


class Admission:
    """Asks `guard`, and tells of what the admitted reading was made: it may be an earlier one."""

    MOST = 1000
    """Names that are remembered; the one that was heard the longest ago is forgotten first."""

    def __init__(self, guard: Guard | None) -> None:
        self._guard = guard
        self._latest: dict[str, Made] = {}

    def admit(self, name: str, index: int, elapsed: float, made: Made) -> tuple[int, Made] | None:
        """Take a reading of `name`; return the one to serve now, and of what that was made."""
        if self._guard is None:
            return index, made
        before = self._latest.pop(name, made)
        self._latest[name] = made
        if len(self._latest) > self.MOST:
            del self._latest[next(iter(self._latest))]
        admitted = self._guard.admit(name, index, elapsed)
        if admitted is None:
            return None
        return admitted, made if admitted == index else before
