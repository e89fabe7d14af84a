from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modbus.units import ADDRESS, CODE, NOW, PEER, Site, plain
from modbus.wire import STANDARD, frame, measured, read, register, small_map
from submeter.errors import FrameError
from submeter.meter.reading import Quality, Reading
from submeter.modbus import dispatch, framing
from submeter.modbus.image import Image
from submeter.modbus.station import DEAR, REMEMBERED, TURN, Station
from submeter.modbus.unit import Unit
from submeter.pointmap.address import Table
from submeter.pointmap.meter_file import Fallback, WhenStale

POWER = "Active_Power_Total"


def image(power: float) -> Image:
    made = Image(STANDARD)
    made.apply({POWER: measured(power), "Meter_Error": measured(1)})
    return made


UNITS = {1: plain(image(1.0)), 7: plain(image(7.0))}
reads = st.builds(
    read,
    st.sampled_from([1, 2, 3, 3, 3, 4, 4]),
    st.sampled_from([0, 0, 2, 20, 100, 1000, 1001, 65535]) | st.integers(0, 65535),
    st.sampled_from([0, 1, 2, 2, 4, 8, 60, 125, 126]) | st.integers(0, 65535),
)
requests = st.builds(
    frame,
    reads | reads | st.binary(min_size=1, max_size=253),
    st.sampled_from([1, 1, 7, 9]),
    st.integers(0, 65535),
)
nonsense = st.sampled_from([b"\0\1\0\1\0\6", b"\0\1\0\0\0\1", b"\0\1\0\0\1\x2c"])


def specified(request: framing.Adu) -> bytes:
    """Return the frame that answers `request`, of which no answer is silence."""
    unit = UNITS.get(request.unit)
    pdu = bytes((request.pdu[0] | 0x80, 0x0B))
    if unit:
        reply = dispatch.answer(unit, request.pdu, PEER, NOW)
        assert isinstance(reply, bytes)
        pdu = reply
    return framing.pack(request._replace(pdu=pdu))


def as_specified(data: bytes) -> tuple[bytes, bool]:
    """Return the answers that `framing` and `dispatch` give, and whether the stream is sound."""
    answers, at = b"", 0
    try:
        while adu := framing.take(data, at, len(data)):
            answers += specified(adu)
            at += adu.size
    except FrameError:
        return answers, False
    return answers, True


def in_pieces(station: Station, pieces: Iterable[bytes]) -> tuple[bytes, bool]:
    """Return the answers to a stream that arrives in `pieces`."""
    answers, waiting = b"", b""
    for piece in pieces:
        waiting += piece
        # What stands behind the end is left over from earlier requests: it must not matter.
        buffer = waiting + frame(read(3, 0, 2))
        used = 1
        while used:
            given_, used, sound, pending = station.answers(buffer, len(waiting), PEER)
            assert pending is None
            answers += given_
            waiting, buffer = waiting[used:], buffer[used:]
            if not sound:
                return answers, False
    return answers, True


@given(
    frames=st.lists(requests, max_size=12),
    tail=st.just(b"") | nonsense | st.binary(max_size=5),
    data=st.data(),
)
def test_any_split_of_a_stream_gives_the_specified_answers(
    frames: list[bytes], tail: bytes, data: st.DataObject
) -> None:
    stream = b"".join(frames) * 2 + tail  # twice, so that requests are remembered
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert in_pieces(Station(UNITS), pieces) == as_specified(stream)


@given(st.lists(st.binary(max_size=40), max_size=10))
def test_any_bytes_are_answered_or_end_the_stream(pieces: list[bytes]) -> None:
    assert in_pieces(Station(UNITS), pieces) == as_specified(b"".join(pieces))


@pytest.mark.parametrize("copies", [1, 3])
def test_a_remembered_request_reads_what_is_there_now(copies: int) -> None:
    meter = image(1.0)
    station = Station({1: plain(meter)})
    stream = frame(read(3, 0, 2)) * copies
    for power in (1.0, 2.0, 3.0):
        meter.apply({POWER: measured(power)})
        answers, used, sound, _ = station.answers(stream, len(stream), PEER)
        assert answers == frame(b"\x03\x04" + meter.blocks[3].read(0, 2)) * copies
        assert (used, sound) == (12 * copies, True)
    assert station.requests == 3 * copies


@pytest.mark.parametrize("copies", [1, 2])
@pytest.mark.parametrize(("lost", "there", "beside"), [(POWER, 0, 20), ("Voltage_L1_N", 20, 0)])
@pytest.mark.parametrize(
    ("fallback", "reply"), [("failure", b"\x83\x04"), ("no-answer", b"\x83\x0b"), ("silence", None)]
)
def test_a_remembered_request_is_refused_while_its_value_is_not_known(
    fallback: Fallback, reply: bytes | None, lost: str, there: int, beside: int, copies: int
) -> None:
    meter = Image(STANDARD, when_stale=WhenStale(failed=fallback))
    good = {entry: measured(1.0) for entry in (p.name for p in STANDARD.points)}
    meter.apply(good)
    station = Station({1: plain(meter)})
    value, other = frame(read(3, there, 2)) * copies, frame(read(3, beside, 2)) * copies

    def ask(stream: bytes) -> bytes:
        return station.answers(stream, len(stream), PEER)[0]

    answered, elsewhere = ask(value), ask(other)
    meter.apply({lost: Reading(1.0, Quality.FAILED)})
    assert ask(value) == (frame(reply) * copies if reply else b"")
    assert ask(other) == elsewhere
    meter.apply(good)
    assert ask(value) == answered
    assert station.requests == 5 * copies
    assert station.silent == (0 if reply else copies)
    assert station.exceptions == (copies if reply else 0)


def test_what_only_one_count_sees_is_not_remembered_as_the_rest() -> None:
    site = Site()
    station = Station({1: site.unit})
    for _ in range(3):
        for count, data in ((1, "03 02 0012"), (2, "03 04 00e6 0001"), (3, "03 06 0012 0001 0000")):
            request = frame(read(3, 2, count))
            assert station.answers(request, 12, PEER)[0] == frame(bytes.fromhex(data))


@pytest.mark.parametrize("copies", [1, 2])
def test_a_value_that_is_not_known_makes_no_other_read_slower(
    copies: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    meter = Image(STANDARD, when_stale=WhenStale(failed="failure"))
    meter.apply({entry: measured(1.0) for entry in (p.name for p in STANDARD.points)})
    station = Station({1: plain(meter)})
    beside = [frame(read(3, *span)) * copies for span in ((2, 8), (2, 125), (20, 2))]
    answered = [station.answers(each, len(each), PEER)[0] for each in beside]
    meter.apply({POWER: Reading(1.0, Quality.FAILED)})  # registers 0 and 1
    assert meter.blocks[3].denied
    monkeypatch.setattr(dispatch, "answer", None)
    assert [station.answers(each, len(each), PEER)[0] for each in beside] == answered


@pytest.mark.parametrize(
    ("pdu", "most"),
    [
        (b"\x11", TURN // DEAR),
        (b"\x2b\x0e\x03\x00", TURN // DEAR),
        (b"\x06\0\0\0\0", TURN // DEAR),
        (read(1, 0, 1), TURN),
        (read(3, 0, 0), TURN),
    ],
)
def test_a_call_answers_a_bounded_number_of_requests(pdu: bytes, most: int) -> None:
    station = Station(UNITS)
    stream = frame(pdu) * (2 * most + 3)
    size, left = len(frame(pdu)), stream
    for number in (most, most, 3, 0):
        answers, used, sound, pending = station.answers(left, len(left), PEER)
        assert (used, sound, pending) == (number * size, True, None)
        assert answers == as_specified(left[:used])[0]
        left = left[used:]
    assert station.requests == 2 * most + 3


def test_remembered_reads_are_answered_a_buffer_at_a_time() -> None:
    station = Station(UNITS)
    request = frame(read(3, 0, 2))
    stream = request * 300 + frame(b"\x11") * (TURN // DEAR + 1)
    station.answers(request, 12, PEER)
    answers, used, _, _ = station.answers(stream, len(stream), PEER)
    assert used == len(stream) - len(frame(b"\x11"))
    assert answers == as_specified(stream[:used])[0]


def test_many_different_requests_are_answered_and_forgotten() -> None:
    station = Station(UNITS)
    for _ in range(2):
        for number in range(REMEMBERED + 200):
            request = frame(read(3, number % 30 * 2, 2 + number // 30 * 2), 7, number)
            assert station.answers(request, 12, PEER)[0] == as_specified(request)[0]
    assert len(station._known) <= REMEMBERED


def test_requests_exceptions_and_broken_streams_are_counted() -> None:
    station = Station(UNITS)
    stream = frame(read(3, 0, 2)) * 3 + frame(read(3, 0, 0)) + frame(b"\x2b") + b"\0\1\0\1\0\6"
    answers, used, sound, _ = station.answers(stream, len(stream), PEER)
    assert (station.requests, station.exceptions, station.broken) == (5, 2, 1)
    assert len(answers) == 3 * 13 + 2 * 9
    assert (used, sound) == (len(stream) - 6, False)


@pytest.mark.parametrize("pdu", [read(3, 0, 2), b"\x06\0\0\0\1", b"\x2b", b"\x83"])
def test_a_unit_that_nobody_has(pdu: bytes) -> None:
    for unit in (0, 2, 255):
        request = frame(pdu, unit, 0xBEEF)
        reply = frame(bytes((pdu[0] | 0x80, 0x0B)), unit, 0xBEEF)
        assert Station(UNITS).answers(request, len(request), PEER)[0] == reply


@pytest.mark.parametrize("right", [True, False])
def test_what_is_worked_on_stops_the_stream_until_it_is_done(right: bool) -> None:
    site = Site()
    station = Station({1: site.unit})
    before, after = frame(read(3, 2, 1), transaction=7), frame(read(3, 2, 1), transaction=9)
    code = int(CODE) if right else 1
    unlock = frame(bytes.fromhex("10 0014 0002 04") + code.to_bytes(4), transaction=8)
    stream = before + unlock + after
    answers, used, sound, pending = station.answers(stream, len(stream), PEER)
    assert answers == frame(bytes.fromhex("03 02 0012"), transaction=7)
    assert (used, sound) == (len(before + unlock), True)
    assert pending
    assert pending.work() is right
    reply = bytes.fromhex("10 0014 0002") if right else b"\x90\x03"
    assert pending.finish(right) == frame(reply, transaction=8)
    assert (station.requests, station.exceptions) == (2, 1 - right)
    assert station.answers(stream[used:], len(after), PEER)[0][:2] == b"\0\x09"


def test_a_write_is_seen_by_the_next_request() -> None:
    site = Site()
    site.door.then = lambda: site.image.apply({ADDRESS: measured(0x22)})
    station = Station({1: site.unit})
    written, reading = frame(bytes.fromhex("06 0002 0022")), frame(read(3, 2, 1))
    stream = reading + written + reading
    station.answers(stream, len(stream), PEER)
    site.image.apply({ADDRESS: measured(0x12)})
    answers = station.answers(stream, len(stream), PEER)[0]
    assert answers == (
        frame(bytes.fromhex("03 02 0012")) + written + frame(bytes.fromhex("03 02 0022"))
    )


def test_a_unit_under_two_ids_answers_with_the_id_it_was_asked_by() -> None:
    unit = Unit(
        Image(small_map([register(POWER, Table.HOLDING, 0, "float32")])), UNITS[1].identification
    )
    station = Station({1: unit, 255: unit})
    for number in (1, 255, 1, 255):
        request = frame(read(3, 0, 2), number)
        assert station.answers(request, 12, PEER)[0][6] == number
