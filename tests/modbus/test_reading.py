import struct
from typing import Literal

import pytest

from modbus.units import MAP, Site
from modbus.wire import STANDARD, measured, read, register, small_map
from submeter.meter.reading import Quality, Reading
from submeter.modbus import reading
from submeter.modbus.image import Image
from submeter.pointmap.address import Table
from submeter.pointmap.meter_file import WhenStale

IMAGE = Image(STANDARD)
IMAGE.apply(
    {
        "Active_Power_Total": measured(1.5),
        "Active_Energy_Import": measured(123_456_789_012),
        "Communication_Status": measured(1),
        "Energy_Direction": measured(1),
    }
)
VOLTAGE, CURRENT, ERROR = "Voltage_L1_N", "Current_L1", "Meter_Error"


def answer(image: Image, pdu: bytes) -> bytes:
    """Return the answer, which must not be silence."""
    reply = reading.read(image, pdu)
    assert reply is not None
    return reply


def test_functions_3_and_4_read_different_tables() -> None:
    assert answer(IMAGE, read(3, 0, 2)) == b"\x03\x04" + struct.pack(">f", 1.5)
    assert answer(IMAGE, read(4, 0, 2)) == b"\x04\x04" + struct.pack(">f", 123_456.789012)
    assert answer(IMAGE, read(4, 100, 4)) == b"\x04\x08" + (123_456_789).to_bytes(8)


def test_functions_1_and_2_read_different_tables() -> None:
    assert answer(IMAGE, read(2, 0, 23)) == b"\x02\x03\x01\x01\x00"
    assert answer(IMAGE, read(1, 0, 3)) == b"\x01\x01\x00"


@pytest.mark.parametrize("pdu", [read(1, 0, 2000), read(2, 0, 2000), read(3, 0, 125)])
def test_the_largest_counts(pdu: bytes) -> None:
    assert answer(IMAGE, pdu)[:2] == bytes((pdu[0], 250))
    assert len(answer(IMAGE, pdu)) == 252


@pytest.mark.parametrize(
    ("pdu", "expected"),
    [
        (read(1, 0, 0), "81 03"),
        (read(1, 0, 2001), "81 03"),
        (read(2, 0, 0), "82 03"),
        (read(2, 0, 2001), "82 03"),
        (read(3, 0, 0), "83 03"),
        (read(3, 0, 126), "83 03"),
        (read(4, 0, 0), "84 03"),
        (read(4, 0, 126), "84 03"),
        (read(4, 0, 0xFFFF), "84 03"),
        (read(3, 65535, 0), "83 03"),  # quantity is checked before address
        (read(3, 65535, 126), "83 03"),
        (read(3, 65535, 2), "83 02"),
        (read(3, 65535, 1), "83 02"),
        (read(2, 65000, 2000), "82 02"),
        (read(3, 12, 8), "83 02"),  # nothing but holes
        (read(3, 1, 2), "83 02"),  # starts within a value
        (read(3, 0, 3), "83 02"),  # ends within a value
        (read(3, 0, 2)[:-1], "83 03"),
        (read(3, 0, 2) + b"\0", "83 03"),
        (b"\x03", "83 03"),
    ],
)
def test_exceptions(pdu: bytes, expected: str) -> None:
    assert answer(IMAGE, pdu) == bytes.fromhex(expected)


def test_holes_beside_values_read_0() -> None:
    data = answer(IMAGE, read(3, 10, 12))[2:]
    assert data[4:20] == bytes(16)
    assert data[:4] == data[20:] == bytes.fromhex("7fc00000")


@pytest.mark.parametrize(
    ("holes", "clipped", "pdu", "expected"),
    [
        ("zero", "refuse", read(3, 0, 5), "03 0a 7fc00000 0000 7fc00000"),
        ("refuse", "refuse", read(3, 0, 5), "83 02"),
        ("refuse", "refuse", read(3, 3, 2), "03 04 7fc00000"),
        ("refuse", "refuse", read(3, 4, 1), "83 02"),
        ("refuse", "serve", read(3, 4, 1), "03 02 0000"),
        ("zero", "serve", read(3, 1, 3), "03 06 0000 0000 7fc0"),
        ("zero", "serve", read(3, 2, 1), "83 02"),
        ("zero", "refuse", read(3, 4, 3), "83 02"),
    ],
)
def test_the_map_decides_on_holes_and_clipped_values(
    holes: Literal["zero", "refuse"],
    clipped: Literal["refuse", "serve"],
    pdu: bytes,
    expected: str,
) -> None:
    places = [
        register(VOLTAGE, Table.HOLDING, 0, "float32"),
        register("Voltage_L2_N", Table.HOLDING, 3, "float32"),
    ]
    assert answer(Image(small_map(places, holes, clipped)), pdu) == bytes.fromhex(expected)


def unknown(stale: str, failed: str = "invalid") -> Image:
    """Return an image of a stale voltage, a failed current and a stale bit."""
    places = [
        register(VOLTAGE, Table.HOLDING, 0, "uint16"),
        register(CURRENT, Table.HOLDING, 1, "uint16"),
        register("Frequency", Table.HOLDING, 2, "uint16"),
        register(ERROR, Table.DISCRETE, 0),
    ]
    when = WhenStale.model_validate({"stale": stale, "failed": failed})
    image = Image(small_map(places), when_stale=when)
    image.apply({name: measured(1) for name in (VOLTAGE, CURRENT, "Frequency", ERROR)})
    image.apply(
        {
            VOLTAGE: Reading(1, Quality.STALE),
            CURRENT: Reading(1, Quality.FAILED),
            ERROR: Reading(1, Quality.STALE),
        }
    )
    return image


@pytest.mark.parametrize(
    ("stale", "failed", "pdu", "expected"),
    [
        ("invalid", "invalid", read(3, 0, 3), "03 06 ffff ffff 0001"),
        ("last", "invalid", read(3, 0, 3), "03 06 0001 ffff 0001"),
        ("failure", "invalid", read(3, 0, 3), "83 04"),
        ("failure", "invalid", read(3, 1, 2), "03 04 ffff 0001"),
        ("no-answer", "invalid", read(3, 0, 1), "83 0b"),
        ("failure", "no-answer", read(3, 0, 2), "83 0b"),
        ("failure", "silence", read(3, 0, 2), None),
        ("failure", "silence", read(3, 0, 1), "83 04"),
        ("silence", "invalid", read(3, 0, 1), None),
        ("silence", "invalid", read(3, 2, 1), "03 02 0001"),
        ("silence", "invalid", read(3, 0, 200), "83 03"),  # only where there is an answer to give
        ("failure", "invalid", read(2, 0, 1), "82 04"),
        ("silence", "invalid", read(2, 0, 1), None),
    ],
)
def test_the_map_decides_on_what_is_not_known(
    stale: str, failed: str, pdu: bytes, expected: str | None
) -> None:
    reply = reading.read(unknown(stale, failed), pdu)
    assert reply == (bytes.fromhex(expected) if expected else None)


def test_the_form_and_the_address_come_before_what_is_not_known() -> None:
    image = Image(MAP, when_stale=WhenStale(stale="failure"))
    assert reading.read(image, read(3, 5, 0)) == b"\x83\x03"
    assert reading.read(image, read(3, 6, 1)) == b"\x83\x02"
    assert reading.read(image, read(3, 5, 2)) == b"\x83\x04"


def test_a_value_that_only_one_count_sees() -> None:
    image = Site().image
    assert reading.read(image, read(3, 2, 1)) == bytes.fromhex("03 02 0012")
    assert reading.read(image, read(3, 2, 2)) == bytes.fromhex("03 04 00e6 0001")
    assert reading.read(image, read(3, 2, 3)) == bytes.fromhex("03 06 0012 0001 0000")
    denied = Image(MAP, when_stale=WhenStale(stale="failure"))
    assert reading.read(denied, read(3, 2, 2)) == b"\x83\x04"


def test_a_value_that_only_one_count_sees_may_lie_anywhere() -> None:
    places = [
        register(VOLTAGE, Table.HOLDING, 0, "float32"),
        register(CURRENT, Table.HOLDING, 1, "uint16", count=1),
        register("Frequency", Table.HOLDING, 9, "uint16", count=1),
    ]
    image = Image(small_map(places))
    image.apply({CURRENT: measured(7), "Frequency": measured(50)})
    assert reading.read(image, read(3, 1, 1)) == bytes.fromhex("03 02 0007")
    assert reading.read(image, read(3, 9, 1)) == bytes.fromhex("03 02 0032")
    assert reading.read(image, read(3, 9, 2)) == b"\x83\x02"
