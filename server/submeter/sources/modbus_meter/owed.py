"""Answers that a meter still owes: on a line nothing tells to which request an answer belongs."""

from collections import defaultdict
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from submeter.sources.shared_line import SharedLine


@dataclass
class Owed:
    """What one unit was asked and has not answered; times are those of the event loop, in s.

    `count` are the answers that may still come, `gap` is the longest time between two of their
    requests: a meter that is always late answers in the rhythm in which it was asked.
    """

    count: int = 0
    gap: float = 0.0
    _last: float = 0.0

    def asked(self, now: float, latest: float) -> None:
        """Note a request; no answer comes later than `latest` seconds, unless all come at once."""
        if self.count:
            gap = now - self._last
            self.gap = max(self.gap, gap) if gap < latest else 0.0
        self.count += 1
        self._last = now

    def answered(self) -> None:
        """Note that one answer came."""
        self.count -= 1
        if self.count <= 0:
            self.clear()

    def clear(self) -> None:
        """Note that none will come any more."""
        self.count, self.gap = 0, 0.0


_lines: WeakKeyDictionary[SharedLine, defaultdict[int, Owed]] = WeakKeyDictionary()


def of(line: SharedLine, unit: int) -> Owed:
    """Return what `unit` owes on `line`, the same for all that ask it."""
    return _lines.setdefault(line, defaultdict(Owed))[unit]
