import asyncio
from typing import Any

import pytest
from bacpypes3.object import DeviceObject
from bacpypes3.primitivedata import ObjectIdentifier
from hypothesis import given, settings
from hypothesis import strategies as st

from bacnet.reading import range_peer
from bacnet.reading.range_peer import by_position, by_sequence, by_time, request
from bacnet.trends.samples import BEGIN, POWER, Samples, log, minutes, shown, trends
from submeter.bacnet import encoding
from submeter.bacnet.answer import Ack, Fitted, Pending, RefusedError
from submeter.bacnet.fault import Fault
from submeter.bacnet.objects.served import ServedObject
from submeter.bacnet.objects.table import ObjectTable
from submeter.bacnet.peer import Peer
from submeter.bacnet.reading.read_range import READ_RANGE, ReadRange
from submeter.bacnet.trends.record_times import LAST_NUMBER
from submeter.bacnet.trends.trend_log import TrendLog

PEER = Peer(("192.0.2.9", 47808))
DEVICE = ("device", 4000)
FIRST, LAST, MORE = 0, 1, 2


def device() -> ServedObject:
    made = ServedObject(DeviceObject, 4000, "Submeter")
    made.live[76] = tuple(encoding.identifier(0, number) for number in range(400))
    made.live[30] = b""
    return made


def answer(service: ReadRange, body: bytes) -> Any:
    """Return the answer, decoded; what is for another thread is done here."""
    found = service.confirmed[READ_RANGE](body, PEER)
    if isinstance(found, Pending):
        found = found.finish(found.work())
    assert isinstance(found, Fitted)
    found = found.make(1400)
    assert isinstance(found, Ack)
    return range_peer.answered(found)


def refused(service: ReadRange, body: bytes) -> Fault:
    with pytest.raises(RefusedError) as caught:
        answer(service, body)
    return caught.value.fault


async def serving(samples: Samples) -> tuple[ReadRange, TrendLog]:
    made = await log(samples)
    return ReadRange(ObjectTable([device(), made])), made


def shape(found: Any) -> tuple[list[float], list[int], int | None]:
    """Return the values, the flags and the first sequence number of an answer."""
    numbers = [record.logDatum.realValue for record in range_peer.items(found)]
    assert found.itemCount == len(numbers)
    return numbers, list(found.resultFlags), found.firstSequenceNumber


async def test_a_log_as_a_client_reads_it() -> None:
    service, _ = await serving(Samples(minutes(10), lambda at: (at - BEGIN) / 60))
    every = answer(service, request())
    assert every.objectIdentifier == ObjectIdentifier(("trend-log", 5))
    assert str(every.propertyIdentifier) == "log-buffer"
    assert shape(every) == (list(range(10)), [1, 1, 0], None)
    assert shape(answer(service, request(by_position(9, 5)))) == ([8, 9], [0, 1, 0], None)
    assert shape(answer(service, request(by_sequence(3, -3)))) == ([0, 1, 2], [1, 0, 0], 1)
    later = answer(service, request(by_time(BEGIN + 60, 2)))
    assert shape(later) == ([2, 3], [0, 0, 0], 3)
    earlier = answer(service, request(by_time(BEGIN + 60, -2)))
    assert shape(earlier) == ([0], [1, 0, 0], 1)
    nothing = answer(service, request(by_time(BEGIN + 540, 2)))
    assert shape(nothing) == ([], [0, 0, 0], None)


async def test_a_long_log_is_read_part_by_part() -> None:
    service, _ = await serving(Samples(minutes(1000), lambda at: (at - BEGIN) / 60))
    first, flags, _ = shape(answer(service, request()))
    assert flags == [1, 0, 1]
    assert len(first) > 60
    read, number = list(first), len(first) + 1
    while not flags[LAST]:
        part, flags, begin = shape(answer(service, request(by_sequence(number, 1000))))
        assert begin == number
        read += part
        number += len(part)
    assert read == list(range(1000))
    assert flags == [0, 1, 0]


async def test_the_newest_come_first_to_the_one_who_reads_back() -> None:
    service, _ = await serving(Samples(minutes(1000), lambda at: (at - BEGIN) / 60))
    part, flags, begin = shape(answer(service, request(by_position(1000, -1000))))
    assert (part[-1], flags, begin) == (999, [0, 1, 1], None)
    part, flags, begin = shape(answer(service, request(by_sequence(1000, -1000))))
    assert (part[-1], flags, begin) == (999, [0, 1, 1], 1000 - len(part) + 1)


async def test_a_log_without_records() -> None:
    service, _ = await serving(Samples())
    for wanted in (None, by_position(1, 5), by_sequence(1, -5), by_time(BEGIN, 5)):
        assert shape(answer(service, request(wanted))) == ([], [0, 0, 0], None)


async def test_the_store_is_asked_for_what_is_sent_only() -> None:
    samples = Samples(minutes(5))
    service, _ = await serving(samples)
    before = samples.asked
    answer(service, request(by_position(6, 5)))
    assert samples.asked == before
    samples.broken = True
    assert refused(service, request()) == Fault(0, 25)


def test_a_log_whose_records_are_not_known_yet() -> None:
    (made,) = trends(Samples(minutes(5)), points=[POWER]).logs("main", shown(POWER))
    service = ReadRange(ObjectTable([device(), made]))
    assert refused(service, request()) == Fault(2, 72)


async def test_what_is_refused() -> None:
    service, _ = await serving(Samples(minutes(5)))
    assert refused(service, request(object=("trend-log", 6))) == Fault(1, 31)
    assert refused(service, request(property="present-value")) == Fault(2, 32)
    assert refused(service, request(index=1)) == Fault(2, 50)
    assert refused(service, request(property="record-count")) == Fault(5, 22)
    of_device = {"object": DEVICE, "property": "object-name"}
    assert refused(service, request(**of_device)) == Fault(5, 22)  # type: ignore[arg-type]
    objects: dict[str, Any] = {"object": DEVICE, "property": "object-list"}
    assert refused(service, request(by_sequence(1, 1), **objects)) == Fault(2, 140)
    assert refused(service, request(by_time(BEGIN, 1), **objects)) == Fault(2, 141)
    assert refused(service, request(index=0, **objects)) == Fault(2, 42)
    assert refused(service, request(index=401, **objects)) == Fault(2, 42)
    assert refused(service, request(index=1, **objects)) == Fault(5, 22)


async def test_an_array_by_position() -> None:
    service, _ = await serving(Samples())
    objects: dict[str, Any] = {"object": DEVICE, "property": "object-list"}
    found = answer(service, request(by_position(399, 5), **objects))
    numbers = [each[1] for each in range_peer.items(found, ObjectIdentifier)]
    assert numbers == [398, 399]
    assert (list(found.resultFlags), found.firstSequenceNumber) == ([0, 1, 0], None)
    every = answer(service, request(**objects))
    assert list(every.resultFlags) == [1, 0, 1]
    empty = answer(service, request(object=DEVICE, property="device-address-binding"))
    assert (empty.itemCount, list(empty.resultFlags)) == (0, [0, 0, 0])


def test_any_device_means_this_one() -> None:
    service = ReadRange(ObjectTable([device()]))
    found = answer(service, request(by_position(1, 1), ("device", 4194303), "object-list"))
    assert found.objectIdentifier == ObjectIdentifier(DEVICE)


# The procedure of 135, 15.8.2, over a plain list of records: (sequence number, time, value).


def expected(listed: list[tuple[int, int, int]], kind: str, reference: int, count: int) -> Any:
    """Return the values that are asked for, in the order of the list."""
    if kind == "position":
        if not 1 <= reference <= len(listed):
            return []
        after, before = listed[reference - 1 :], listed[:reference]
    elif kind == "time":
        after = [record for record in listed if record[1] > reference]
        before = [record for record in listed if record[1] < reference]
    else:
        wanted = {(reference + step - 1) % LAST_NUMBER + 1 for step in _steps(count)}
        return [record for record in listed if record[0] in wanted]
    return after[:count] if count > 0 else before[count:]


def _steps(count: int) -> range:
    return range(count) if count > 0 else range(count + 1, 1)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_against_the_procedure_of_the_standard(data: st.DataObject) -> None:
    gaps = data.draw(st.lists(st.integers(1, 3), max_size=160))
    times = [BEGIN + 60 * sum(gaps[: end + 1]) for end in range(len(gaps))]
    newest = data.draw(
        st.integers(len(times), len(times) + 300) | st.integers(LAST_NUMBER - 5, LAST_NUMBER)
        if data.draw(st.booleans())
        else st.integers(1, 200)
    )
    numbers = [(newest - back - 1) % LAST_NUMBER + 1 for back in reversed(range(len(times)))]
    listed = list(zip(numbers, times, range(len(times)), strict=True))
    value = dict(zip(times, range(len(times)), strict=True))
    service, made = asyncio.run(serving(Samples(times, lambda at: value[at])))
    made.times.newest = newest
    kind = data.draw(st.sampled_from(["position", "sequence", "time"]))
    count = data.draw(st.integers(-200, 200).filter(bool))
    if kind == "position":
        reference = data.draw(st.integers(0, len(times) + 3))
        wanted = by_position(reference, count)
    elif kind == "sequence":
        reference = (newest + data.draw(st.integers(-len(times) - 9, 9)) - 1) % LAST_NUMBER + 1
        wanted = by_sequence(reference, count)
    else:
        last = times[-1] if times else BEGIN
        reference = data.draw(st.integers(BEGIN - 30, last + 90))
        wanted = by_time(reference, count)
    right = expected(listed, kind, reference, count)
    found, flags, first = shape(answer(service, request(wanted)))
    assert len(found) == len(right) or len(found) > 60
    sent = right[: len(found)] if count > 0 else right[len(right) - len(found) :]
    assert found == [record[2] for record in sent]
    assert flags[FIRST] == int(bool(sent) and sent[0] == listed[0])
    assert flags[LAST] == int(bool(sent) and sent[-1] == listed[-1])
    assert flags[MORE] == int(len(sent) < len(right))
    assert first == (sent[0][0] if sent and kind != "position" else None)
