"""COSEM data in A-XDR: every tag, and what is refused."""

import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from submeter.errors import FrameError
from submeter.sources.dlms.axdr import Data, decode, encode

SIMPLE = st.one_of(
    st.just(Data(0, None)),
    st.builds(Data, st.just(3), st.booleans()),
    st.builds(Data, st.just(4), st.text("01", max_size=20)),
    st.builds(Data, st.just(5), st.integers(-(2**31), 2**31 - 1)),
    st.builds(Data, st.just(6), st.integers(0, 2**32 - 1)),
    st.builds(Data, st.just(9), st.binary(max_size=200)),
    st.builds(Data, st.sampled_from([10, 12]), st.text("abc 0123", max_size=200)),
    st.builds(Data, st.sampled_from([13, 15]), st.integers(-128, 127)),
    st.builds(Data, st.just(16), st.integers(-(2**15), 2**15 - 1)),
    st.builds(Data, st.sampled_from([17, 22]), st.integers(0, 255)),
    st.builds(Data, st.just(18), st.integers(0, 2**16 - 1)),
    st.builds(Data, st.just(20), st.integers(-(2**63), 2**63 - 1)),
    st.builds(Data, st.just(21), st.integers(0, 2**64 - 1)),
    st.builds(Data, st.just(23), st.floats(width=32, allow_nan=False)),
    st.builds(Data, st.just(24), st.floats(allow_nan=False)),
    st.builds(Data, st.just(25), st.binary(min_size=12, max_size=12)),
    st.builds(Data, st.just(26), st.binary(min_size=5, max_size=5)),
    st.builds(Data, st.just(27), st.binary(min_size=4, max_size=4)),
)
VALUES = st.recursive(
    SIMPLE,
    lambda inner: st.builds(Data, st.sampled_from([1, 2]), st.lists(inner, max_size=4)),
    max_leaves=12,
)


@given(VALUES)
def test_what_is_written_is_read(value: Data) -> None:
    octets = encode(value)
    assert decode(octets) == (value, len(octets))
    assert decode(b"\xff\xff" + octets, 2) == (value, len(octets) + 2)


@given(VALUES, st.integers(0, 200))
def test_what_is_cut_is_refused(value: Data, size: int) -> None:
    octets = encode(value)
    if size < len(octets):
        with pytest.raises(FrameError):
            decode(octets[:size])


def test_octets_are_those_of_the_standard() -> None:
    assert decode(bytes.fromhex("0600434560")) == (Data(6, 4408672), 5)
    assert decode(bytes.fromhex("0203 090101 0f ff 16 1b".replace(" ", "")))[0] == Data(
        2, [Data(9, b"\1"), Data(15, -1), Data(22, 27)]
    )
    assert decode(bytes.fromhex("0981 03 010203".replace(" ", "")))[0] == Data(9, b"\1\2\3")
    assert decode(b"\x17" + struct.pack(">f", 1.5))[0] == Data(23, 1.5)
    not_a_number = decode(b"\x18" + struct.pack(">d", math.nan))[0].value
    assert isinstance(not_a_number, float)
    assert math.isnan(not_a_number)


def test_a_compact_array_is_a_list_of_its_elements() -> None:
    rows = [Data(2, [Data(18, n), Data(15, -n)]) for n in range(3)]
    value = Data(19, rows)
    octets = encode(value)
    assert octets == bytes.fromhex("130202120f 09 000000 0001ff 0002fe".replace(" ", ""))
    assert decode(octets) == (value, len(octets))


def test_a_compact_array_may_hold_arrays_of_fixed_length() -> None:
    octets = bytes.fromhex("13 01 0002 11 04 01020304".replace(" ", ""))
    inner = [Data(1, [Data(17, 1), Data(17, 2)]), Data(1, [Data(17, 3), Data(17, 4)])]
    assert decode(octets)[0] == Data(19, inner)


@pytest.mark.parametrize(
    "text",
    [
        "",  # nothing
        "1c05",  # delta-integer
        "ff",  # don't care
        "02ff",  # lengths that are not there
        "0985",
        "0980",
        "0185 ffffffffff",
        "018400ffffff" + "00" * 100,  # more elements than are read
        "01" + "0101" * 200 + "00",  # too deep
        "13 11 05 0102",  # a compact array that ends too early
        "13 12 03 010203",  # or between elements
        "13 00 01 00",  # of nothing
        "13 01ffff 01ffff 01ffff 11 01 00",  # of far too much
    ],
)
def test_what_is_no_data_is_refused(text: str) -> None:
    with pytest.raises(FrameError):
        decode(bytes.fromhex(text.replace(" ", "")))


@given(st.binary(max_size=60))
def test_anything_else_is_read_or_refused(octets: bytes) -> None:
    try:
        value, end = decode(octets)
    except FrameError:
        return
    assert 0 < end <= len(octets)
    assert isinstance(value, Data)


@pytest.mark.parametrize("value", [Data(99, 1), Data(4, 1)])
def test_what_cannot_be_written(value: Data) -> None:
    with pytest.raises(ValueError, match="tag"):
        encode(value)
