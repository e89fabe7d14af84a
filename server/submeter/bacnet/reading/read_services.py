"""ReadProperty and ReadPropertyMultiple (ASHRAE 135, 15.5 and 15.7).

Everything that is read is kept encoded, so an answer is put together of slices.
"""

from submeter.bacnet import encoding
from submeter.bacnet.answer import (
    Aborted,
    AbortReason,
    Ack,
    Answer,
    Confirmed,
    Fitted,
    RefusedError,
)
from submeter.bacnet.fault import UNKNOWN_OBJECT, Fault
from submeter.bacnet.objects.table import ObjectTable
from submeter.bacnet.peer import Peer
from submeter.bacnet.reading import read_answer, read_request
from submeter.bacnet.reading.read_request import MOST_READ


class ReadServices:
    """Reads the objects of `table`; the wildcard instance is answered with the real one."""

    def __init__(self, table: ObjectTable) -> None:
        self._table = table
        self.confirmed: dict[int, Confirmed] = {12: self._property, 14: self._properties}

    def _property(self, request: bytes, peer: Peer) -> Answer:
        asked = read_request.single(request)
        found = self._table.find(asked.identifier)
        if found is None:
            raise RefusedError(UNKNOWN_OBJECT)
        (reference,) = asked.references
        value = found.read(*reference)
        if isinstance(value, Fault):
            raise RefusedError(value)
        head = read_answer.object_head(found.identifier) + read_answer.reference(1, reference)
        return Ack(head + encoding.enclosed(read_answer.VALUE, value))

    def _properties(self, request: bytes, peer: Peer) -> Answer:
        return Fitted(lambda room: self._results(request, room), in_parts=False)

    def _results(self, request: bytes, room: int) -> Answer:
        """Return all results; raises Aborted as soon as they are too many."""
        results, count = bytearray(), 0
        for asked in read_request.several(request):
            found = self._table.find(asked.identifier)
            results += read_answer.results_head(found.identifier if found else asked.identifier)
            for reference in read_request.expanded(found, asked.references):
                results += read_answer.result(reference, read_answer.value(found, reference))
                count += 1
                if len(results) >= room or count > MOST_READ:  # its end is to follow
                    raise Aborted(AbortReason.BUFFER_OVERFLOW)
            results += read_answer.END_OF_RESULTS
        return Ack(bytes(results))
