"""Spans of addresses, joined into as few read requests as possible."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from submeter.pointmap.address import Table

MOST_BITS, MOST_REGISTERS = 2000, 125  # in one answer (V1.1b3, 6.1 to 6.4)
NEAR = 32  # addresses that are rather read along than left out
_BITS = (Table.COIL.function, Table.DISCRETE.function)


class Span(NamedTuple):
    """Addresses that one request asks for, by the function that reads them."""

    function: int
    start: int
    length: int

    @property
    def end(self) -> int:
        """The first address behind it."""
        return self.start + self.length

    @property
    def bits(self) -> bool:
        """Whether these are single bits, not registers."""
        return self.function in _BITS


class Request(NamedTuple):
    """One request, and the values in it that can be asked for one by one."""

    whole: Span
    values: tuple[Span, ...]


def joined(spans: Iterable[Span], near: int) -> Iterator[Request]:
    """Join spans that one request can cover, over holes of up to `near` addresses."""
    current: Request | None = None
    for each in sorted(set(spans)):
        wider = _join(current, each, near) if current else None
        if current and not wider:
            yield current
        current = wider or Request(each, (each,))
    if current:
        yield current


def _join(current: Request, each: Span, near: int) -> Request | None:
    whole = current.whole
    length = max(whole.length, each.end - whole.start)
    most = MOST_BITS if each.bits else MOST_REGISTERS
    if each.function != whole.function or each.start - whole.end > near or length > most:
        return None
    return Request(whole._replace(length=length), (*current.values, each))
