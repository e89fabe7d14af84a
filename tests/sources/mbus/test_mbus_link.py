"""Frames of the link layer, whole and in pieces, among other bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from submeter.errors import FrameError
from submeter.sources.mbus.link import LONGEST, Ack, Decoder, Frame, Long, Short

BYTE = st.integers(0, 255)
FRAMES = st.one_of(
    st.just(Ack()),
    st.builds(Short, BYTE, BYTE),
    st.builds(Long, BYTE, BYTE, BYTE, st.binary(max_size=252)),
)
# None of these can begin a frame, nor stand for the rest of one that began.
JUNK = st.binary(max_size=20).map(lambda data: data.translate(None, b"\x10\x68\xe5"))


def decoded(*pieces: bytes) -> list[Frame]:
    decoder = Decoder()
    return [frame for piece in pieces for frame in decoder.feed(piece)]


def test_frames_as_the_standard_has_them() -> None:
    assert Short(0x40, 5).encode().hex(" ") == "10 40 05 45 16"
    assert Short(0x7B, 5).encode().hex(" ") == "10 7b 05 80 16"
    assert Long(0x53, 0xFE, 0x51, b"\x01\x7a\x08").encode().hex(" ") == (
        "68 06 06 68 53 fe 51 01 7a 08 25 16"
    )
    assert Long(0x53, 1, 0xB9).encode().hex(" ") == "68 03 03 68 53 01 b9 0d 16"
    assert len(Long(8, 1, 0x72, bytes(252)).encode()) == LONGEST
    with pytest.raises(FrameError, match="253 bytes do not fit"):
        Long(8, 1, 0x72, bytes(253)).encode()


@given(st.lists(st.tuples(JUNK, FRAMES), max_size=6), st.lists(st.integers(1, 40), min_size=1))
def test_any_pieces_give_the_same_frames(
    parts: list[tuple[bytes, Frame]], sizes: list[int]
) -> None:
    stream = b"".join(junk + frame.encode() for junk, frame in parts)
    wanted = [frame for _, frame in parts]
    assert decoded(stream) == wanted
    assert decoded(*(stream[n : n + 1] for n in range(len(stream)))) == wanted
    decoder, place = Decoder(), 0
    found: list[Frame] = []
    while place < len(stream):
        size = sizes[place % len(sizes)]
        found += decoder.feed(stream[place : place + size])
        place += size
    assert found == wanted
    assert decoder.junk == sum(len(junk) for junk, _ in parts)
    assert not decoder.pending


@pytest.mark.parametrize(
    "damaged",
    [
        "10 40 05 46 16",
        "10 40 05 45 17",
        "68 03 04 68 08 01 70 79 16",
        "68 03 03 67 08 01 70 79 16",
        "68 03 03 68 08 01 70 78 16",
        "68 03 03 68 08 01 70 79 15",
        "68 02 02 68 08 01 09 16",
    ],
)
def test_what_is_damaged_is_no_frame_and_the_next_one_is(damaged: str) -> None:
    good = Long(8, 1, 0x70).encode()
    assert decoded(bytes.fromhex(damaged)) == []
    assert decoded(bytes.fromhex(damaged), good) == [Long(8, 1, 0x70)]


def test_a_false_beginning_hides_a_frame_until_the_line_is_silent() -> None:
    decoder = Decoder()
    assert list(decoder.feed(b"\x68\xff\xff\x68" + Short(8, 1).encode())) == []
    before = decoder.pending
    assert list(decoder.silence()) == [Short(8, 1)]
    assert (before, decoder.pending, decoder.junk) == (True, False, 4)


def test_a_false_beginning_in_front_of_many_frames() -> None:
    frames = [Long(8, 1, 0x72, bytes(100))] * 5
    stream = b"\x68\xff\xff\x68" + b"".join(frame.encode() for frame in frames)
    assert decoded(stream) == frames
