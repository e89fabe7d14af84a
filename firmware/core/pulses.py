"""Counts how often a contact closes, without its bounces."""

_WRAP = (1 << 30) - 1  # time.ticks_ms() of MicroPython, so that a difference is a small integer


class Contact:
    """A contact counts when it was closed for `debounce` ms, and again after as long open.

    `closed` is how it stands at the start; a closing before that does not count.
    """

    def __init__(self, debounce, closed=False):
        self._debounce = debounce
        self._closed = closed
        self._counted = closed
        self._since = 0
        self._opened = None
        self._fresh = 0
        self._total = 0

    def edge(self, closed, now):
        """Take in a change at `now`, time.ticks_ms(); makes no objects, for a hard interrupt."""
        if closed == self._closed:
            return
        self._closed = closed
        if not closed:
            self._judge(now)
            self._opened = now
        elif not (self._counted and self._bounces(now)):
            self._counted = False
            self._since = now

    def count(self, closed, now):
        """Return how often it closed; `closed` is how it stands. Not to be interrupted by edges."""
        self.edge(closed, now)
        if self._closed:
            self._judge(now)
        self._total += self._fresh
        self._fresh = 0
        return self._total

    def _judge(self, now):
        if not self._counted and (now - self._since) & _WRAP >= self._debounce:
            self._counted = True
            self._fresh += 1

    def _bounces(self, now):
        return self._opened is not None and (now - self._opened) & _WRAP < self._debounce
