"""Whole messages from frames: segments, blocks, parts; lost, doubled and out of order."""

from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from submeter.errors import FrameError
from submeter.sources.dlms import hdlc, mbus_frames, notification, transport
from submeter.sources.dlms.transport import Apdu, Transport
from tooling import dlms_pusher

APDU = dlms_pusher.listed(dlms_pusher.Meter())
OTHER = dlms_pusher.placed([1, 2, 3])
WRAPS: dict[str, Callable[[bytes], bytes]] = {
    "one frame": dlms_pusher.in_frames,
    "one frame without LLC": lambda apdu: dlms_pusher.in_frames(apdu, llc=b""),
    "segments": lambda apdu: dlms_pusher.in_frames(apdu, 50),
    "blocks": dlms_pusher.in_blocks,
    "blocks in segments": lambda apdu: b"".join(
        dlms_pusher.in_frames(block, 60) for block in dlms_pusher.blocks(apdu, 150)
    ),
    "M-Bus": dlms_pusher.in_mbus,
    "M-Bus in small parts": lambda apdu: dlms_pusher.in_mbus(apdu, 40),
    "M-Bus whose length overflows": lambda apdu: dlms_pusher.in_mbus(apdu, 252),
    "M-Bus with blocks": lambda apdu: b"".join(
        map(dlms_pusher.in_mbus, dlms_pusher.blocks(apdu, 100))
    ),
}


def messages(made: Transport, data: bytes) -> list[bytes]:
    return [apdu.data for apdu in made.feed(data)]


@pytest.mark.parametrize("wrap", WRAPS)
def test_a_message_comes_out_as_it_went_in(wrap: str) -> None:
    stream = WRAPS[wrap](APDU)
    made = Transport()
    assert Transport().framing is None
    assert made.feed(stream) == [Apdu(APDU, stream, wrap.startswith("M-Bus"))]
    assert made.framing == ("mbus" if wrap.startswith("M-Bus") else "hdlc")
    assert made.dropped == 0
    assert messages(made, stream + WRAPS[wrap](OTHER)) == [APDU, OTHER]


def test_a_length_that_overflows_is_that_of_263_octets() -> None:
    frame = dlms_pusher.in_mbus(bytes(252))
    assert len(dlms_pusher.in_mbus(bytes(252), 252)) == 263
    assert dlms_pusher.in_mbus(bytes(252), 252)[:4] == b"\x68\x01\x01\x68"
    assert len(frame) > 263


@given(
    st.sampled_from(sorted(WRAPS)), st.lists(st.sampled_from([APDU, OTHER]), max_size=3), st.data()
)
def test_any_split_gives_the_same(wrap: str, sent: list[bytes], data: st.DataObject) -> None:
    noise = data.draw(st.lists(st.binary(max_size=9), min_size=len(sent), max_size=len(sent)))
    stream = b"".join(before + WRAPS[wrap](each) for before, each in zip(noise, sent, strict=True))
    whole = Transport()
    expected = whole.feed(stream)
    for size in (1, data.draw(st.integers(2, 400))):
        made = Transport()
        found = [
            apdu for n in range(0, len(stream), size) for apdu in made.feed(stream[n : n + size])
        ]
        assert found == expected
        assert (made.dropped, made.frames) == (whole.dropped, whole.frames)


def frames(stream: bytes) -> list[bytes]:
    """Return the frames that `stream` is made of."""
    found = [frame.raw for frame in hdlc.Decoder().feed(stream)]
    return found or [part.raw for part in mbus_frames.Decoder().feed(stream)]


@pytest.mark.parametrize(
    "wrap",
    ["segments", "blocks", "blocks in segments", "M-Bus in small parts", "M-Bus with blocks"],
)
def test_a_frame_lost_doubled_or_moved_costs_the_message_and_nothing_else(wrap: str) -> None:
    parts = frames(WRAPS[wrap](APDU))
    assert len(parts) > 2
    good = WRAPS[wrap](OTHER)
    for place in range(len(parts)):
        lost = parts[:place] + parts[place + 1 :]
        doubled = parts[: place + 1] + parts[place:]
        moved = parts[place:] + parts[:place]
        for damaged in (lost, doubled, moved):
            made = Transport()
            made.feed(good)
            found = messages(made, b"".join(damaged) + good)
            assert found[-1:] == [OTHER]
            if damaged is lost:
                assert APDU not in found
            # Segments of a push have no number: what is put together wrongly is no message.
            assert not any(map(is_message, found[:-1])) or found[:-1] == [APDU]


def is_message(data: bytes) -> bool:
    try:
        notification.read(data)
    except FrameError:
        return False
    return True


def test_a_pause_ends_what_was_begun() -> None:
    first, *rest = frames(WRAPS["blocks"](APDU))
    made = Transport()
    made.feed(first)
    made.give_up()
    assert messages(made, b"".join(rest)) == []
    assert made.dropped > 0


def test_bytes_between_the_blocks_end_what_was_begun() -> None:
    first, *rest = frames(WRAPS["blocks"](APDU))
    assert messages(Transport(), first + b"noise" + b"".join(rest)) == []


def test_a_message_without_end_is_dropped() -> None:
    made = Transport()
    frame = hdlc.encode(hdlc.Frame(*dlms_pusher.E450, bytes(1900), segmented=True))
    for _ in range(60):
        assert made.feed(frame) == []
    assert made.dropped > 0
    assert len(made._parts._raw) <= 2 * transport.LARGEST


def test_a_block_of_a_wrong_length_is_dropped() -> None:
    block = bytearray(next(dlms_pusher.blocks(APDU, 1000)))
    block[7] -= 1
    made = Transport()
    assert made.feed(dlms_pusher.in_frames(bytes(block))) == []
    assert made.dropped == 1
    assert made.feed(dlms_pusher.in_frames(b"\xe0\xc0\0\1\0\0")) == []


def test_mbus_frames_of_other_purposes_are_not_taken() -> None:
    frame = bytearray(dlms_pusher.in_mbus(OTHER))
    frame[6] = 0x72
    frame[-2] = sum(frame[4:-2]) & 0xFF
    assert Transport().feed(bytes(frame)) == []


def test_noise_is_not_kept() -> None:
    made, random = Transport(), Random(1)
    for _ in range(50):
        made.feed(random.randbytes(1000))
    assert messages(made, dlms_pusher.in_frames(OTHER)) == [OTHER]
