"""Which spans of a table may be read: the holes between values, and the values they cut through."""

from array import array
from collections.abc import Iterable
from itertools import accumulate
from typing import Literal

ADDRESSES = 65536
"""Addresses in a table (Modbus Application Protocol V1.1b3, 4.4)."""


class Layout:
    """The spans that one read request may ask for, each decided in constant time.

    `places` are the first address and the length of every value; `widest` is the largest count of
    a request. With holes `zero` a span must touch a value, with `refuse` it must consist of values;
    with clipped `refuse` it must not start or end within one. `size` addresses need content: the
    values, and the zeros behind the last of them that a request can still reach.
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
        self.size = min(last + widest, ADDRESSES) if places else 0
        self._strict = holes == "refuse"
        defined = bytearray(self.size)
        inside = bytearray(self.size + 1)
        for start, length in places:
            defined[start : start + length] = b"\x01" * length
            if clipped == "refuse":
                inside[start + 1 : start + length] = b"\x01" * (length - 1)
        self._inside = bytes(inside)
        self._defined_before = array("I", accumulate(defined, initial=0))

    def readable(self, address: int, count: int) -> bool:
        """Tell whether `count` addresses (1 or more) from `address` on may be read."""
        end = address + count
        if end > self.size or self._inside[address] or self._inside[end]:
            return False
        defined = self._defined_before[end] - self._defined_before[address]
        return defined == count if self._strict else defined > 0
