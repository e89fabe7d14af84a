"""What stands in a register, by its kind of content."""

import logging
import struct
from fractions import Fraction
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modbus.wire import POINTS, measured, place, register, small_map
from submeter.meter.reading import Quality, Reading
from submeter.modbus.identification import Identification
from submeter.modbus.image import Image
from submeter.modbus.tables import Registers
from submeter.pointmap.address import Table
from submeter.pointmap.register import (
    Absent,
    Constant,
    Content,
    Factor,
    Flags,
    How,
    Identity,
    Quantity,
    RegisterType,
    Term,
    Text,
    UnlockCode,
)

NAN = bytes.fromhex("7fc00000")
IMPORT, EXPORT = "Active_Energy_Import", "Active_Energy_Export"
VOLTAGE, CURRENT = "Voltage_L1_N", "Current_L1"
FACTOR, REACTIVE = "Power_Factor_L1", "Reactive_Power_Total"
ALARMS = ("Phase_Loss_L1", "Meter_Error", "Energy_Direction")
OURS = Identification(vendor="Ours", serial="SN-0042-17", model="", application="main")


def one(content: Content, kind: RegisterType | None, **more: Any) -> Image:
    """Return the image of a map with this alone, at HR 0."""
    return Image(small_map([place(content, Table.HOLDING, 0, kind, **more)]), OURS)


def data(image: Image, words: int = 2) -> bytes:
    return image.blocks[3].read(0, words)


def quantity(how: How, *names: str, factor: Factor | None = None) -> Quantity:
    terms = (Term(POINTS[name.lstrip("-")], -1 if name[0] == "-" else 1) for name in names)
    return Quantity(how, tuple(terms), POINTS[REACTIVE] if factor else None, factor)


@pytest.mark.parametrize(
    ("content", "numbers", "expected"),
    [
        (quantity("sum", VOLTAGE, CURRENT), (230.0, 5.0), 235.0),
        (quantity("sum", VOLTAGE, "-" + CURRENT), (230.0, 5.0), 225.0),
        (quantity("sum", "-" + VOLTAGE), (230.0, 5.0), -230.0),
        (quantity("mean", VOLTAGE, CURRENT), (230.0, 5.0), 117.5),
        (quantity("product", VOLTAGE, CURRENT), (230.0, 5.0), 1150.0),
    ],
)
def test_combinations(content: Quantity, numbers: tuple[float, float], expected: float) -> None:
    image = one(content, "float32")
    assert data(image) == NAN
    names = (VOLTAGE, CURRENT)
    image.apply({name: measured(number) for name, number in zip(names, numbers, strict=True)})
    assert data(image) == struct.pack(">f", expected)


def test_a_combination_follows_each_of_its_points_and_is_unknown_with_any() -> None:
    image = one(quantity("sum", VOLTAGE, CURRENT), "float32")
    image.apply({VOLTAGE: measured(230.0)})
    assert data(image) == NAN
    image.apply({CURRENT: measured(5.0)})
    assert data(image) == struct.pack(">f", 235)
    image.apply({VOLTAGE: measured(231.0)})
    assert data(image) == struct.pack(">f", 236)
    image.apply({CURRENT: Reading(5.0, Quality.STALE)})
    assert data(image) == NAN


def test_a_combination_is_encoded_once_an_update(monkeypatch: pytest.MonkeyPatch) -> None:
    image = one(quantity("sum", VOLTAGE, CURRENT, "Frequency"), "float32")
    puts: list[bytes] = []
    put = Registers.put

    def watched(table: Registers, at: slice, data: bytes) -> None:
        puts.append(data)
        put(table, at, data)

    monkeypatch.setattr(Registers, "put", watched)
    image.apply({name: measured(1.0) for name in (VOLTAGE, CURRENT, "Frequency")})
    assert puts == [struct.pack(">f", 3)]
    assert data(image) == struct.pack(">f", 3)


def test_a_sum_of_indexes_is_exact() -> None:
    image = one(quantity("sum", IMPORT, "-" + EXPORT), "int64", power=-3)
    image.apply({IMPORT: measured(2**60 + 2999), EXPORT: measured(1000)})
    assert data(image, 4) == ((2**60 + 1999) // 1000).to_bytes(8)


@pytest.mark.parametrize(
    ("number", "reactive", "quadrants", "inductive", "capacitive"),
    [
        (0.9, 1.0, 0.9, -0.9, 0.9),
        (0.9, 0.0, 0.9, 0.9, 0.9),
        (0.9, -0.0, 0.9, 0.9, 0.9),
        (0.9, -1.0, 1.1, 0.9, -0.9),
        (-0.9, 1.0, -0.9, -0.9, 0.9),
        (-0.9, 0.0, -0.9, 0.9, 0.9),
        (-0.9, -1.0, -1.1, 0.9, -0.9),
        (1.0, -1.0, 1.0, 1.0, -1.0),
        (0.0, -1.0, 2.0, 0.0, 0.0),
        (0.0, 1.0, 0.0, 0.0, 0.0),
    ],
)
def test_power_factors_as_meters_write_them(
    number: float, reactive: float, quadrants: float, inductive: float, capacitive: float
) -> None:
    shown: dict[Factor, float] = {
        "four-quadrant": quadrants,
        "inductive-negative": inductive,
        "capacitive-negative": capacitive,
    }
    assert set(shown) == set(get_args(Factor))
    for factor, expected in shown.items():
        image = one(quantity("point", FACTOR, factor=factor), "float32")
        image.apply({FACTOR: measured(number), REACTIVE: measured(reactive)})
        assert data(image) == struct.pack(">f", expected), factor
        image.apply({REACTIVE: Reading(None, Quality.ABSENT)})
        assert data(image) == NAN


@given(number=st.floats(-1, 1), reactive=st.floats(-1000, 1000))
def test_every_way_of_a_power_factor_tells_the_same_load(number: float, reactive: float) -> None:
    capacitive, inductive = reactive < 0, reactive > 0
    shown = {}
    for factor in get_args(Factor):
        image = one(quantity("point", FACTOR, factor=factor), "float64")
        image.apply({FACTOR: measured(number), REACTIVE: measured(reactive)})
        (shown[factor],) = struct.unpack(">d", data(image, 4))
    quadrant = shown["four-quadrant"]
    magnitude = 2 - abs(quadrant) if capacitive else abs(quadrant)
    assert magnitude == pytest.approx(abs(number))
    assert abs(shown["inductive-negative"]) == abs(shown["capacitive-negative"]) == abs(number)
    if number:
        assert (shown["inductive-negative"] < 0) == inductive
        assert (shown["capacitive-negative"] < 0) == capacitive
        assert (quadrant < 0) == (number < 0)


def test_flags_are_the_points_in_their_last_state() -> None:
    points = {0: POINTS[ALARMS[0]], 3: POINTS[ALARMS[1]], 15: POINTS[ALARMS[2]]}
    image = one(Flags(points), "bits")
    assert data(image, 1) == b"\0\0"
    image.apply(dict.fromkeys(ALARMS, measured(1)))
    assert data(image, 1) == b"\x80\x09"
    image.apply({ALARMS[0]: measured(0), ALARMS[1]: Reading(1, Quality.STALE)})
    assert data(image, 1) == b"\x80\x00"


@pytest.mark.parametrize(
    ("content", "kind", "more", "expected"),
    [
        (Constant(341), "uint16", {}, "0155"),
        (Constant(-2, "A_SF"), "int16", {}, "fffe"),
        (Constant(50.5), "float32", {}, "424a0000"),
        (Constant(0.3), "uint16", {"scale": Fraction(1, 10)}, "0003"),
        (Constant(7), "uint32", {"order": "CDAB"}, "00070000"),
        (Text("B23 "), "string", {"words": 3}, "423233200000"),
        (Identity("vendor"), "string", {"words": 3}, "4f7572730000"),
        (Identity("serial"), "uint32", {}, "00001079"),  # SN-0042-17
        (Identity("model"), "uint16", {}, "0000"),
        (Absent("tariff"), "int16", {}, "8000"),
        (Absent("tariff"), "float32", {"invalid": 0xFFC00000}, "ffc00000"),
        (Absent("name"), "string", {"words": 2}, "00000000"),
        (UnlockCode(), "uint32", {}, "00000000"),
        (UnlockCode(), "string", {"words": 4}, "0000000000000000"),
    ],
)
def test_what_never_changes(
    content: Content, kind: RegisterType, more: dict[str, Any], expected: str
) -> None:
    image = one(content, kind, **more)
    assert data(image, len(expected) // 4).hex() == expected
    image.apply({VOLTAGE: measured(1.0)})
    assert data(image, len(expected) // 4).hex() == expected
    assert image.saturated == 0


def test_a_serial_number_without_an_end_does_not_fit(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    entry = place(Identity("serial"), Table.HOLDING, 0, "uint32")
    image = Image(small_map([entry]), Identification(serial="9" * 5000))
    assert data(image) == b"\xff" * 4
    assert image.saturated == 1
    assert "event=saturated" in caplog.text


def test_codes_stand_for_states() -> None:
    entry = register("Energy_Direction", Table.HOLDING, 0, "int16", codes={0: -1, 1: 3})
    image = Image(small_map([entry]))
    for state, raw in ((0, -1), (1, 3)):
        image.apply({"Energy_Direction": measured(state)})
        assert data(image, 1) == raw.to_bytes(2, signed=True)


def test_a_point_may_stand_in_many_registers() -> None:
    places = [
        register(VOLTAGE, Table.HOLDING, 0, "float32"),
        register(VOLTAGE, Table.HOLDING, 2, "uint16", scale=Fraction(1, 10)),
        place(quantity("sum", VOLTAGE, CURRENT), Table.HOLDING, 3, "uint16"),
    ]
    image = Image(small_map(places))
    image.apply({VOLTAGE: measured(230.5), CURRENT: measured(1.0)})
    assert data(image, 4) == struct.pack(">fHH", 230.5, 2305, 232)


def test_an_absent_bit_and_a_constant_one() -> None:
    places = [
        place(Absent("relay"), Table.DISCRETE, 0),
        place(Constant(1), Table.DISCRETE, 1),
        place(Constant(0), Table.DISCRETE, 2),
    ]
    assert Image(small_map(places)).blocks[2].read(0, 3) == b"\2"
