import pytest
from hypothesis import given
from hypothesis import strategies as st

from modbus.wire import frame, read
from submeter.errors import FrameError
from submeter.modbus.framing import Adu, pack, take

adus = st.builds(
    Adu,
    transaction=st.integers(0, 65535),
    unit=st.integers(0, 255),
    pdu=st.binary(min_size=1, max_size=253),
)


@given(adu=adus, before=st.binary(max_size=9), after=st.binary(max_size=9))
def test_round_trip_anywhere_in_a_buffer(adu: Adu, before: bytes, after: bytes) -> None:
    data = pack(adu)
    buffer = before + data + after
    assert take(buffer, len(before), len(buffer)) == adu
    assert adu.size == len(data)


@given(adu=adus, data=st.data())
def test_no_part_of_a_frame_is_a_frame_or_a_fault(adu: Adu, data: st.DataObject) -> None:
    frame_bytes = pack(adu)
    end = data.draw(st.integers(0, len(frame_bytes) - 1))
    assert take(frame_bytes, 0, end) is None


def test_the_header_is_laid_out_as_the_guide_says() -> None:
    assert pack(Adu(0x0102, 0x11, b"\x03\x00")) == bytes.fromhex("0102 0000 0003 11 0300")
    assert take(frame(read(3, 1, 2), 7, 9), 0, 12) == Adu(9, 7, read(3, 1, 2))


def test_bytes_behind_the_end_do_not_count() -> None:
    assert take(frame(read(3, 0, 1)), 0, 11) is None


@pytest.mark.parametrize("length", [0, 1, 255, 300, 65535])
def test_an_impossible_length_is_a_fault_at_once(length: int) -> None:
    header = bytes.fromhex("0001 0000") + length.to_bytes(2)
    with pytest.raises(FrameError, match=f"length {length}"):
        take(header, 0, 6)


@pytest.mark.parametrize("length", [2, 254])
def test_the_shortest_and_the_longest_length_are_none(length: int) -> None:
    data = bytes.fromhex("0001 0000") + length.to_bytes(2) + bytes(length)
    assert take(data, 0, len(data)) == Adu(1, 0, bytes(length - 1))


@pytest.mark.parametrize("protocol", [1, 0x0100, 0xFFFF])
def test_another_protocol_id_is_a_fault(protocol: int) -> None:
    with pytest.raises(FrameError, match="protocol id"):
        take(b"\0\x01" + protocol.to_bytes(2) + b"\0\x06", 0, 6)
