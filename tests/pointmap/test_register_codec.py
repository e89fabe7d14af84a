import math
import struct
from fractions import Fraction
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modbus.wire import place, register
from submeter.pointmap.address import Table
from submeter.pointmap.register import (
    Absent,
    Constant,
    Order,
    Register,
    RegisterType,
    Text,
    UnlockCode,
)
from submeter.pointmap.register_codec import decode, decode_text, encode, encode_text

HOLDING = Table.HOLDING
VOLTAGE = register("Voltage_L1_N", HOLDING, 0, "float32")
ENERGY_KWH = register("Active_Energy_Import", Table.INPUT, 0, "float32", power=-6)
ENERGY_WH = register("Active_Energy_Import", Table.INPUT, 0, "int64", power=-3)
TIME = register("Demand_Peak_Timestamp", HOLDING, 0, "uint32")
NAN = bytes.fromhex("7fc00000")
ORDERS: tuple[Order, ...] = get_args(Order)
INTEGERS: dict[RegisterType, tuple[int, int]] = {
    "int16": (-(2**15), 2**15 - 1),
    "uint16": (0, 2**16 - 1),
    "int32": (-(2**31), 2**31 - 1),
    "uint32": (0, 2**32 - 1),
    "int64": (-(2**63), 2**63 - 1),
    "uint64": (0, 2**64 - 1),
}
NUMERIC: tuple[RegisterType, ...] = (*INTEGERS, "float32", "float64", "bits")


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_float32_round_trip(number: float) -> None:
    data, misfits = encode(number, VOLTAGE)
    assert struct.unpack(">f", data) == (number,)
    assert decode(data, VOLTAGE) == number
    assert not misfits


@given(st.integers(-(2**70), 2**70))
def test_int64_counts_complete_watt_hours(milli: int) -> None:
    data, misfits = encode(milli, ENERGY_WH)
    whole = milli // 1000
    assert misfits is not (-(2**63) < whole < 2**63)
    if misfits:
        assert data == bytes.fromhex("8000000000000000")
    else:
        assert int.from_bytes(data, signed=True) == whole
        assert decode(data, ENERGY_WH) == whole * 1000


@st.composite
def places(draw: st.DrawFn) -> Register:
    point = draw(
        st.sampled_from(["Voltage_L1_N", "Active_Energy_Import", "Meter_Error", "Demand_Interval"])
    )
    kind = draw(st.sampled_from(NUMERIC))
    return register(
        point,
        HOLDING,
        0,
        kind,
        power=draw(st.integers(-6, 6)),
        scale=Fraction(draw(st.sampled_from(["1", "-1", "10", "0.1", "-0.001", "3", "1/3"]))),
        offset=Fraction(draw(st.integers(-1000, 1000)), 10),
        order=draw(st.sampled_from(ORDERS)),
        codes=draw(st.sampled_from([None, {0: 7, 1: 3, 2: 65000}])),
    )


@given(st.floats(-1e38, 1e38) | st.integers(-(2**80), 2**80) | st.integers(-9, 9), places())
def test_every_number_comes_back_or_is_told_not_to_fit(number: float, entry: Register) -> None:
    data, misfits = encode(number, entry)
    assert len(data) == 2 * entry.words
    back = decode(data, entry)
    if misfits:
        assert data == encode(None, entry)[0]
        assert back is None or entry.type == "bits"  # these have no pattern
    elif entry.codes:
        assert back == number
    else:
        assert back is not None
        assert abs(Fraction(back) - Fraction(number)) <= _resolution(entry, number)


@given(st.none() | st.floats() | st.integers() | st.just(10**400), places())
def test_encoding_never_raises(number: float | None, entry: Register) -> None:
    assert len(encode(number, entry)[0]) == 2 * entry.words


def _resolution(entry: Register, number: int | float) -> Fraction:
    """Return the largest error that the type and the scale excuse, in the unit of readings."""
    unit = 1 / Fraction(10) ** entry.power
    index = bool(entry.point and entry.point.kind == "index")
    size = abs(Fraction(number)) + 2 * abs(entry.offset) * unit
    if entry.type not in INTEGERS and entry.type != "bits":
        smallest = abs(entry.scale) * unit / 2**149
        return size / (2**23 if entry.type == "float32" else 2**51) + smallest + index
    step = abs(entry.scale) * unit
    return (step if index else step / 2) + size / 2**51 + index


@pytest.mark.parametrize("kind", INTEGERS)
@pytest.mark.parametrize("order", ORDERS)
def test_integers_hold_their_range_and_no_more(kind: RegisterType, order: Order) -> None:
    entry = register("Voltage_L1_N", HOLDING, 0, kind, order=order)
    low, high = INTEGERS[kind]
    unknown, _ = encode(None, entry)
    for number in (low, low + 1, 0, 1, high - 1, high):
        data, misfits = encode(number, entry)
        pattern = number % (1 << 16 * entry.words) == entry.invalid
        assert misfits is pattern  # the pattern says unknown, whatever it was made of
        assert decode(data, entry) == (None if pattern else number)
    for number in (low - 1, high + 1, low - 2**64, 10**30):
        assert encode(number, entry) == (unknown, True)


@pytest.mark.parametrize(
    ("kind", "order", "data"),
    [
        ("uint32", "ABCD", "01020304"),
        ("uint32", "CDAB", "03040102"),
        ("uint32", "BADC", "02010403"),
        ("uint32", "DCBA", "04030201"),
        ("uint64", "ABCD", "0102030405060708"),
        ("uint64", "CDAB", "0708050603040102"),
        ("uint64", "BADC", "0201040306050807"),
        ("uint64", "DCBA", "0807060504030201"),
        ("uint16", "CDAB", "0102"),
        ("uint16", "BADC", "0201"),
    ],
)
def test_words_and_bytes_stand_in_their_order(kind: RegisterType, order: Order, data: str) -> None:
    entry = register("Voltage_L1_N", HOLDING, 0, kind, order=order)
    number = int.from_bytes(bytes(range(1, 2 * entry.words + 1)))
    assert encode(number, entry) == (bytes.fromhex(data), False)
    assert decode(bytes.fromhex(data), entry) == number


def test_a_float_has_an_order_too_and_so_has_its_pattern() -> None:
    entry = register("Voltage_L1_N", HOLDING, 0, "float32", order="CDAB")
    assert encode(230.5, entry) == (bytes.fromhex("80004366"), False)
    assert encode(None, entry) == (bytes.fromhex("00007fc0"), False)
    assert decode(bytes.fromhex("00007fc0"), entry) is None


def test_a_float64_is_exact() -> None:
    entry = register("Voltage_L1_N", HOLDING, 0, "float64")
    assert encode(0.1, entry) == (struct.pack(">d", 0.1), False)
    assert encode(2 * 10**308, entry) == (bytes.fromhex("7ff8000000000000"), True)


def test_an_index_is_exact_in_wh_and_nearest_in_kwh() -> None:
    milli = 999_999_999_999
    assert int.from_bytes(encode(milli, ENERGY_WH)[0]) == 999_999_999
    assert encode(milli, ENERGY_KWH) == (struct.pack(">f", 999_999.999999), False)
    assert decode(struct.pack(">f", 0.7), ENERGY_KWH) == 700_000  # a little less as a float32


def test_an_index_beyond_a_double_stays_exact() -> None:
    milli = (2**53 + 1) * 1000 + 999
    data, _ = encode(milli, ENERGY_WH)
    assert int.from_bytes(data) == 2**53 + 1
    assert decode(data, ENERGY_WH) == (2**53 + 1) * 1000


@pytest.mark.parametrize(("milli", "tenths"), [(199_999_999, 1999), (200_000_000, 2000), (-1, -1)])
def test_an_index_counts_complete_steps_of_its_scale(milli: int, tenths: int) -> None:
    """0.1 kWh a count, as many meters have it."""
    tenth = Fraction(1, 10)
    entry = register("Active_Energy_Import", Table.INPUT, 0, "int32", power=-6, scale=tenth)
    assert encode(milli, entry) == (tenths.to_bytes(4, signed=True), False)


def test_a_turned_sign_counts_the_same_steps() -> None:
    entry = register("Active_Energy_Import", Table.INPUT, 0, "int32", power=-3, scale=Fraction(-1))
    assert encode(1999, entry) == ((-1).to_bytes(4, signed=True), False)


@pytest.mark.parametrize(
    ("number", "raw"), [(230.04, 2300), (230.06, 2301), (0.25, 2), (0.75, 8), (-0.25, -2)]
)
def test_an_analog_value_is_rounded_to_the_nearest_count(number: float, raw: int) -> None:
    entry = register("Voltage_L1_N", HOLDING, 0, "int16", scale=Fraction(1, 10))
    assert encode(number, entry) == (raw.to_bytes(2, signed=True), False)


def test_offset_and_scale_go_both_ways() -> None:
    """A count of 0.5 from -40 on: 10 is 100."""
    entry = register("Frequency", HOLDING, 0, "uint16", scale=Fraction(1, 2), offset=Fraction(-40))
    assert encode(10, entry) == (b"\x00\x64", False)
    assert decode(b"\x00\x64", entry) == 10
    assert decode(b"\x00\x65", entry) == 10.5


@pytest.mark.parametrize("number", [None, math.nan, math.inf, -math.inf], ids=str)
def test_what_is_not_known_does_not_misfit(number: float | None) -> None:
    assert encode(number, VOLTAGE) == (NAN, False)
    assert encode(number, TIME) == (b"\xff\xff\xff\xff", False)


@pytest.mark.parametrize("number", [3.5e38, -3.5e38, 10**400])
def test_what_a_float_cannot_hold_reads_as_nan_and_is_told(number: float) -> None:
    assert encode(number, VOLTAGE) == (NAN, True)


@pytest.mark.parametrize("number", [-1, 1 << 32, 10**400])
def test_what_a_time_cannot_be_reads_as_all_ones(number: float) -> None:
    assert encode(number, TIME) == (b"\xff\xff\xff\xff", True)


@pytest.mark.parametrize("number", [1_700_000_000, 1_700_000_000.9])
def test_a_time_is_whole_seconds(number: float) -> None:
    assert int.from_bytes(encode(number, TIME)[0]) == 1_700_000_000


def test_codes_stand_for_values() -> None:
    entry = register("Modbus_Baudrate", HOLDING, 0, "uint16", codes={9600: 2, 19200: 3, 38400: 4})
    for number in (19200, 19200.0):
        assert encode(number, entry) == (b"\0\x03", False)
    assert decode(b"\0\x03", entry) == 19200
    assert encode(4800, entry) == (b"\xff\xff", True)
    assert encode(9600.5, entry) == (b"\xff\xff", True)
    assert decode(b"\0\x05", entry) is None
    as_float = register("Modbus_Baudrate", HOLDING, 0, "float32", codes={9600: 2, 19200: 3})
    assert encode(9600, as_float) == (struct.pack(">f", 2), False)
    assert decode(struct.pack(">f", 3), as_float) == 19200
    assert decode(struct.pack(">f", 2.5), as_float) is None


@pytest.mark.parametrize("data", ["7fc00000", "ffc00000", "7f800000", "ff800000", "7f800001"])
def test_nan_and_infinity_are_no_numbers(data: str) -> None:
    assert decode(bytes.fromhex(data), VOLTAGE) is None


def test_an_accumulator_whose_unknown_is_0_still_counts_from_0() -> None:
    """SunSpec's acc32."""
    entry = register("Active_Energy_Import", HOLDING, 0, "uint32", power=-3, invalid=0)
    assert encode(0, entry) == (bytes(4), False)
    assert decode(bytes(4), entry) is None


def test_a_constant_may_be_the_pattern() -> None:
    """SunSpec's end model is 0xFFFF."""
    entry = place(Constant(0xFFFF), HOLDING, 0, "uint16")
    assert encode(0xFFFF, entry) == (b"\xff\xff", False)
    assert decode(b"\xff\xff", entry) == 0xFFFF


@pytest.mark.parametrize(
    ("text", "fields", "data"),
    [
        ("SunS", {"words": 2}, b"SunS"),
        ("SunSpec", {"words": 2}, b"SunS"),
        ("B2", {"words": 2}, b"B2\0\0"),
        ("Zähler", {"words": 3}, b"Z?hler"),
        ("KX1", {"words": 4, "chars": 1}, b"\0K\0X\x001\0\0"),
        ("B23 ", {"words": 2, "order": "BADC"}, b"2B 3"),
        ("B23 ", {"words": 2, "order": "CDAB"}, b"B23 "),
        ("B23 ", {"words": 2, "order": "DCBA"}, b"2B 3"),
        ("K", {"words": 1, "chars": 1, "order": "BADC"}, b"K\0"),
    ],
)
def test_strings(text: str, fields: dict[str, object], data: bytes) -> None:
    entry = place(Text(text), HOLDING, 0, "string", **fields)
    assert encode_text(text, entry) == data
    kept = entry.words * entry.chars
    back = text.encode("ascii", "replace").decode()[:kept].rstrip()
    assert decode_text(data, entry) == back


@pytest.mark.parametrize(
    ("data", "text"),
    [(b"12  ", "12"), (b" 1\0\0", " 1"), (b"1\0\x002", "1\0\x002"), (b"\xff1\0\0", "�1")],
)
def test_only_nul_and_blanks_at_the_end_of_a_string_are_dropped(data: bytes, text: str) -> None:
    assert decode_text(data, place(UnlockCode(), HOLDING, 0, "string", words=2)) == text


@given(st.text(), st.integers(1, 20), st.sampled_from([1, 2]), st.sampled_from(ORDERS))
def test_any_text_fills_its_registers(text: str, words: int, chars: int, order: Order) -> None:
    entry = place(Text(""), HOLDING, 0, "string", words=words, chars=chars, order=order)
    data = encode_text(text, entry)
    assert len(data) == 2 * words
    cut = text.encode("ascii", "replace").decode()[: words * chars]
    assert decode_text(data, entry) == cut.rstrip("\0 ")


def test_an_absent_string_is_empty() -> None:
    assert encode(None, place(Absent("firmware"), HOLDING, 0, "string", words=3)) == (
        bytes(6),
        False,
    )


def test_the_map_chooses_the_invalid_pattern() -> None:
    entry = register("Voltage_L1_N", HOLDING, 0, "float32", invalid=0xFFC00000)
    assert encode(None, entry) == (bytes.fromhex("ffc00000"), False)


def test_a_bit_has_no_registers_and_a_string_no_number() -> None:
    bit = register("Meter_Error", Table.DISCRETE, 0)
    text = place(Text("x"), HOLDING, 0, "string", words=2)
    with pytest.raises(ValueError, match="is a bit"):
        encode(1, bit)
    with pytest.raises(ValueError, match="holds no number"):
        encode(1, text)
    for entry in (bit, text):
        with pytest.raises(ValueError, match="is no number"):
            decode(bytes(4), entry)
    with pytest.raises(ValueError, match="has 4 bytes, not 2"):
        decode(b"\0\0", VOLTAGE)
