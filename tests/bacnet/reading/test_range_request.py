import time
from collections.abc import Iterator
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bacnet.reading.range_peer import by_date, by_position, by_sequence, request
from submeter.bacnet.answer import Reason, Rejected
from submeter.bacnet.reading.range_request import (
    ByPosition,
    BySequence,
    ByTime,
    RangeRequest,
    parse,
)
from submeter.bacnet.reading.read_range import _records
from submeter.bacnet.trends.record_times import RecordTimes

LOG = 20 << 22 | 5
HEAD = b"\x0c\x05\x00\x00\x05\x19\x83"


@pytest.fixture
def paris(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Europe/Paris")
        time.tzset()
        yield
    time.tzset()


def by_time(at: str, count: int, first: str | None = None) -> ByTime:
    one, other = (datetime.fromisoformat(text).timestamp() for text in (at, first or at))
    return ByTime(one, count, other)


def test_everything() -> None:
    assert request() == HEAD
    assert parse(HEAD) == RangeRequest(LOG, 131, None, None)
    assert parse(request(index=3)) == RangeRequest(LOG, 131, 3, None)


@pytest.mark.parametrize("count", [1, 127, 128, 32767, -1, -128, -129, -32768])
@pytest.mark.parametrize("reference", [0, 1, 255, 256, 0xFFFFFFFF])
def test_positions_and_numbers(reference: int, count: int) -> None:
    found = parse(request(by_position(reference, count))).range
    assert found == ByPosition(reference, count)
    found = parse(request(by_sequence(reference, count))).range
    assert found == BySequence(reference, count)


@pytest.mark.parametrize("weekday", [6, 255])
def test_a_time_is_local(paris: None, weekday: int) -> None:
    found = parse(request(by_date((126, 7, 4, weekday), (13, 30, 5, 50), 10))).range
    assert found == by_time("2026-07-04T13:30:05.5+02:00", 10)
    found = parse(request(by_date((126, 1, 4, weekday), (13, 30, 5, 255), -10))).range
    assert found == by_time("2026-01-04T13:30:05+01:00", -10)


def test_the_hour_that_comes_twice(paris: None) -> None:
    forward = parse(request(by_date((126, 10, 25, 7), (2, 30, 0, 0), 1))).range
    first = "2026-10-25T02:30:00+02:00"
    assert forward == by_time("2026-10-25T02:30:00+01:00", 1, first)
    backward = parse(request(by_date((126, 10, 25, 7), (2, 30, 0, 0), -1))).range
    assert backward == by_time(first, -1)


def test_who_reads_on_in_the_first_of_these_hours_gets_on(paris: None) -> None:
    wanted = parse(request(by_date((126, 10, 25, 7), (2, 59, 0, 0), 10))).range
    begin = int(datetime.fromisoformat("2026-10-25T02:58:40+02:00").timestamp())
    taken = RecordTimes(100)
    taken.begin(range(begin, begin + 200, 20), None, 0)  # up to 02:01:40 of the second hour
    span = _records(taken, wanted)
    assert [taken.times[n] - begin for n in range(span.start, span.stop)] == [*range(40, 200, 20)]


@pytest.mark.parametrize(
    ("date", "time_of_day"),
    [
        ((255, 7, 4, 6), (13, 30, 5, 0)),
        ((126, 255, 4, 6), (13, 30, 5, 0)),
        ((126, 7, 32, 6), (13, 30, 5, 0)),
        ((126, 7, 255, 6), (13, 30, 5, 0)),
        ((126, 7, 4, 6), (255, 255, 255, 255)),
        ((126, 7, 4, 6), (13, 30, 255, 0)),
        ((126, 7, 4, 6), (13, 30, 5, 100)),
    ],
)
def test_a_time_that_is_not_specific(date: tuple[int, ...], time_of_day: tuple[int, ...]) -> None:
    with pytest.raises(Rejected) as caught:
        parse(request(by_date(date, time_of_day, 1)))
    assert caught.value.reason is Reason.OUT_OF_RANGE


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", Reason.MISSING_PARAMETER),
        (HEAD[:5], Reason.MISSING_PARAMETER),
        (HEAD + b"\x3e\x21\x01\x31\x00\x3f", Reason.OUT_OF_RANGE),  # count 0
        (HEAD + b"\x6e\x21\x01\x31\x00\x6f", Reason.OUT_OF_RANGE),
        (HEAD + b"\x4e\x21\x01\x31\x01\x4f", Reason.INVALID_TAG),  # of 1995, by time
        (HEAD + b"\x39\x01", Reason.INVALID_TAG),  # no opening tag
        (HEAD + b"\x3e\x21\x01\x31\x01\x4f", Reason.INVALID_TAG),
        (HEAD + b"\x3e\x21\x01\x31\x01", Reason.INVALID_TAG),
        (HEAD + b"\x3e\x21\x01\x3f", Reason.MISSING_PARAMETER),
        (HEAD + b"\x3e\x21\x01", Reason.MISSING_PARAMETER),
        (HEAD + b"\x3e\x31\x01\x31\x01\x3f", Reason.INVALID_DATA_TYPE),
        (HEAD + b"\x3e\x09\x01\x31\x01\x3f", Reason.INVALID_TAG),  # context tag in the range
        (HEAD + b"\x3e\x25\x05\x01\x01\x01\x01\x01\x31\x01\x3f", Reason.INVALID_DATA_TYPE),
        (HEAD + b"\x3e\x20\x31\x01\x3f", Reason.INVALID_DATA_TYPE),
        (HEAD + b"\x3e\x21\x01\x30\x3f", Reason.INVALID_DATA_TYPE),
        (HEAD + b"\x7e\xa3\x7e\x07\x04\xb4\x0d\x1e\x05\x00\x31\x01\x7f", Reason.INVALID_DATA_TYPE),
        (HEAD + b"\x3e\x21\x01\x31\x01\x3f\x00", Reason.TOO_MANY_ARGUMENTS),
    ],
)
def test_what_is_rejected(body: bytes, reason: Reason) -> None:
    with pytest.raises(Rejected) as caught:
        parse(body)
    assert caught.value.reason is reason


@given(st.binary(max_size=30))
def test_any_bytes_are_parsed_or_rejected(rest: bytes) -> None:
    for body in (rest, HEAD + rest, HEAD + b"\x3e" + rest, HEAD + b"\x7e" + rest):
        try:
            found = parse(body)
        except Rejected:
            continue
        assert found.range is None or found.range.count
