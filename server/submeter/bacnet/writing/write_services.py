"""WriteProperty and WritePropertyMultiple (ASHRAE 135, 15.9 and 15.10).

The order of the checks: the syntax of the whole request, whether there is such a property, whether
this peer may write at all, whether this can be written, the value, then the door of the meter.
"""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from submeter.bacnet import answer as answers
from submeter.bacnet import decoding, encoding, outside
from submeter.bacnet.answer import DONE, Aborted, Answer, Pending, RefusedError, Rejected
from submeter.bacnet.fault import Fault
from submeter.bacnet.objects.table import ObjectTable
from submeter.bacnet.objects.writable import NotWritten, Writable
from submeter.bacnet.peer import Peer
from submeter.bacnet.reading.read_answer import object_head, reference
from submeter.bacnet.reading.read_request import Reference
from submeter.bacnet.writing import write_request
from submeter.bacnet.writing.refused import Refused, fault_of
from submeter.bacnet.writing.targets import Targets
from submeter.bacnet.writing.write_request import Wanted
from submeter.errors import Refusal, WriteRefusedError
from submeter.meter.access import Who
from submeter.meter.audit import Audit
from submeter.meter.instant import Instant
from submeter.meter.writing import Door, Lock

_Error = Callable[[Fault], Answer]


class Writing:
    """Writes present values of `table` through `writables`, by object identifier, if `lock` allows.

    Several values are written one after the other up to the first that is refused; the order is the
    client's. What is refused is told to the audit log: of an object in `doors`, by identifier, as
    of its meter, else as of the device.
    """

    def __init__(
        self,
        table: ObjectTable,
        writables: Mapping[int, Writable],
        lock: Lock | None,
        doors: Mapping[int, Door],
        audit: Audit,
    ) -> None:
        self._targets = Targets(table, writables, lock)
        self._refused = Refused(table.device.name, audit, doors)
        self.confirmed: dict[int, answers.Confirmed] = {15: self._property, 16: self._properties}

    def _property(self, request: bytes, peer: Peer) -> Answer:
        return self._serve(request, peer, write_request.single, _error)

    def _properties(self, request: bytes, peer: Peer) -> Answer:
        return self._serve(request, peer, write_request.several, _error_of_several)

    def _serve(
        self,
        request: bytes,
        peer: Peer,
        parse: Callable[[bytes], Sequence[Wanted]],
        error: Callable[[Wanted, Fault], Answer],
    ) -> Answer:
        who, now = outside.who(peer), Instant.now()
        try:
            parsed = parse(request)
            self._require_values(parsed, who)
        except (Rejected, Aborted) as broken:
            told = f"{len(request)} bytes"
            self._refused.tell(None, str(broken), told, Refusal.OUT_OF_RANGE, who, now)
            raise
        for wanted in parsed:
            alone = len(parsed) == 1
            answer = self._write(wanted, alone, who, now, partial(error, wanted))
            if answer is not DONE:
                return answer
        return DONE

    def _require_values(self, parsed: Sequence[Wanted], who: Who) -> None:
        """Raise Rejected for what is no value, before anything is written.

        What nobody may write anyway may be anything.
        """
        for wanted in parsed:
            if self._targets.is_open(wanted, who):
                with contextlib.suppress(RefusedError):  # that is told when its turn comes
                    decoding.value(wanted.content)

    def _write(self, wanted: Wanted, alone: bool, who: Who, now: Instant, error: _Error) -> Answer:
        try:
            writable = self._targets.writable(wanted, alone, who)
            answer = writable.write(decoding.value(wanted.content), wanted.priority, who, now)
        except RefusedError as refused:
            self._tell(wanted, refused, who, now)
            return error(refused.fault)
        except WriteRefusedError as refused:  # the audit log knows
            return error(fault_of(refused.reason))
        if isinstance(answer, Pending):
            return answer._replace(finish=partial(_finish, answer.finish, error))
        return answer

    def _tell(self, wanted: Wanted, refused: RefusedError, who: Who, now: Instant) -> None:
        if not isinstance(refused, NotWritten):  # of the decoder
            refused = NotWritten(refused.fault, Refusal.OUT_OF_RANGE)
        found, what = self._targets.find(wanted), self._targets.named(wanted)
        self._refused.tell(found, what, refused.value, refused.reason, who, now)


def _finish(finish: Callable[[Any], Answer], error: _Error, result: Any) -> Answer:
    try:
        return finish(result)
    except WriteRefusedError as refused:
        return error(fault_of(refused.reason))


def _error(wanted: Wanted, fault: Fault) -> Answer:
    return answers.ErrorAnswer(fault.image)


def _error_of_several(wanted: Wanted, fault: Fault) -> Answer:
    """Return a WritePropertyMultiple-Error: what is wrong, and with which write."""
    at = object_head(wanted.identifier) + reference(1, Reference(wanted.number, wanted.element))
    return answers.ErrorAnswer(encoding.enclosed(0, fault.image) + encoding.enclosed(1, at))
