"""Records of every kind: what our encoder writes, the decoder reads, exactly."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from submeter.errors import FrameError
from submeter.pointmap.mbus_record import QUANTITIES
from submeter.sources.mbus import extended_vif, primary_vif, record
from submeter.sources.mbus.record import Record
from submeter.sources.mbus.scale import Meaning
from tooling import mbus_records as made

TABLES = {
    (): primary_vif.PRIMARY,
    (0x7B,): extended_vif.FB,
    (0x7D,): extended_vif.FD,
    (0x7D, 0x7D): extended_vif.FD_FD,
}
EVERY = [
    ((*prefix, code), meaning)
    for prefix, table in TABLES.items()
    for code, meaning in table.items()
]
NUMBERS = [(codes, meaning) for codes, meaning in EVERY if meaning.form == "number"]
KINDS = st.fixed_dictionaries(
    {
        "function": st.sampled_from(made.FUNCTIONS),
        "storage": st.integers(0, 2**41 - 1),
        "tariff": st.integers(0, 2**20 - 1),
        "subunit": st.integers(0, 2**10 - 1),
    }
)
ENERGY = made.vib(0x03)


def read(data: bytes) -> Record:
    found, place = record.read(data, 0)
    assert place == len(data)
    return found


def of(codes: bytes, number: int = 7) -> Record:
    return read(made.dib(made.INTEGERS[4]) + codes + made.integer(number, 4))


def test_every_meaning_is_a_quantity_of_the_maps() -> None:
    tables = (*TABLES.values(), primary_vif.FIXED)
    names = {each.quantity for table in tables for each in table.values()}
    assert names <= QUANTITIES.keys()


@given(KINDS, st.sampled_from(NUMBERS), st.data())
def test_whole_numbers(kind: Any, of: tuple[tuple[int, ...], Meaning], data: st.DataObject) -> None:
    codes, meaning = of
    length = data.draw(st.sampled_from(sorted(made.INTEGERS)))
    top = 2 ** (8 * length - 1)
    number = data.draw(st.integers(1 - top, top - 1))
    raw = made.dib(made.INTEGERS[length], **kind) + made.vib(*codes) + made.integer(number, length)
    found = read(raw)
    assert found.number == number * meaning.factor + meaning.offset
    assert found.quantity == meaning.quantity
    assert found.text == str(number)
    assert found.vif == made.vib(*codes)
    assert {name: getattr(found, name) for name in kind} == kind


@given(st.sampled_from(NUMBERS), st.sampled_from(sorted(made.BCDS)), st.data())
def test_decimal_numbers(
    of: tuple[tuple[int, ...], Meaning], digits: int, data: st.DataObject
) -> None:
    codes, meaning = of
    number = data.draw(st.integers(1 - 10 ** (digits - 1), 10**digits - 1))
    found = read(made.dib(made.BCDS[digits]) + made.vib(*codes) + made.bcd(number, digits))
    assert found.number == number * meaning.factor + meaning.offset


@given(st.floats(width=32))
def test_real_numbers(number: float) -> None:
    found = read(made.dib(5) + ENERGY + made.real(number))
    finite = abs(number) != float("inf") and number == number
    assert found.number == (Fraction(number) if finite else None)


@given(st.text(st.characters(codec="latin-1"), max_size=100))
def test_texts(said: str) -> None:
    found = read(made.dib(0x0D) + made.vib(0x7D, 0x11) + made.text(said))
    assert (found.quantity, found.number, found.text) == ("customer", None, said)


@given(st.integers(1 - 10**28, 10**28 - 1))
def test_decimal_numbers_of_any_length(number: int) -> None:
    assert read(made.dib(0x0D) + ENERGY + made.variable_bcd(number)).number == number


@given(st.binary(min_size=1, max_size=15))
def test_binary_numbers_of_any_length(raw: bytes) -> None:
    found = read(made.dib(0x0D) + ENERGY + made.variable_binary(raw))
    assert found.number == int.from_bytes(raw, "little")


@pytest.mark.parametrize(("lvar", "length"), [(0xF0, 16), (0xF4, 32), (0xF5, 48), (0xF6, 64)])
def test_large_binary_numbers(lvar: int, length: int) -> None:
    found = read(made.dib(0x0D) + ENERGY + bytes([lvar]) + b"\x01" * length)
    assert found.number == int("01" * length, 16)


def test_flags_of_no_bytes_say_nothing() -> None:
    assert read(made.dib(0x0D) + made.vib(0x7D, 0x17) + b"\xe0").number is None


def test_records_without_data() -> None:
    for coding in (0x00, 0x08):
        assert read(made.dib(coding) + ENERGY).number is None


@pytest.mark.parametrize(
    ("coding", "data", "said"),
    [
        (0x0C, "78 56 34 1A", "1A345678"),
        (0x0C, "EE EE EE EE", "EEEEEEEE"),
        (0x0A, "0F 12", "120F"),
        (0x0D, "C2 FF 12", "12FF"),
        (0x0D, "C0", ""),
        (0x0D, "E0", ""),
        (0x02, "00 80", "-32768"),
        (0x04, "00 00 00 80", "-2147483648"),
    ],
)
def test_what_a_meter_sends_for_no_value_gives_none(coding: int, data: str, said: str) -> None:
    found = read(made.dib(coding) + ENERGY + bytes.fromhex(data))
    assert (found.number, found.text) == (None, said)


def test_a_negative_decimal_number_has_f_in_front() -> None:
    assert read(bytes.fromhex("0A 5A 23 F1")).number == Fraction(-123, 10)


@pytest.mark.parametrize(
    ("codes", "number"),
    [
        ((0x03, 0x70), Fraction(7, 10**6)),
        ((0x03, 0x76), 7),
        ((0x03, 0x77), 70),
        ((0x03, 0x7D), 7000),
        ((0x03, 0x70, 0x7D, 0x77), Fraction(7, 100)),
        ((0x13, 0x7B), Fraction(8, 1000)),
        ((0x13, 0x78), Fraction(7001, 10**6)),
        ((0x7B, 0x58), (Fraction(7, 1000) - 32) * Fraction(5, 9)),
        ((0x7B, 0x08), Fraction(7 * 10**8, 3600)),
        ((0x7B, 0x0D), 7 * 1163),
        ((0x0E,), Fraction(7 * 10**6, 3600)),
        ((0x40,), Fraction(7 * 60, 10**7)),
        ((0x7D, 0x33), 7 * 86_400),
    ],
)
def test_scales(codes: tuple[int, ...], number: Fraction | int) -> None:
    assert of(made.vib(*codes)).number == number


@pytest.mark.parametrize(
    ("codes", "vife"),
    [
        ((0x03,), ()),
        ((0x03, 0x00), ()),
        ((0x03, 0x1D), ()),
        ((0x03, 0x3B), ()),
        ((0x03, 0x74), ()),
        ((0x03, 0x3C), (0x3C,)),
        ((0x03, 0x74, 0x3C), (0x3C,)),
        ((0x03, 0x78), (0x78,)),
        ((0x7D, 0x48, 0x7C, 0x01), (0x7C, 0x01)),
        ((0x7D, 0x48, 0x7F, 0x01), (0x7F, 0x01)),
        ((0x7D, 0x48, 0x7F, 0x00, 0x16), (0x7F, 0x00, 0x16)),
        ((0x7F, 0x12, 0x00), (0x12, 0x00)),
    ],
)
def test_extensions_that_change_the_meaning_are_told(
    codes: tuple[int, ...], vife: tuple[int, ...]
) -> None:
    found = of(made.vib(*codes))
    assert (found.vife, found.error) == (vife, None)


def test_a_record_with_an_error_has_no_value() -> None:
    found = of(made.vib(0x03, 0x15))
    assert (found.number, found.error, found.text) == (None, "no data", "7")


def test_a_unit_in_plain_text() -> None:
    found = of(made.vib(0x7C, 0x74, unit_text="%RH"))
    assert (found.quantity, found.unit_text, found.number) == (
        "plain text",
        "%RH",
        Fraction(7, 100),
    )
    assert of(made.vib(0x7C, unit_text="")).unit_text == ""


def test_what_is_not_in_the_tables_is_reserved_and_does_not_shift_the_rest() -> None:
    for codes in ((0x6F,), (0x7D, 0x77), (0x7B, 0x7F - 0x60), (0x7D, 0x7D, 0x55)):
        assert of(made.vib(*codes)).quantity == "reserved"
    assert of(made.vib(0x7E)).quantity == "any"
    assert of(made.vib(0x7F)).quantity == "manufacturer"


def test_flags_have_no_sign() -> None:
    found = read(made.dib(1) + made.vib(0x7D, 0x17) + b"\x80")
    assert (found.number, found.text) == (0x80, "80")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (bytes([0x84]), "within a DIF"),
        (bytes([0x84] * 11 + [0x00, 0x03, 0, 0, 0, 0]), "more than 10 DIFE"),
        (bytes([0x04]), "within a VIF"),
        (bytes([0x04, 0xFD]), "within a VIF"),
        (bytes([0x04, *[0x83] * 12, 0, 0, 0, 0, 0]), "more than 10 VIFE"),
        (bytes([0x04, 0x7C]), "within a unit in plain text"),
        (bytes([0x04, 0x7C, 5, 0x41]), "within a unit in plain text"),
        (bytes([0x04, 0x03, 0, 0, 0]), "within the data"),
        (bytes([0x0D, 0x03]), "within the data"),
        (bytes([0x0D, 0x03, 0xF7]), "LVAR F7 is reserved"),
        (bytes([0x3F]), "DIF 3F is reserved"),
    ],
)
def test_what_is_malformed(data: bytes, why: str) -> None:
    with pytest.raises(FrameError, match=why):
        record.read(data, 0)
