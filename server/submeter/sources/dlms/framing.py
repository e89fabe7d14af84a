"""Finds the frames of a link in a stream of bytes that may be damaged anywhere."""

from collections.abc import Callable
from typing import NamedTuple

Sized = Callable[[bytearray, int], int | None]
"""Tells how long the frame is whose mark stands at a place: its octets, 0 if none starts there,
None if more bytes must come to know."""

Valid = Callable[[bytes], bool]


class Found(NamedTuple):
    """The octets of a frame. `broken` says that bytes stood before it which were no frame."""

    octets: bytes
    broken: bool


class Scanner:
    """Cuts a stream into the frames that begin with `mark`.

    Of frames that would overlap, the valid one that ends first counts: a frame that was cut short
    then costs nothing of the next. `shared` octets at the end of a frame may be the beginning of
    the next. Where the check is weak, `head` is the octets that a beginning has at least: a frame
    with another beginning in it is then taken for one that was cut short. It holds no more than the
    longest frame and what it was fed last. `bad` counts frames that began rightly and are not
    valid.
    """

    def __init__(
        self, mark: int, sized: Sized, valid: Valid, shared: int = 0, head: int | None = None
    ) -> None:
        self.bad = 0
        self._mark = mark
        self._sized = sized
        self._valid = valid
        self._shared = shared
        self._head = head
        self._bytes = bytearray()
        self._looked = 0  # before this place every mark was judged
        self._used = 0  # what stands before it belongs to frames
        self._noise = False  # something else was forgotten since the last frame
        self._open: list[tuple[int, int]] = []  # end and start of frames that began rightly
        self._next: tuple[int, int] | None = None  # the one of them that ends first

    def feed(self, data: bytes) -> list[Found]:
        """Take in the next bytes, return the frames that they complete; raises nothing."""
        self._bytes += data
        found: list[Found] = []
        while self._look(found):
            pass
        self._forget()
        return found

    def _look(self, found: list[Found]) -> bool:
        """Judge the next mark or the next end, whichever comes first; False if neither is there."""
        start = self._bytes.find(self._mark, self._looked)
        size = self._sized(self._bytes, start) if start >= 0 else None
        end, begun = self._next or (0, -1)
        if begun >= 0 and end <= len(self._bytes) and (start < 0 or end - self._shared <= start):
            self._close(begun, end, found)
            return True
        if size is None:
            self._looked = start if start >= 0 else len(self._bytes)
            if begun >= 0 and end <= len(self._bytes):
                self._close(begun, end, found)
                return True
            return False
        self._looked = start + 1
        if size:
            self._open.append((start + size, start))
            self._next = min(self._next or self._open[0], self._open[-1])
        return True

    def _close(self, start: int, end: int, found: list[Found]) -> None:
        octets = bytes(self._bytes[start:end])
        self._open.remove((end, start))
        self._next = min(self._open, default=None)
        if self._cut(start, end) or not self._valid(octets):
            self.bad += 1
            return
        broken = self._noise or self._fills(self._used, start)
        found.append(Found(octets, broken))
        self.bad += max(broken, sum(other < start for _, other in self._open))
        self._open.clear()
        self._next = None
        self._used, self._noise = end, False
        self._looked = end - self._shared

    def _cut(self, start: int, end: int) -> bool:
        """Tell whether another frame begins within this one, with all of its head."""
        if self._head is None:
            return False
        return any(start < other <= end - self._head for _, other in self._open)

    def _forget(self) -> None:
        keep = self._open[0][1] if self._open else self._looked  # they are in order of their start
        if not keep:
            return
        self._noise = self._noise or self._fills(self._used, keep)
        del self._bytes[:keep]
        self._looked -= keep
        self._used = max(self._used - keep, 0)
        self._open = [(end - keep, start - keep) for end, start in self._open]
        self._next = min(self._open, default=None)

    def _fills(self, start: int, end: int) -> bool:
        """Tell whether anything but marks, which fill the time between frames, stands there."""
        return bool(self._bytes[start:end].strip(bytes([self._mark])))
