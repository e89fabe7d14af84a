"""Which items ReadRange returns, and the answer with them (ASHRAE 135, 15.8.2)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from submeter.bacnet import encoding
from submeter.bacnet.answer import Ack

# Octets beside the head and the items, at most: flags, count, tags around, sequence number.
_FRAME = 3 + 3 + 2 + 5


@dataclass(frozen=True, slots=True)
class Span:
    """The items at the positions from `start` to before `stop`, counted from 0, out of `size`.

    What of them does not fit is left off at the end, or if read `backward` at the beginning; `more`
    says that something was left off.
    """

    start: int
    stop: int
    size: int
    backward: bool = False
    more: bool = False

    @classmethod
    def around(cls, reference: int, count: int, size: int) -> "Span":
        """Return `count` items from position `reference` on, or if negative those up to it.

        Only those that there are: `reference` itself may be outside.
        """
        start, stop = (
            (reference, reference + count) if count > 0 else (reference + count + 1, reference + 1)
        )
        start, stop = max(start, 0), min(stop, size)
        return cls(start, stop, size, count < 0) if start < stop else cls(0, 0, size)

    @classmethod
    def whole(cls, size: int) -> "Span":
        """Return all items."""
        return cls(0, size, size)

    def __len__(self) -> int:
        return self.stop - self.start

    def limited(self, most: int) -> "Span":
        """Return no more than `most` of the items."""
        if len(self) <= most:
            return self
        if self.backward:
            return replace(self, start=self.stop - most, more=True)
        return replace(self, stop=self.start + most, more=True)

    def fitting(self, items: Sequence[bytes], room: int) -> "Span":
        """Return as many as `room` octets hold, one at least; `items` are those of this span."""
        count = 0
        for item in reversed(items) if self.backward else items:
            room -= len(item)
            if room < 0 and count:
                break
            count += 1
        return self.limited(count)


def answer(
    head: bytes,
    span: Span,
    items: Sequence[bytes],
    room: int,
    number: Callable[[int], int] | None = None,
) -> Ack:
    """Return the answer with as many of `items`, those of `span`, as fit in `room` octets.

    It has one of them even if that does not fit: who got none could not read on. `head` are the
    object and the property as context-tagged parameters. `number` gives the sequence number at a
    position, where the answer is to have that of its first item.
    """
    sent = span.fitting(items, room - len(head) - _FRAME)
    skipped = sent.start - span.start
    some = len(sent) > 0
    flags = (some and sent.start == 0, some and sent.stop == sent.size, sent.more)
    body = [
        head,
        encoding.context(3, encoding.bit_content(flags)),
        encoding.context_unsigned(4, len(sent)),
        encoding.enclosed(5, b"".join(items[skipped : skipped + len(sent)])),
    ]
    if number and some:
        body.append(encoding.context_unsigned(6, number(sent.start)))
    return Ack(b"".join(body))
