"""A prepared answer: its bytes, with gaps for what changes between one request and the next."""

from collections.abc import Callable, Mapping

from submeter.bacnet import encoding
from submeter.bacnet.fault import Fault
from submeter.bacnet.objects import image
from submeter.bacnet.objects.image import Image
from submeter.bacnet.objects.served import ServedObject
from submeter.bacnet.reading.read_answer import RESULT_FAULT, RESULT_VALUE
from submeter.bacnet.reading.read_request import Reference

Plan = Callable[[bytes], bytes | None]
"""From the head of an answer to the whole of it; None where an error takes its place."""

_Gap = tuple[Mapping[int, Image], int, int | None]

COST_OF_PLAN = 600  # bytes of memory, about
_COST_OF_GAP = 200
_RESULT_OPENING, _ = encoding.enclosed(RESULT_VALUE, b"")
_FAULT_OPENING, _FAULT_CLOSING = (bytes((tag,)) for tag in encoding.enclosed(RESULT_FAULT, b""))


class Draft:
    """Collects the pieces of an answer; `size` is how many bytes they have now."""

    def __init__(self) -> None:
        self.size = 0
        self._literals: list[list[bytes]] = [[]]
        self._gaps: list[_Gap] = []

    @property
    def cost(self) -> int:
        """About how many bytes of memory the plan takes."""
        return COST_OF_PLAN + self.size + len(self._gaps) * _COST_OF_GAP

    def literal(self, piece: bytes) -> None:
        """Add what never changes."""
        self._literals[-1].append(piece)
        self.size += len(piece)

    def between(self, tag: int, found: ServedObject, asked: Reference) -> None:
        """Leave a gap for a property that `varies`, between the opening and the closing `tag`."""
        opening, closing = encoding.enclosed(tag, b"")
        self.literal(bytes((opening,)))
        self._gap(found, asked)
        self.literal(bytes((closing,)))

    def plan(self) -> Plan:
        """Return the plan of what was collected."""
        pieces = [b""]  # for the head
        for literal in self._literals:
            pieces += (b"".join(literal), b"")
        pieces.pop()
        if not self._gaps:
            return _whole(pieces[1])
        if all(_is_plain(*gap) for gap in self._gaps):
            return _plain(pieces, self._gaps)
        return _exact(pieces[1::2], self._gaps)

    def _gap(self, found: ServedObject, asked: Reference) -> None:
        images = found.live if asked.number in found.live else found.fixed
        now = image.part(images[asked.number], asked.element)
        self.size += 0 if isinstance(now, Fault) else len(now)
        self._gaps.append((images, *asked))
        self._literals.append([])


def varies(found: ServedObject, number: int) -> bool:
    """Tell whether the property may have another value at the next request."""
    return number in found.live or callable(found.fixed.get(number))


def _is_plain(images: Mapping[int, Image], number: int, index: int | None) -> bool:
    """Tell whether the image is sent as it is, as soon as there is a value at all."""
    return index is None and isinstance(images[number], bytes | Fault)


def _whole(literal: bytes) -> Plan:
    return lambda head: head + literal


def _plain(pieces: list[bytes], gaps: list[_Gap]) -> Plan:
    """Return the plan for gaps that take images as they are, unless one is a fault."""
    plain = [(images, number) for images, number, _ in gaps]
    exact = _exact(pieces[1::2], gaps)

    def answer(head: bytes) -> bytes | None:
        # The pieces are used again and again: there is one thread, and no await.
        pieces[0] = head
        try:
            pieces[2::2] = [images[number] for images, number in plain]  # type: ignore[misc]
            return b"".join(pieces)
        except TypeError:  # one of them is no bytes
            return exact(head)

    return answer


def _exact(literals: list[bytes], gaps: list[_Gap]) -> Plan:
    """Return the plan for arrays, what is worked out, and faults."""

    def answer(head: bytes) -> bytes | None:
        pieces = [head, literals[0]]
        for (images, number, index), literal in zip(gaps, literals[1:], strict=True):
            value = image.part(images[number], index)
            if isinstance(value, Fault):
                if pieces[-1][-1] != _RESULT_OPENING:
                    return None  # the error is the whole answer
                pieces[-1] = pieces[-1][:-1] + _FAULT_OPENING
                pieces += (value.image, _FAULT_CLOSING + literal[1:])
            else:
                pieces += (value, literal)
        return b"".join(pieces)

    return answer
