"""Messages in segments: put together, and cut (ASHRAE 135, 5.2 and 5.4); no I/O, no clock."""

from collections.abc import Iterator
from enum import Enum, auto

from submeter.bacnet.application.limits import LARGEST_APDU, MOST_SEGMENTS, WINDOW

_NUMBERS = 256
WINDOWS = range(1, 128)
"""The window sizes that there are."""


class Taken(Enum):
    """What became of a segment, and with it what its sender has to be told."""

    KEPT = auto()  # nothing
    GROUP = auto()  # acknowledge up to `last`
    WHOLE = auto()  # the same, and the message is complete
    REPEATED = auto()  # nothing
    MISSING = auto()  # acknowledge up to `last`, negatively
    TOO_LONG = auto()  # abort


class Assembly:
    """A request of which segment 0 is there (135, 5.4.5.2).

    `last` is the number of the last segment in order, `window` how many may come until we
    acknowledge: what the client proposes and we can bear. It holds at most MOST_SEGMENTS segments
    of at most LARGEST_APDU octets.
    """

    def __init__(self, first: bytes, proposed: int) -> None:
        self.window = min(proposed, WINDOW)
        self.last = 0
        self._acknowledged = 0
        self._repeated = 0
        self._pieces = [first]

    @property
    def body(self) -> bytes:
        """What is there so far."""
        return b"".join(self._pieces)

    def take(self, sequence: int, more: bool, piece: bytes) -> Taken:
        """Take a further segment; `more` tells that it is not the last."""
        if sequence != (self.last + 1) % _NUMBERS:
            return self._out_of_turn(sequence)
        if len(self._pieces) >= MOST_SEGMENTS or len(piece) > LARGEST_APDU:
            return Taken.TOO_LONG
        self._pieces.append(piece)
        self.last = sequence
        if more and (sequence - self._acknowledged) % _NUMBERS != self.window:
            return Taken.KEPT
        self._mark()
        return Taken.GROUP if more else Taken.WHOLE

    def _out_of_turn(self, sequence: int) -> Taken:
        """Tell a segment that came twice within its window from one whose predecessor is lost."""
        again = (sequence - self._acknowledged - 1) % _NUMBERS
        if again < (self.last - self._acknowledged) % _NUMBERS and self._repeated < self.window:
            self._repeated += 1
            return Taken.REPEATED
        self._mark()
        return Taken.MISSING

    def _mark(self) -> None:
        self._acknowledged = self.last
        self._repeated = 0


class Pieces:
    """An answer in segments of `size` octets, and how much the client has of it (135, 5.4.5.4)."""

    def __init__(self, body: bytes, size: int) -> None:
        self.octets = len(body)
        self._body = body
        self._size = size
        self._first = 0  # that the client has not acknowledged, counted without end
        self._window = 1  # until the client names another

    @property
    def count(self) -> int:
        """How many segments there are."""
        return -(-self.octets // self._size)

    @property
    def heard(self) -> bool:
        """Whether the client has acknowledged any of them."""
        return self._first > 0

    @property
    def done(self) -> bool:
        """Whether the client has them all."""
        return self._first >= self.count

    def in_window(self) -> Iterator[tuple[int, bool, bytes]]:
        """Yield number, whether more follow, and content of the segments to be sent now."""
        for index in range(self._first, min(self._first + self._window, self.count)):
            start = index * self._size
            more = index + 1 < self.count
            yield index % _NUMBERS, more, self._body[start : start + self._size]

    def acknowledge(self, sequence: int, window: int) -> bool:
        """Go on after segment `sequence`, or return False if the client had to have it already.

        So it is with a number that was never sent. `window` is one of WINDOWS.
        """
        ahead = (sequence - self._first) % _NUMBERS
        if ahead >= self._window or self._first + ahead >= self.count:
            return False
        self._first += ahead + 1
        self._window = min(window, WINDOW)
        return True
