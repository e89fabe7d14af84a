"""What WriteProperty and WritePropertyMultiple ask for (ASHRAE 135, 15.9.1.1 and 15.10.1.1)."""

from typing import NamedTuple

from submeter.bacnet.answer import Aborted, AbortReason, Reason, Rejected
from submeter.bacnet.tags import Tags

MOST_WRITES = 64
"""In one request: while they are done, nobody else is served."""

_PRIORITIES = range(1, 17)


class Wanted(NamedTuple):
    """One write of a property, or of one element of it by its array index.

    `content` is what stands between the tags of the value, not decoded yet.
    """

    identifier: int
    number: int
    element: int | None
    content: bytes
    priority: int | None


def single(request: bytes) -> list[Wanted]:
    """Return what a WriteProperty asks for, which is one write; raises Rejected."""
    tags = _Tags(request)
    identifier = tags.object_identifier(0)
    wanted = tags.wanted(identifier, 1)
    tags.end()
    return [wanted]


def several(request: bytes) -> list[Wanted]:
    """Return what a WritePropertyMultiple asks for, in its order; raises Rejected, Aborted."""
    tags = _Tags(request)
    found: list[Wanted] = []
    while tags.more or not found:
        identifier = tags.object_identifier(0)
        tags.enter(1)
        while not tags.leave(1):
            found.append(tags.wanted(identifier, 0))
            if len(found) > MOST_WRITES:
                raise Aborted(AbortReason.OUT_OF_RESOURCES)
    return found


class _Tags(Tags):
    """Reads values as octets, too."""

    def wanted(self, identifier: int, first: int) -> Wanted:
        """Return property, index, value and priority, which have the tags from `first` on."""
        number = self.unsigned(first)
        index = self.optional_unsigned(first + 1)
        content = self._value(first + 2)
        priority = self.optional_unsigned(first + 3)
        if priority is not None and priority not in _PRIORITIES:
            raise Rejected(Reason.OUT_OF_RANGE)
        return Wanted(identifier, number, index, content, priority)

    def _value(self, number: int) -> bytes:
        """Return what stands between the opening and the closing tag `number`."""
        start = self._at
        self.skip_value(number)
        whole = self._data[start : self._at]
        # A number below 15 belongs into the first octet of its tag (135, 20.2.1.2).
        if (whole[0], whole[-1]) != (number << 4 | 0x0E, number << 4 | 0x0F):
            raise Rejected(Reason.INVALID_TAG)
        return whole[1:-1]
