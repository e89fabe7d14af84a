import re
import struct
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from modbus.wire import STANDARD, measured, read, register, small_map
from submeter.modbus.dispatch import answer, respond
from submeter.modbus.framing import Adu
from submeter.modbus.image import Image
from submeter.pointmap.address import Table

IMAGE = Image(STANDARD)
IMAGE.apply(
    {
        "Active_Power_Total": measured(1.5),
        "Active_Energy_Import": measured(123_456_789_012),
        "Communication_Status": measured(1),
        "Energy_Direction": measured(1),
    }
)
DOCUMENT = Path(__file__).parents[2] / "docs" / "modbus.md"


def test_functions_3_and_4_read_different_tables() -> None:
    assert answer(IMAGE, read(3, 0, 2)) == b"\x03\x04" + struct.pack(">f", 1.5)
    assert answer(IMAGE, read(4, 0, 2)) == b"\x04\x04" + struct.pack(">f", 123_456.789012)
    assert answer(IMAGE, read(4, 100, 4)) == b"\x04\x08" + (123_456_789).to_bytes(8)


def test_functions_1_and_2_read_different_tables() -> None:
    assert answer(IMAGE, read(2, 0, 23)) == b"\x02\x03\x01\x01\x00"
    assert answer(IMAGE, read(1, 0, 3)) == b"\x01\x01\x00"


@pytest.mark.parametrize(
    ("pdu", "size"),
    [
        (read(1, 0, 2000), 250),
        (read(2, 0, 2000), 250),
        (read(3, 0, 125), 250),
        (read(4, 0, 125), 250),
    ],
)
def test_the_largest_counts(pdu: bytes, size: int) -> None:
    assert answer(IMAGE, pdu)[:2] == bytes((pdu[0], size))
    assert len(answer(IMAGE, pdu)) == 2 + size


@pytest.mark.parametrize(
    ("pdu", "expected"),
    [
        (read(1, 0, 0), "81 03"),
        (read(1, 0, 2001), "81 03"),
        (read(2, 0, 2001), "82 03"),
        (read(3, 0, 0), "83 03"),
        (read(3, 0, 126), "83 03"),
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
        (b"\x05\x00\x00\xff\x00", "85 01"),
        (b"\x06\x00\x00\x00\x07", "86 01"),
        (bytes.fromhex("0f 0000 0004 01 05"), "8f 01"),
        (bytes.fromhex("10 0000 0002 04 0001 0002"), "90 01"),
        (bytes.fromhex("16 0000 00f2 0025"), "96 01"),
        (bytes.fromhex("17 0000 0002 0000 0001 02 0055"), "97 01"),
        (bytes.fromhex("18 0000"), "98 01"),
        (bytes.fromhex("2b 0e 01 00"), "ab 01"),
        (b"\x41\x00", "c1 01"),
        (b"\x00", "80 01"),
        (b"\x80", "80 01"),
        (b"\x83\x02", "83 01"),
        (b"\xff", "ff 01"),
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
        register("Voltage_L1_N", Table.HOLDING, 0, "float32"),
        register("Voltage_L2_N", Table.HOLDING, 3, "float32"),
    ]
    assert answer(Image(small_map(places, holes, clipped)), pdu) == bytes.fromhex(expected)


@given(st.binary(min_size=1, max_size=253) | st.builds(read, *[st.integers(1, 5)] * 3))
@example(read(1, 0, 2000))
@example(read(4, 0, 125))
def test_any_pdu_gives_an_answer_or_an_exception_of_its_function(pdu: bytes) -> None:
    reply = answer(IMAGE, pdu)
    if reply[0] & 0x80:
        assert reply[0] == pdu[0] | 0x80
        assert len(reply) == 2
        assert reply[1] in (1, 2, 3)
    else:
        assert reply[0] == pdu[0] in (1, 2, 3, 4)
        count = int.from_bytes(pdu[3:])
        size = 2 * count if pdu[0] > 2 else -(-count // 8)
        assert reply[1] == size == len(reply) - 2


def test_unit_and_transaction_come_back() -> None:
    request = Adu(0xBEEF, 9, read(3, 0, 2))
    assert respond({9: IMAGE}, request) == Adu(0xBEEF, 9, b"\x03\x04" + struct.pack(">f", 1.5))


@pytest.mark.parametrize("pdu", [read(3, 0, 2), b"\x06\0\0\0\1", b"\x2b", b"\x83"])
def test_a_unit_that_nobody_has(pdu: bytes) -> None:
    for unit in (0, 2, 255):
        reply = respond({1: IMAGE}, Adu(5, unit, pdu))
        assert reply == Adu(5, unit, bytes((pdu[0] | 0x80, 0x0B)))


def test_the_example_of_the_documentation() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    request, reply = (
        bytes.fromhex(re.findall(rf"^{who}: +([0-9A-F ]+)$", text, re.MULTILINE)[0])
        for who in ("poller", "meter ")
    )
    image = Image(STANDARD)
    image.apply({"Voltage_L1_N": measured(230.5)})
    assert request[:7] == struct.pack(">HHHB", 1, 0, 6, 1)
    assert reply == struct.pack(">HHHB", 1, 0, 7, 1) + answer(image, request[7:])
