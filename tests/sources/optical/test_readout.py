"""Text readouts: what is in them, and what is no readout."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from submeter.sources.optical.readout import LARGEST, DataSet, Decoder, Field, bcc
from tooling.iec_meter import E350, block
from tooling.mutations import pieces

SMALL = block(["1.8.0(1*kWh)"])


def sets(*lines: str) -> tuple[DataSet, ...]:
    (readout,) = Decoder().feed(block(lines))
    return readout.sets


def test_a_readout_of_known_bytes() -> None:
    """Its check character was worked out by hand: the XOR of all from behind STX to ETX."""
    (readout,) = Decoder().feed(b"\x02F.F(00)\r\n!\r\n\x03\r")
    assert readout.sets == (DataSet("F.F", (Field("00"),)),)
    assert readout.raw == b"\x02F.F(00)\r\n!\r\n\x03\r"


def test_data_sets() -> None:
    assert sets("1.8.0(000123.4*kWh)") == (DataSet("1.8.0", (Field("000123.4", "kWh"),)),)
    assert sets("C.5.0()") == (DataSet("C.5.0", (Field(""),)),)
    assert sets("32.7( 229 *V)") == (DataSet("32.7", (Field("229", "V"),)),)
    peak = DataSet("1.6.0", (Field("2.3", "kW"), Field("24-03-04 18:15")))
    assert sets("1.6.0(2.3*kW)(24-03-04 18:15)") == (peak,)
    assert [each.id for each in sets("1.8.1(1)1.8.2(2)(3)", "2.8.0*16(4)", "2.8.0&16(5)")] == [
        "1.8.1",
        "1.8.2",
        "2.8.0*16",
        "2.8.0&16",
    ]


def test_lines_of_another_form_are_left_out() -> None:
    found = sets("hello", "1.8.0(1", "1.8.0)1(", "1.8.0(1*2*3)", "", "2.8.0(7)")
    assert [each.id for each in found] == ["2.8.0"]


def test_readouts_of_many_lines() -> None:
    lines = [f"1.8.0*{number:02}({number:09}.123*kWh)" for number in range(100)] * 4
    assert len(sets(*lines)) == 400


@pytest.mark.parametrize(
    "damaged",
    [
        SMALL[:-1] + bytes([SMALL[-1] ^ 1]),
        SMALL.replace(b"1*kWh", b"2*kWh"),
        SMALL.replace(b"*kWh", b"*k\0Wh"),
        SMALL[:-2] + b"\x04" + SMALL[-1:],
        b"\x02\x03\x03",
        b"\x021.8.0(1)\r\n\x03" + bytes([bcc(b"1.8.0(1)\r\n\x03")]),
        b"\x02" + b"x" * (LARGEST + 10),
        SMALL[:-1],
    ],
)
def test_a_damaged_one_costs_no_other(damaged: bytes) -> None:
    decoder = Decoder()
    assert decoder.feed(damaged) == []
    if damaged != SMALL[:-1]:
        assert decoder.bad == 1
    (readout,) = decoder.feed(SMALL)
    assert readout.raw == SMALL


def test_a_check_character_may_look_like_the_start_of_the_next() -> None:
    short = block(["X(y)"])
    assert short[-1] == 2
    decoder = Decoder()
    assert len(decoder.feed(short + SMALL)) == 2
    assert decoder.bad == 0 or decoder.within is False


def test_the_parity_bit_is_taken_off() -> None:
    even = bytes(byte | (byte.bit_count() & 1) << 7 for byte in SMALL)
    assert Decoder().feed(even) == Decoder().feed(SMALL) != []


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32))
def test_the_split_of_the_bytes_makes_no_difference(seed: int) -> None:
    random = Random(seed)
    stream = block(E350) + b"noise" + SMALL[:-4] + SMALL + b"\x03" + block(E350)
    whole, split = Decoder(), Decoder()
    expected = whole.feed(stream)
    assert len(expected) == 3
    assert [each for part in pieces(stream, random) for each in split.feed(part)] == expected
    assert split.bad == whole.bad
