"""The tables of one meter as they are read: bytes of registers, and bits."""

from collections.abc import Iterable
from typing import NamedTuple

from submeter.modbus.layout import Layout

MOST_REGISTERS = 125
"""Registers in one answer (Modbus Application Protocol V1.1b3, 6.3 and 6.4)."""
MOST_BITS = 2000
"""Bits in one answer (Modbus Application Protocol V1.1b3, 6.1 and 6.2)."""


class Alone(NamedTuple):
    """A value of `words` registers that only a read of `asked` registers from `wire` on sees."""

    wire: int
    asked: int
    words: int


class Denials:
    """What a read is refused with, by address; see `Registers.denied`."""

    __slots__ = ("_changed", "_codes", "_size", "published")

    def __init__(self, size: int) -> None:
        self.published: bytes | None = None
        self._size = size
        self._codes = bytearray()  # most tables never need it
        self._changed = False

    def put(self, wire: int, words: int, code: int) -> None:
        """Note the code of `words` addresses from `wire` on, 0 for none."""
        if not self._codes:
            if not code:
                return
            self._codes = bytearray(self._size)
        self._codes[wire : wire + words] = bytes((code,)) * words
        self._changed = True

    def publish(self) -> None:
        """Make what was put visible."""
        if self._changed:
            self._changed = False
            some = self._codes.count(0) < len(self._codes)
            self.published = bytes(self._codes) if some else None


class Registers:
    """One table of 16-bit registers; `content` has two bytes each, most significant first.

    It has only those that a read can reach; `span` says where. What is put is seen once it is
    published: `content` is replaced then, never changed. `denied` has for each of them what a read
    of it is refused with: 0x04 or 0x0B, an exception; 0xFF, silence; 0, nothing. It is None while
    that is so of all.
    """

    __slots__ = ("_alone", "_changed", "_denials", "_draft", "content", "denied", "layout")
    most = MOST_REGISTERS

    def __init__(self, layout: Layout, alone: Iterable[Alone] = ()) -> None:
        self.layout = layout
        alone = tuple(alone)
        # Values that are seen alone stand behind all others, where no other read reaches.
        end = layout.size
        self._alone: dict[tuple[int, int], tuple[int, int]] = {}
        for each in alone:
            self._alone[each.wire, each.asked] = (end, each.words)
            end += each.words
        self._draft = bytearray(2 * end)
        self._changed = False
        self._denials = Denials(end)
        self.content = bytes(self._draft)
        self.denied: bytes | None = None

    def place(self, wire: int, count: int | None) -> int:
        """Return where in `content` the value at `wire` stands, in registers.

        A value that only a read of `count` registers sees has a place of its own.
        """
        if count is not None:
            return self._alone[wire, count][0]
        place = self.layout.index(wire)
        assert place is not None, "a value is within reach of itself"
        return place

    def span(self, address: int, count: int) -> tuple[int, int]:
        """Return where a span that the layout lets be read stands in `content`, in bytes."""
        start = 2 * self.place(address, None)
        return start, start + 2 * count

    def put(self, place: slice, data: bytes) -> None:
        """Note the bytes at `place` of `content`."""
        self._draft[place] = data
        self._changed = True

    def deny(self, place: int, words: int, code: int) -> None:
        """Note what a read of `words` registers at `place` is refused with, 0 for nothing."""
        self._denials.put(place, words, code)

    def publish(self) -> None:
        """Make what was put visible."""
        if self._changed:
            self._changed = False
            self.content = bytes(self._draft)
        self._denials.publish()
        self.denied = self._denials.published

    def read(self, address: int, count: int) -> bytes:
        """Return the data of an answer of function 3 or 4; the layout must allow the span."""
        start, stop = self.span(address, count)
        return self.content[start:stop]

    def read_alone(self, address: int, count: int) -> bytes | None:
        """Return the data of the answer to a read that sees another value than the rest do.

        None if this span is read as any other.
        """
        found = self._alone.get((address, count))
        if found is None:
            return None
        place, words = found
        own = self.content[2 * place : 2 * (place + words)]
        return own + b"".join(map(self._one, range(address + words, address + count)))

    def _one(self, address: int) -> bytes:
        place = self.layout.index(address)
        return b"\0\0" if place is None else self.content[2 * place : 2 * place + 2]

    def refused(self, address: int, count: int) -> int:
        """Return the strongest of `denied` that concerns a read of this span, 0 if none does."""
        denied = self.denied
        if denied is None:
            return 0
        if found := self._alone.get((address, count)):
            place, words = found
            rest = (self.layout.index(each) for each in range(address + words, address + count))
            codes = [denied[each] for each in rest if each is not None]
            return max([*denied[place : place + words], *codes], default=0)
        start = self.place(address, None)
        return max(denied[start : start + count], default=0)


class Bits:
    """One table of single bits; `content` is one integer, bit n is address n.

    What is put is seen once it is published. `denied` is as in `Registers`.
    """

    __slots__ = ("_denials", "_draft", "content", "denied", "layout")
    most = MOST_BITS

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self._draft = 0
        self._denials = Denials(layout.reach)
        self.content = 0
        self.denied: bytes | None = None

    def put(self, wire: int, on: bool) -> None:
        """Note the bit at address `wire`."""
        self._draft = self._draft | 1 << wire if on else self._draft & ~(1 << wire)

    def deny(self, wire: int, code: int) -> None:
        """Note what a read of the bit at `wire` is refused with, 0 for nothing."""
        self._denials.put(wire, 1, code)

    def publish(self) -> None:
        """Make what was put visible."""
        self.content = self._draft
        self._denials.publish()
        self.denied = self._denials.published

    def read(self, address: int, count: int) -> bytes:
        """Return the data of an answer of function 1 or 2; the layout must allow the span."""
        bits = self.content >> address & (1 << count) - 1
        return bits.to_bytes((count + 7) // 8, "little")

    def read_alone(self, address: int, count: int) -> bytes | None:
        """Return None: no bit depends on how many are read."""
        return None

    def refused(self, address: int, count: int) -> int:
        """Return the strongest of `denied` that concerns a read of this span, 0 if none does."""
        return max(self.denied[address : address + count], default=0) if self.denied else 0
