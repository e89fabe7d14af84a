"""Guards the indexes of messages that only an octet's sum protects."""

from submeter.sources.index_guard import IndexGuard


class WeakGuard:
    """An `IndexGuard` while `weak`; otherwise a reading is taken as it is."""

    def __init__(self, largest_power: float) -> None:
        self.weak = False
        self._guard = IndexGuard(largest_power)

    def admit(self, name: str, index: int, now: float) -> int | None:
        """Take a reading and return the one to serve now, None for none."""
        before = self._guard.admit(name, index, now)
        return before if self.weak else index
