"""Which spans of a table may be read: the holes between values, and the values they cut through."""

import functools
from array import array
from bisect import bisect_right
from collections.abc import Iterable
from itertools import accumulate
from typing import Literal

ADDRESSES = 65536
"""Addresses in a table (Modbus Application Protocol V1.1b3, 4.4)."""


class Layout:
    """The spans that one read request may ask for, each decided in constant time.

    `places` are the first address and the length of every value; `widest` is the largest count of
    a request. With holes `zero` a span must touch a value, with `refuse` it must consist of values;
    with clipped `refuse` it must not start or end within one. No request can reach beyond address
    `reach`. Only `size` addresses need content: the values, and the zeros around them that a
    request for one of them can include; `index` says where such an address stands.
    """

    def __init__(
        self,
        places: Iterable[tuple[int, int]],
        widest: int,
        holes: Literal["zero", "refuse"],
        clipped: Literal["refuse", "serve"],
    ) -> None:
        places = list(places)
        last = max((start + length for start, length in places), default=0)
        self.reach = min(last + widest, ADDRESSES) if places else 0
        self._starts, self._shifts, self.size = _clusters(places, widest)
        self._strict = holes == "refuse"
        defined = bytearray(self.reach)
        inside = bytearray(self.reach + 1)
        for start, length in places:
            defined[start : start + length] = b"\x01" * length
            if clipped == "refuse":
                inside[start + 1 : start + length] = b"\x01" * (length - 1)
        self._inside = bytes(inside)
        self._defined_before = array("I", accumulate(defined, initial=0))

    def readable(self, address: int, count: int) -> bool:
        """Tell whether `count` addresses (1 or more) from `address` on may be read."""
        end = address + count
        if end > self.reach or self._inside[address] or self._inside[end]:
            return False
        defined = self._defined_before[end] - self._defined_before[address]
        return defined == count if self._strict else defined > 0

    def index(self, address: int) -> int | None:
        """Return where `address` stands in the content; None if no read of a value includes it."""
        cluster = bisect_right(self._starts, address) - 1
        if cluster < 0:
            return None
        at = address - self._shifts[cluster]
        return at if at < self._end(cluster) else None

    def _end(self, cluster: int) -> int:
        following = cluster + 1
        if following == len(self._starts):
            return self.size
        return self._starts[following] - self._shifts[following]


def _clusters(places: list[tuple[int, int]], widest: int) -> tuple[list[int], list[int], int]:
    """Return the first address of each run that needs content, its shift, and the size of all.

    An address less its shift is where it stands.
    """
    starts: list[int] = []
    shifts: list[int] = []
    size = end = 0
    for start, length in sorted(places):
        begin = max(start - widest + 1, 0)
        if not starts or begin > end:
            starts.append(begin)
            shifts.append(begin - size)
            end = begin
        reached = min(start + length + widest - 1, ADDRESSES)
        size += max(reached - end, 0)
        end = max(reached, end)
    return starts, shifts, size


@functools.lru_cache(maxsize=256)
def shared(
    places: tuple[tuple[int, int], ...],
    widest: int,
    holes: Literal["zero", "refuse"],
    clipped: Literal["refuse", "serve"],
) -> Layout:
    """Return the layout of `places`, which never changes: one for all meters of a map."""
    return Layout(places, widest, holes, clipped)
