"""ReadRange: a part of a log, a list or an array (ASHRAE 135, 15.8)."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from submeter.bacnet import encoding
from submeter.bacnet.answer import Answer, Confirmed, Fitted, Pending, RefusedError
from submeter.bacnet.fault import (
    INTERNAL,
    INVALID_ARRAY_INDEX,
    NOT_A_LIST,
    NOT_AN_ARRAY,
    NOT_INITIALIZED,
    UNKNOWN_OBJECT,
    UNKNOWN_PROPERTY,
    Fault,
)
from submeter.bacnet.objects.image import Image
from submeter.bacnet.objects.served import ServedObject
from submeter.bacnet.objects.table import ObjectTable
from submeter.bacnet.peer import Peer
from submeter.bacnet.reading.list_items import items
from submeter.bacnet.reading.range_answer import Span, answer
from submeter.bacnet.reading.range_request import (
    ByPosition,
    BySequence,
    ByTime,
    Range,
    RangeRequest,
    parse,
)
from submeter.bacnet.trends.record_times import RecordTimes
from submeter.bacnet.trends.trend_log import LOG_BUFFER, TrendLog
from submeter.errors import StoreError

READ_RANGE = 26

_NOT_NUMBERED = Fault(2, 140)  # property, list-item-not-numbered
_NOT_TIMESTAMPED = Fault(2, 141)  # property, list-item-not-timestamped
_MOST_RECORDS = 100  # more than fit an answer, however short they are


class ReadRange:
    """Executes ReadRange over the objects of `table`."""

    def __init__(self, table: ObjectTable) -> None:
        self._table = table
        self.confirmed: dict[int, Confirmed] = {READ_RANGE: self._read_range}

    def _read_range(self, body: bytes, peer: Peer) -> Answer:
        asked = parse(body)
        found = self._table.find(asked.object)
        if found is None:
            raise RefusedError(UNKNOWN_OBJECT)
        if isinstance(found, TrendLog) and asked.property == LOG_BUFFER:
            return _of_log(found, asked)
        image = found.image(asked.property)
        if image is None:
            raise RefusedError(UNKNOWN_PROPERTY)
        return _of_list(found, asked, image)


def _of_log(log: TrendLog, asked: RangeRequest) -> Answer:
    if asked.index is not None:
        raise RefusedError(NOT_AN_ARRAY)
    times = log.times
    if not times.known:
        raise RefusedError(NOT_INITIALIZED)
    span = _records(times, asked.range).limited(_MOST_RECORDS)
    wanted = times.times[span.start : span.stop]
    number = None if asked.range is None or isinstance(asked.range, ByPosition) else times.numbers()

    def work() -> list[bytes] | None:
        try:
            return log.records(wanted)
        except StoreError:
            return None  # whoever follows the store tells

    def finish(records: Sequence[bytes] | None) -> Answer:
        if records is None:
            raise RefusedError(INTERNAL)
        head = _head(log, asked)
        return Fitted(lambda room: answer(head, span, records, room, number))

    return Pending(work, finish)


def _records(times: RecordTimes, wanted: Range | None) -> Span:
    """Return the records that a range means."""
    size = len(times)
    match wanted:
        case BySequence(number, count):
            return Span.around(times.position(number), count, size)
        case ByTime(at, count, first) if count > 0:
            if size and at > times.times[-1]:
                at = first  # the second of these hours has not come so far
            return Span.around(bisect_right(times.times, at), count, size)
        case ByTime(at, count):
            return Span.around(bisect_left(times.times, at) - 1, count, size)
        case _:
            return _positions(wanted, size)


def _of_list(found: ServedObject, asked: RangeRequest, image: Image) -> Answer:
    every = items(asked.property, image)
    if isinstance(every, Fault):
        raise RefusedError(every)
    if asked.index is not None:
        raise RefusedError(_of_element(found, asked.property, asked.index))
    if isinstance(asked.range, BySequence):
        raise RefusedError(_NOT_NUMBERED)
    if isinstance(asked.range, ByTime):
        raise RefusedError(_NOT_TIMESTAMPED)
    span = _positions(asked.range, len(every))
    listed = every[span.start : span.stop]
    head = _head(found, asked)
    return Fitted(lambda room: answer(head, span, listed, room))


def _of_element(found: ServedObject, number: int, index: int) -> Fault:
    """Return why no range of an element is read: none of our arrays has lists in it."""
    element = INVALID_ARRAY_INDEX if index == 0 else found.read(number, index)
    return element if isinstance(element, Fault) else NOT_A_LIST


def _positions(wanted: ByPosition | None, size: int) -> Span:
    """Return the items that a range of positions means: none if the first one is not there."""
    if wanted is None:
        return Span.whole(size)
    if not 1 <= wanted.index <= size:
        return Span(0, 0, size)
    return Span.around(wanted.index - 1, wanted.count, size)


def _head(found: ServedObject, asked: RangeRequest) -> bytes:
    content = found.identifier.to_bytes(4, "big")
    return encoding.context(0, content) + encoding.context_unsigned(1, asked.property)
