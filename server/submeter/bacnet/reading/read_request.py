"""What ReadProperty and ReadPropertyMultiple ask for (ASHRAE 135, 15.5.1.1 and 15.7.1.1)."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from submeter.bacnet.answer import Aborted, AbortReason
from submeter.bacnet.objects.served import ALL, OPTIONAL, REQUIRED, ServedObject
from submeter.bacnet.tags import Tags

_GROUPS = (ALL, OPTIONAL, REQUIRED)

MOST_READ = 1500
"""Objects and properties that one request may name, and properties of one answer: while they are
read, which takes some microseconds for each, nothing else is done."""


class Reference(NamedTuple):
    """A property by its number, or one element of it by its array index."""

    number: int
    element: int | None = None


class Asked(NamedTuple):
    """What is asked of one object; the identifier may have the wildcard instance."""

    identifier: int
    references: Sequence[Reference]


def single(request: bytes) -> Asked:
    """Return what a ReadProperty asks for; raises Rejected."""
    tags = Tags(request)
    identifier = tags.object_identifier(0)
    reference = Reference(tags.unsigned(1), tags.optional_unsigned(2))
    tags.end()
    return Asked(identifier, (reference,))


def several(request: bytes) -> Iterator[Asked]:
    """Yield what a ReadPropertyMultiple asks for, object by object.

    Raises Rejected, or Aborted(BUFFER_OVERFLOW) after MOST_READ.
    """
    tags = Tags(request)
    first = True
    named = 0
    while tags.more or first:
        first = False
        identifier = tags.object_identifier(0)
        tags.enter(1)
        references: list[Reference] = []
        named += 1
        while named <= MOST_READ and not tags.leave(1):
            named += 1
            references.append(Reference(tags.unsigned(0), tags.optional_unsigned(1)))
        if named > MOST_READ:
            raise Aborted(AbortReason.BUFFER_OVERFLOW)
        yield Asked(identifier, references)


def expanded(found: ServedObject | None, references: Iterable[Reference]) -> Iterator[Reference]:
    """Yield `references` with the groups of properties resolved, as far as there is the object."""
    for reference in references:
        if found and reference.number in _GROUPS and reference.element is None:
            yield from map(Reference, found.group(reference.number))
        else:
            yield reference
