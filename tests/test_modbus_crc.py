from hypothesis import given
from hypothesis import strategies as st

from submeter.modbus_crc import crc, first_sealed, seal, sealed
from tooling import serial_line


def test_the_example_of_the_standard() -> None:
    assert seal(bytes.fromhex("0207")) == bytes.fromhex("02074112")


@given(st.binary(max_size=300))
def test_it_is_the_crc_worked_out_bit_by_bit(data: bytes) -> None:
    assert crc(data) == serial_line.crc(data)
    assert sealed(seal(data))


@given(st.binary(min_size=1, max_size=60), st.integers(0, 479))
def test_one_wrong_bit_breaks_the_seal(data: bytes, bit: int) -> None:
    frame = bytearray(seal(data))
    frame[bit // 8 % len(frame)] ^= 1 << bit % 8
    assert not sealed(bytes(frame))


def test_the_first_sealed_length() -> None:
    frame = seal(b"\x05\x50\x01\x02\x03")
    assert first_sealed(frame + b"more", 4, 256) == len(frame)
    assert first_sealed(frame, 4, len(frame) - 1) == 0
    assert first_sealed(frame[:-1], 4, 256) == 0
