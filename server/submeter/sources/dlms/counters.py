"""The invocation counters of meters: each message's must be larger than that of the one before."""

from collections.abc import Mapping

MOST = 20
"""Meters remembered; the one that was heard longest ago is forgotten."""

_LARGEST = 2**32 - 1


class Counters:
    """The last counter of each system title."""

    def __init__(self) -> None:
        self._last: dict[str, int] = {}

    def fresh(self, title: bytes, counter: int) -> bool:
        """Tell whether a message with `counter` was not sent before."""
        return counter > self._last.get(title.hex(), -1)

    def take(self, title: bytes, counter: int) -> None:
        """Remember the counter of a message that was believed."""
        self._last.pop(title.hex(), None)
        self._last[title.hex()] = counter
        if len(self._last) > MOST:
            del self._last[next(iter(self._last))]

    def saved(self) -> dict[str, int]:
        """Return the counters as plain data, the last meter heard at the end."""
        return dict(self._last)

    def restore(self, saved: object) -> None:
        """Go on from `saved`; raises ValueError if it makes no sense."""
        if not isinstance(saved, Mapping) or len(saved) > MOST:
            raise ValueError("the counters are no table")
        for title, counter in saved.items():
            if not isinstance(title, str) or not isinstance(counter, int):
                raise ValueError("a counter is no number")
            if isinstance(counter, bool) or not 0 <= counter <= _LARGEST:
                raise ValueError("a counter is out of range")
        self._last = dict(saved)
