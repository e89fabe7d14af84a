"""The records of a meter's trend logs: when each was taken, and its sequence number."""

from array import array
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

LAST_NUMBER = 0xFFFFFFFF  # 135, 12.25.16: after it comes 1


class Anchor(NamedTuple):
    """The sequence number that the record of UTC second `at` has; kept to go on counting from."""

    at: int
    number: int

    @classmethod
    def read(cls, notes: Mapping[str, str], key: str) -> "Anchor | None":
        """Return what was kept under `key`, None if nothing was or it makes no sense."""
        parts = notes.get(key, "").split()
        if len(parts) != 2 or not all(part.isdecimal() and len(part) < 11 for part in parts):
            return None
        at, number = map(int, parts)
        return cls(at, number) if number <= LAST_NUMBER else None

    def __str__(self) -> str:
        return f"{self.at} {self.number}"


class RecordTimes:
    """The UTC seconds of the last `most` records of one meter, ascending, the oldest first.

    `newest` is the sequence number of the last one; those before it have the numbers before it, and
    it never falls. Until `begin` it is not `known` what records there are.
    """

    __slots__ = ("_most", "known", "newest", "times")

    def __init__(self, most: int) -> None:
        self.times = array("I")
        self.newest = 0
        self.known = False
        self._most = most

    def __len__(self) -> int:
        return len(self.times)

    def numbers(self) -> Callable[[int], int]:
        """Return what gives the sequence number at a position from 0, as the records are now."""
        before_first = advanced(self.newest, -len(self.times))
        return lambda position: advanced(before_first, position + 1)

    def position(self, number: int) -> int:
        """Return where the record `number` stands, before 0 or beyond the end if it is not here."""
        after_newest = (number - self.newest) % LAST_NUMBER
        if after_newest > LAST_NUMBER // 2:
            after_newest -= LAST_NUMBER
        return len(self.times) - 1 + after_newest

    @property
    def anchor(self) -> Anchor | None:
        """What is to be kept of the numbers; None while there is no record."""
        return Anchor(self.times[-1], self.newest) if self.times else None

    def begin(self, times: Sequence[int], anchor: Anchor | None, since: int) -> None:
        """Take over the times of all records; `since` were taken after the one of `anchor`."""
        newest = advanced(anchor.number, since) if anchor else 0
        self._put(times)
        # Without a note, and when more records are asked for than there were numbers.
        self.newest = max(newest, len(self.times))
        self.known = True

    def follow(self, times: Sequence[int]) -> None:
        """Take over the times of records that came after the last one."""
        self.newest = advanced(self.newest, len(times))
        self.times.extend(times)
        del self.times[: -self._most]

    def forget(self, before: int) -> None:
        """Let go of the records from before UTC second `before`; the others keep their numbers."""
        del self.times[: bisect_left(self.times, before)]

    def replace(self, times: Sequence[int]) -> None:
        """Take over the times of all records, some of which are gone.

        If the last one is another, some were taken after the clock had been set back. These get the
        next numbers, and so do all before them: who reads on from a number misses none of them.
        """
        if times and times[-1] != (self.times[-1] if self.times else None):
            fresh = len(set(times).difference(self.times))
            self.newest = advanced(self.newest, max(1, fresh))
        self._put(times)

    def _put(self, times: Sequence[int]) -> None:
        self.times = array("I", times[-self._most :])


def advanced(number: int, by: int) -> int:
    """Return the sequence number `by` records after `number`, or before it; 0 is before 1."""
    return (number + by - 1) % LAST_NUMBER + 1 if by else number
