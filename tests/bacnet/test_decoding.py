"""The decoder of written values, against bacpypes3's encoder."""

import math
import struct
from typing import Any

import pytest
from bacpypes3 import primitivedata as types
from hypothesis import given
from hypothesis import strategies as st

from submeter.bacnet import decoding, encoding
from submeter.bacnet.answer import Reason, RefusedError, Rejected
from submeter.bacnet.decoding import Decoded, Tag, meant
from submeter.bacnet.fault import CHARACTER_SET
from submeter.bacnet.objects.image import encode

WHOLE = st.integers(0, 2**32 - 1)


@given(
    st.one_of(
        st.tuples(st.just(Tag.UNSIGNED), st.just(types.Unsigned), WHOLE),
        st.tuples(st.just(Tag.ENUMERATED), st.just(types.Enumerated), WHOLE),
        st.tuples(st.just(Tag.SIGNED), st.just(types.Integer), st.integers(-(2**31), 2**31 - 1)),
        st.tuples(st.just(Tag.REAL), st.just(types.Real), st.floats(width=32, allow_nan=False)),
        st.tuples(st.just(Tag.DOUBLE), st.just(types.Double), st.floats(allow_nan=False)),
        st.tuples(st.just(Tag.TEXT), st.just(types.CharacterString), st.text()),
        st.tuples(st.just(Tag.OCTETS), st.just(types.OctetString), st.binary(max_size=300)),
        st.tuples(st.just(Tag.BOOLEAN), st.just(types.Boolean), st.booleans()),
    )
)
def test_what_bacpypes3_encodes_is_decoded(case: tuple[Tag, Any, Any]) -> None:
    tag, datatype, value = case
    assert decoding.value(encode(datatype(value))) == Decoded(tag, value)


def test_the_other_types_stay_octets() -> None:
    assert decoding.value(encoding.NULL) == (Tag.NULL, None)
    assert decoding.value(encoding.bits([1, 0, 1])) == (Tag.BITS, b"\x05\xa0")
    assert decoding.value(encoding.date(2026, 1, 4, 7)) == (Tag.DATE, b"\x7e\x01\x04\x07")
    assert decoding.value(encoding.time(1, 2, 3, 4)) == (Tag.TIME, b"\x01\x02\x03\x04")
    assert decoding.value(encoding.identifier(8, 1)) == (Tag.IDENTIFIER, b"\x02\x00\x00\x01")


def test_not_a_number_is_a_real() -> None:
    found = decoding.value(b"\x44\x7f\xc0\x00\x00")
    assert found.tag is Tag.REAL
    assert isinstance(found.value, float)
    assert math.isnan(found.value)


BROKEN = {
    "nothing": (b"", Reason.MISSING_PARAMETER),
    "context tag": (b"\x09\x01", Reason.INVALID_TAG),
    "opening tag": (b"\x3e\x21\x01\x3f", Reason.INVALID_TAG),
    "like an opening tag": (b"\x26\x01", Reason.INVALID_TAG),
    "reserved type": (b"\xd1\x01", Reason.INVALID_TAG),
    "extended tag number": (b"\xf1\x02\x01", Reason.INVALID_TAG),
    "cut short": (b"\x44\x00\x00", Reason.INVALID_TAG),
    "no length": (b"\x75", Reason.INVALID_TAG),
    "length cut short": (b"\x75\xfe", Reason.INVALID_TAG),
    "length of gigabytes": (b"\x75\xff\x7f\xff\xff\xff\x00", Reason.INVALID_TAG),
    "two values": (b"\x21\x01\x21\x02", Reason.TOO_MANY_ARGUMENTS),
    "something behind Null": (b"\x00\x00", Reason.TOO_MANY_ARGUMENTS),
    "Null with content": (b"\x01\x00", Reason.INVALID_DATA_TYPE),
    "Boolean of 2": (b"\x12", Reason.INVALID_DATA_TYPE),
    "REAL of three octets": (b"\x43\x00\x00\x00", Reason.INVALID_DATA_TYPE),
    "Double of four octets": (b"\x54\x00\x00\x00\x00", Reason.INVALID_DATA_TYPE),
    "Unsigned of nothing": (b"\x20", Reason.INVALID_DATA_TYPE),
    "Unsigned of nine octets": (b"\x25\x09" + bytes(9), Reason.INVALID_DATA_TYPE),
    "text without character set": (b"\x70", Reason.INVALID_DATA_TYPE),
    "text that is no UTF-8": (b"\x72\x00\xff", Reason.INVALID_DATA_TYPE),
    "half a character": (b"\x72\x04\x00", Reason.INVALID_DATA_TYPE),
    "bits of nothing": (b"\x80", Reason.INVALID_DATA_TYPE),
    "eight unused bits": (b"\x82\x08\x00", Reason.INVALID_DATA_TYPE),
    "unused bits of nothing": (b"\x81\x01", Reason.INVALID_DATA_TYPE),
    "Date of three octets": (b"\xa3\x00\x00\x00", Reason.INVALID_DATA_TYPE),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_value_is_rejected(name: str) -> None:
    content, reason = BROKEN[name]
    with pytest.raises(Rejected) as caught:
        decoding.value(content)
    assert caught.value.reason is reason


@pytest.mark.parametrize(("number", "content"), [(0, "é".encode()), (4, b"\x00\xe9"), (5, b"\xe9")])
def test_character_sets(number: int, content: bytes) -> None:
    found = decoding.value(encoding.tagged(7, bytes((number,)) + content))
    assert found == (Tag.TEXT, "é")


@pytest.mark.parametrize("number", [1, 2, 3, 6, 255])
def test_other_character_sets_are_refused(number: int) -> None:
    with pytest.raises(RefusedError) as caught:
        decoding.value(encoding.tagged(7, bytes((number,)) + b"abcd"))
    assert caught.value.fault == CHARACTER_SET


@given(st.binary(max_size=40))
def test_whatever_comes_nothing_else_is_raised(content: bytes) -> None:
    try:
        found = decoding.value(content)
    except (Rejected, RefusedError):
        return
    assert found.tag == content[0] >> 4


@given(st.integers(-999999, 999999), st.integers(0, 5))
def test_six_digits_come_through_a_real_as_they_were(digits: int, places: int) -> None:
    number = float(f"{digits}e-{places}")
    assert meant(struct.unpack(">f", struct.pack(">f", number))[0]) == number


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_what_is_meant_is_the_same_real(real: float) -> None:
    assert struct.pack(">f", meant(real)) == struct.pack(">f", real)
