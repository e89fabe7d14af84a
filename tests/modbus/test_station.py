from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from modbus.wire import STANDARD, frame, measured, read
from submeter.errors import FrameError
from submeter.modbus import framing
from submeter.modbus.dispatch import respond
from submeter.modbus.image import Image
from submeter.modbus.station import REMEMBERED, Station


def image(power: float) -> Image:
    made = Image(STANDARD)
    made.apply({"Active_Power_Total": measured(power), "Meter_Error": measured(1)})
    return made


UNITS = {1: image(1.0), 7: image(7.0)}
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


def as_specified(data: bytes) -> tuple[bytes, bool]:
    """Return the answers that `framing` and `dispatch` give, and whether the stream is sound."""
    answers, at = b"", 0
    try:
        while adu := framing.take(data, at, len(data)):
            answers += framing.pack(respond(UNITS, adu))
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
        given_, used, sound = station.answers(waiting + frame(read(3, 0, 2)), len(waiting))
        answers += given_
        waiting = waiting[used:]
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


def test_a_remembered_request_reads_what_is_there_now() -> None:
    meter = image(1.0)
    station = Station({1: meter})
    request = frame(read(3, 0, 2))
    for power in (1.0, 2.0, 3.0):
        meter.apply({"Active_Power_Total": measured(power)})
        answer, used, sound = station.answers(request, len(request))
        assert answer[9:] == meter.blocks[3].read(0, 2)
        assert (used, sound) == (12, True)


def test_many_different_requests_are_answered_and_forgotten() -> None:
    station = Station(UNITS)
    for _ in range(2):
        for number in range(REMEMBERED + 200):
            request = frame(read(3, number % 30 * 2, 2 + number // 30 * 2), 7, number)
            assert station.answers(request, 12)[0] == as_specified(request)[0]
    assert len(station._known) <= REMEMBERED


def test_requests_exceptions_and_broken_streams_are_counted() -> None:
    station = Station(UNITS)
    stream = frame(read(3, 0, 2)) * 3 + frame(read(3, 0, 0)) + frame(b"\x2b") + b"\0\1\0\1\0\6"
    answers, used, sound = station.answers(stream, len(stream))
    assert (station.requests, station.exceptions, station.broken) == (5, 2, 1)
    assert len(answers) == 3 * 13 + 2 * 9
    assert (used, sound) == (len(stream) - 6, False)
