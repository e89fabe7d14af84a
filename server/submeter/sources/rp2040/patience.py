"""How long to wait for the effect of what was asked."""

FIRST = 2.0  # s
LONGEST = 60.0
SELDOM = 60.0  # s between two lines of a log


class Patience:
    """Tells when to ask again: pauses double up to a minute. `tries` counts how often it was so."""

    def __init__(self) -> None:
        self.tries = 0
        self._next = 0.0
        self._pause = FIRST

    def due(self, now: float) -> bool:
        """Tell whether to ask at `now`, in monotonic s; True counts as asked."""
        if self.tries and now < self._next:
            return False
        self.tries += 1
        self._next, self._pause = now + self._pause, min(2 * self._pause, LONGEST)
        return True


class Seldom:
    """Tells whether it is time to say something that a board could make us say at will."""

    def __init__(self) -> None:
        self._next: float | None = None

    def due(self, now: float) -> bool:
        """Tell whether to say it at `now`, in monotonic s; True counts as said."""
        if self._next is not None and now < self._next:
            return False
        self._next = now + SELDOM
        return True
