"""The bytes of a board on their way to those who hear its lines."""

from collections.abc import Callable

from submeter.errors import FrameError
from submeter.sources.board.lines import LineDecoder
from submeter.sources.board.said import Said

Hear = Callable[[Said], None]
"""Takes a valid line; raises FrameError if it makes no sense to it."""
Tell = Callable[[Callable[[Hear], None]], None]
"""Makes a call with each who hears."""


class Intake:
    """Tells the lines of one opening of a port by `tell`.

    `named` is the last `$ID` that made sense to anybody.
    """

    def __init__(self, tell: Tell) -> None:
        self.named: Said | None = None
        self._each = tell
        self._decoder = LineDecoder()
        self._senseless = 0
        self._bad_then = 0  # with the last record

    @property
    def bad(self) -> int:
        """Lines that were damaged, or senseless to one who heard them."""
        return self._decoder.bad + self._senseless

    @property
    def noisy(self) -> bool:
        """Whether there was a bad line since the last record."""
        return self.bad > self._bad_then

    def feed(self, data: bytes) -> bool:
        """Take in the next bytes; True if a record came that made sense to anybody."""
        recorded = False
        for said in self._decoder.feed(data):
            taken = self._tell(said)
            if taken and said.tag == "ID":
                self.named = said
            if taken and said.tag == "S":
                recorded, self._bad_then = True, self.bad
        return recorded

    def _tell(self, said: Said) -> bool:
        """Tell `said` to all; return whether it made sense to anybody."""
        taken = refused = False

        def tell(hear: Hear) -> None:
            nonlocal taken, refused
            try:
                hear(said)
            except FrameError:
                refused = True
            else:
                taken = True

        self._each(tell)
        self._senseless += refused
        return taken
