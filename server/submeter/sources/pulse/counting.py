"""Counts the pulses of a contact from its edges."""

from typing import NamedTuple


class Edge(NamedTuple):
    """A change of the contact: monotonic ns, number in the line's sequence, and state after it."""

    at: int
    number: int
    closed: bool


class PulseCounter:
    """Counts how often a contact closes, whatever the edges come from.

    `closed` is its state at `now` ns, before the first edge, whose number is 1. A closing counts at
    once, unless another edge came less than `debounce` ns before: that is bounce, of the same
    pulse. Nothing else counts: no opening, no closing of what is closed, and no time that passes.

    A gap in the numbers are edges that were lost. They alternate, so the state before the gap and
    the one after it tell how many of them were closings; bounce among them cannot be told, so
    edges should be debounced before they can be lost.
    """

    def __init__(self, closed: bool, debounce: int = 0, now: int = 0) -> None:
        self.closed = closed
        self.pulses = 0
        self.lost = 0  # edges
        self.repaired = 0  # pulses of them, which are in `pulses`
        self._debounce = debounce
        self._number = 0
        self._at: int | None = None
        self._since = now

    def take(self, edge: Edge) -> int:
        """Return how many pulses `edge` brings to light, lost ones before it included."""
        missing = edge.number - self._number - 1
        if missing < 0:
            return 0  # it was taken before
        found = 0
        if missing:
            found = _closings(missing, self.closed, edge.closed)
            self.lost += missing
            self.repaired += found
            self.closed = not edge.closed
        since = None if self._at is None else edge.at - self._at
        bounces = not missing and since is not None and since < self._debounce
        # It may have come before the state was asked for, and is a change all the same.
        first = edge.number == 1
        if edge.closed and (first or not self.closed) and not bounces:
            found += 1
        self.closed, self._number = edge.closed, edge.number
        self._at = self._since = edge.at
        self.pulses += found
        return found

    def closed_for(self, now: int) -> int:
        """Return for how many ns the contact has been closed, as far as was seen."""
        return now - self._since if self.closed else 0


def _closings(missing: int, before: bool, after: bool) -> int:
    """Return how many of `missing` edges were closings, given the states around them.

    The edge that led to `after` is not one of the missing.
    """
    if missing % 2 == (before == after):
        # They alternate: the first is a closing where the contact was open.
        return missing // 2 if before else (missing + 1) // 2
    return missing // 2
