"""Which spans of a table may be read: the holes between values, and the values they cut through."""

from collections.abc import Iterable
from typing import Literal

ADDRESSES = 65536
"""Addresses in a table (Modbus Application Protocol V1.1b3, 4.4)."""


class Layout:
    """The spans that one read request may ask for, each decided in constant time.

    `places` are the first address and the length of every value; `widest` is the largest count of
    a request. `size` addresses need content: the values, and the zeros behind the last of them that
    a request can still reach. With holes `zero` a span must touch a value, with `refuse` it must
    consist of values; with clipped `refuse` it must not start or end within one.

    For speed the rule is laid out as tables: a span from `start` to `end` (the address behind it)
    may be read when `lowest[start] <= end <= highest[start]` and not `inside[end]`.
    """

    __slots__ = ("highest", "inside", "lowest", "size")

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
        defined = bytearray(self.size)
        inside = bytearray(self.size + 1)
        for start, length in places:
            defined[start : start + length] = b"\x01" * length
            if clipped == "refuse":
                inside[start + 1 : start + length] = b"\x01" * (length - 1)
        self.inside = bytes(inside)
        self.lowest, self.highest = _touching(defined) if holes == "zero" else _full(defined)
        for address in range(self.size):
            if inside[address]:
                self.highest[address] = 0

    def readable(self, address: int, count: int) -> bool:
        """Tell whether `count` addresses (1 or more) from `address` on may be read."""
        end = address + count
        return (
            address < self.size
            and self.lowest[address] <= end <= self.highest[address]
            and not self.inside[end]
        )


def _touching(defined: bytearray) -> tuple[list[int], list[int]]:
    """Return the bounds of the spans that hold at least one defined address."""
    size = len(defined)
    lowest, nearest = [0] * size, ADDRESSES + 1
    for address in reversed(range(size)):
        if defined[address]:
            nearest = address + 1
        lowest[address] = nearest
    return lowest, [size] * size


def _full(defined: bytearray) -> tuple[list[int], list[int]]:
    """Return the bounds of the spans that hold defined addresses only."""
    size = len(defined)
    highest, end = [0] * size, size
    for address in reversed(range(size)):
        if not defined[address]:
            end = address
        highest[address] = end
    return list(range(1, size + 1)), highest
