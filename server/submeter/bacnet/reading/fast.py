"""The fast path of reading: a request that comes again is answered without being parsed."""

from submeter.bacnet import encoding
from submeter.bacnet.answer import Aborted, Rejected
from submeter.bacnet.application.limits import LARGEST_APDU
from submeter.bacnet.application.memory import Memory
from submeter.bacnet.fault import Fault
from submeter.bacnet.objects.table import ObjectTable
from submeter.bacnet.reading import read_answer, read_request
from submeter.bacnet.reading.answer_plan import COST_OF_PLAN, Draft, Plan, varies

_READ_PROPERTY, _READ_PROPERTY_MULTIPLE = b"\x0c", b"\x0e"
_SMALLEST = 50
# 135, 20.1.2.5; a reserved code says no more than that it can take the smallest.
_SIZES = (_SMALLEST, 128, 206, 480, 1024, LARGEST_APDU, *(_SMALLEST,) * 10)
_HEADS = tuple(bytes((0x30, invoke)) for invoke in range(256))


class Fast:
    """Answers reads of `table` from plans: literal bytes around the live images of objects.

    The answers are those of `ReadServices` to the byte. Which properties an object has, and which
    of them are fixed, must be settled before the first request. `memory` bounds the plans, of this
    device and of others; a request gets one when it comes for the second time.
    """

    def __init__(self, table: ObjectTable, memory: Memory) -> None:
        self._table = table
        self._memory = memory
        self._plans: dict[bytes, Plan] = {}

    @property
    def plans(self) -> int:
        """How many requests are known."""
        return len(self._plans)

    def answer(self, apdu: bytes) -> bytes | None:
        """Return the Complex-ACK to an unsegmented ReadProperty or ReadPropertyMultiple.

        None is for the slow path: errors, broken syntax, and answers that need segments.
        """
        plan = self._plans.get(apdu[3:]) or self._planned(apdu[3:])
        answer = plan(_HEADS[apdu[2]])
        if answer is None or len(answer) > _SIZES[apdu[1] & 0x0F]:
            return None
        return answer

    def _planned(self, request: bytes) -> Plan:
        """Plan the answer to `request`, service and parameters, and keep the plan, if worth it."""
        if not self._memory.worth(self._plans, request):
            return _slowly
        try:
            draft = self._draft(request)
        except (Rejected, Aborted):
            return _slowly  # for good, but who asks so is owed no memory
        plan, cost = (draft.plan(), draft.cost) if draft else (_slowly, COST_OF_PLAN)
        self._memory.keep(self._plans, request, plan, cost + len(request))
        return plan

    def _draft(self, request: bytes) -> Draft | None:
        """Return the pieces of the answer, None for an error or one too long; raises Rejected."""
        if request[:1] == _READ_PROPERTY:
            return self._property(request)
        if request[:1] == _READ_PROPERTY_MULTIPLE:
            return self._properties(request)
        return None

    def _property(self, request: bytes) -> Draft | None:
        asked = read_request.single(request[1:])
        found = self._table.find(asked.identifier)
        (reference,) = asked.references
        if found is None or found.image(reference.number) is None:
            return None
        draft = Draft()
        draft.literal(request[:1] + read_answer.object_head(found.identifier))
        draft.literal(read_answer.reference(1, reference))
        if varies(found, reference.number):
            draft.between(read_answer.VALUE, found, reference)
        else:
            value = found.read(*reference)
            if isinstance(value, Fault):
                return None
            draft.literal(encoding.enclosed(read_answer.VALUE, value))
        return draft if draft.size <= LARGEST_APDU else None

    def _properties(self, request: bytes) -> Draft | None:
        draft = Draft()
        draft.literal(request[:1])
        for asked in read_request.several(request[1:]):
            found = self._table.find(asked.identifier)
            identifier = found.identifier if found else asked.identifier
            draft.literal(read_answer.results_head(identifier))
            for reference in read_request.expanded(found, asked.references):
                if found and varies(found, reference.number):
                    draft.literal(read_answer.reference(2, reference))
                    draft.between(read_answer.RESULT_VALUE, found, reference)
                else:
                    value = read_answer.value(found, reference)
                    draft.literal(read_answer.result(reference, value))
                if draft.size > LARGEST_APDU:
                    return None
            draft.literal(read_answer.END_OF_RESULTS)
        return draft


def _slowly(head: bytes) -> None:
    return None
