"""HDLC frames of type 3: made, read, damaged."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from submeter.sources.dlms.hdlc import Decoder, Frame, encode, fcs

E450 = Frame(b"\xce\xff", b"\x03", 0x13, b"\xe6\xe7\x00 and more")
ADDRESSES = st.sampled_from([b"\x03", b"\xff", b"\xce\xff", b"\x02\x04\x06\x21"])
FRAMES = st.builds(
    Frame, ADDRESSES, ADDRESSES, st.integers(0, 255), st.binary(max_size=300), st.booleans()
)


def read(data: bytes) -> list[Frame]:
    return Decoder().feed(data)


def test_the_check_sequence_is_that_of_the_standard() -> None:
    # The check value of CRC-16/X-25, and its definition bit by bit.
    assert fcs(b"123456789") == 0x906E
    register = 0xFFFF
    for octet in b"\xa0\x8b\xce\xff\x03\x13":
        register ^= octet
        for _ in range(8):
            register = register >> 1 ^ (0x8408 if register & 1 else 0)
    assert fcs(b"\xa0\x8b\xce\xff\x03\x13") == register ^ 0xFFFF == 0xE1EE


def test_a_frame_is_laid_out_as_the_meter_does() -> None:
    head = encode(E450)[:10]
    assert head[:3] == bytes([0x7E, 0xA0, len(encode(E450)) - 2])
    assert head[3:7] == b"\xce\xff\x03\x13"
    assert encode(E450)[0] == encode(E450)[-1] == 0x7E


@given(st.lists(FRAMES, max_size=5), st.integers(1, 40))
def test_any_split_gives_what_was_sent(frames: list[Frame], size: int) -> None:
    stream = b"".join(map(encode, frames))
    decoder = Decoder()
    found = [
        frame for n in range(0, len(stream), size) for frame in decoder.feed(stream[n : n + size])
    ]
    assert found == frames
    assert decoder.bad == 0
    assert b"".join(frame.raw for frame in found) == stream
    assert not any(frame.broken for frame in found)


def test_one_flag_may_end_a_frame_and_begin_the_next_and_many_may_fill() -> None:
    octets = encode(E450)
    decoder = Decoder()
    assert decoder.feed(octets + octets[1:] + b"\x7e\x7e\x7e" + octets) == [E450] * 3
    assert decoder.bad == 0


@pytest.mark.parametrize("place", range(1, len(encode(E450)) - 1))
def test_a_flipped_bit_costs_the_frame_and_nothing_of_the_next(place: int) -> None:
    damaged = bytearray(encode(E450))
    damaged[place] ^= 0x10
    good = Frame(b"\x03", b"\x21", 0x73)
    (found,) = read(bytes(damaged) + encode(good))
    assert found == good
    assert found.broken


def test_a_frame_that_was_cut_does_not_swallow_the_next() -> None:
    long = encode(Frame(b"\x03", b"\x21", 0x13, bytes(1000)))
    short = Frame(b"\x03", b"\x21", 0x13, b"short")
    decoder = Decoder()
    assert decoder.feed(long[:100] + encode(short)) == [short]
    assert decoder.bad == 1


def test_a_flag_within_a_frame_is_content() -> None:
    frame = Frame(b"\x03", b"\x21", 0x13, encode(E450)[:9] * 3)
    assert read(encode(frame)) == [frame]


def test_three_octets_are_no_address() -> None:
    octets = encode(Frame(b"\x02\x04\x07", b"\x21", 0x13, b"info"))
    assert read(octets + encode(E450)) == [E450]


def test_what_is_too_long_cannot_be_sent() -> None:
    with pytest.raises(ValueError, match="segment"):
        encode(Frame(b"\x03", b"\x21", 0x13, bytes(2048)))


def test_noise_is_not_kept() -> None:
    decoder = Decoder()
    for _ in range(200):
        decoder.feed(b"\x7e\xa7" * 500)
    held = decoder._scanner
    assert len(held._bytes) < 2100
    assert len(held._open) < 2100
    assert decoder.feed(encode(E450)) == [E450]
