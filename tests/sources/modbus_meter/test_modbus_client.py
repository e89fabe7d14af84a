"""Requests and their answers, byte by byte."""

from random import Random

import pytest

from submeter.modbus_crc import crc
from submeter.pointmap.spans import Span
from submeter.sources.modbus_meter.client import MOST, Call, Data, Refused, RtuCall, TcpCall
from tooling.mutations import pieces
from tooling.serial_line import crc as independent_crc
from tooling.serial_line import sealed

REGISTERS, BITS = Span(3, 0x5B00, 2), Span(2, 1000, 10)


def test_the_checksum_is_that_of_the_standard() -> None:
    for seed in range(50):
        data = Random(seed).randbytes(seed)
        assert crc(data) == independent_crc(data)


def test_requests_are_those_of_the_standard() -> None:
    assert RtuCall(REGISTERS, 5).request == sealed(bytes.fromhex("05 03 5B00 0002"))
    assert TcpCall(BITS, 5, 0x10001).request == bytes.fromhex("0001 0000 0006 05 02 03E8 000A")


@pytest.mark.parametrize(
    ("call", "answer", "data"),
    [
        (RtuCall(REGISTERS, 5), sealed(bytes.fromhex("05 03 04 0001 0203")), "00010203"),
        (RtuCall(BITS, 5), sealed(bytes.fromhex("05 02 02 FF 03")), "ff03"),
        (TcpCall(REGISTERS, 5, 7), bytes.fromhex("0007 0000 0007 05 03 04 0001 0203"), "00010203"),
        (TcpCall(BITS, 0, 7), bytes.fromhex("0007 0000 0005 00 02 02 FF 03"), "ff03"),
    ],
)
def test_an_answer_is_understood_in_any_pieces(call: Call, answer: bytes, data: str) -> None:
    found = [call.feed(bytes([byte])) for byte in answer]
    assert found[:-1] == [None] * (len(answer) - 1)
    assert found[-1] == Data(bytes.fromhex(data), answer)
    assert len(answer) == call.longest


@pytest.mark.parametrize(
    ("call", "answer"),
    [
        (RtuCall(REGISTERS, 5), sealed(bytes.fromhex("05 83 02"))),
        (TcpCall(REGISTERS, 5, 7), bytes.fromhex("0007 0000 0003 05 83 02")),
    ],
)
def test_an_exception_is_told_in_words(call: Call, answer: bytes) -> None:
    found = [call.feed(bytes([byte])) for byte in answer][-1]
    assert found == Refused(2)
    assert str(found) == "exception 02, illegal data address"
    assert str(Refused(99)) == "exception 63, unknown"


@pytest.mark.parametrize(
    "strange",
    [
        sealed(bytes.fromhex("06 03 04 0001 0203")),  # another unit
        sealed(bytes.fromhex("05 04 04 0001 0203")),  # another function
        sealed(bytes.fromhex("05 03 02 0001")),  # too short
        sealed(bytes.fromhex("05 03 06 0001 0203 0405")),  # too long
        sealed(bytes.fromhex("05 84 02")),
        b"\x00\xff\x00",
        RtuCall(REGISTERS, 5).request,  # the adapter's own echo
    ],
)
def test_what_is_no_answer_is_passed_over(strange: bytes) -> None:
    answer = sealed(bytes.fromhex("05 03 04 0A0B 0C0D"))
    for seed in range(5):
        call = RtuCall(REGISTERS, 5)
        assert call.feed(strange) is None
        assert not call.garbled
        found = [call.feed(each) for each in pieces(answer, Random(seed))]
        assert found[-1] == Data(bytes.fromhex("0A0B0C0D"), answer)


def test_an_echo_that_looks_like_an_answer_is_no_answer() -> None:
    call = RtuCall(Span(2, 0x0314, 24), 5)
    assert call.request[2] == 3
    assert call.feed(call.request) is None
    answer = sealed(bytes.fromhex("05 02 03 010203"))
    assert call.feed(answer) == Data(b"\1\2\3", answer)


def test_a_wrong_checksum_is_garbled() -> None:
    call = RtuCall(REGISTERS, 5)
    frame = bytearray(sealed(bytes.fromhex("05 03 04 0001 0203")))
    frame[5] ^= 1
    assert call.feed(bytes(frame)) is None
    assert call.garbled


@pytest.mark.parametrize(
    "late",
    [
        "0006 0000 0007 05 03 04 1111 1111",  # to an earlier request
        "0007 0000 0007 06 03 04 1111 1111",  # another unit
        "0007 0000 0005 05 03 02 1111",  # too short
        "0007 0001 0007 05 03 04 1111 1111",  # another protocol
    ],
)
def test_late_and_strange_answers_on_tcp_are_passed_over(late: str) -> None:
    call = TcpCall(REGISTERS, 5, 7)
    assert call.feed(bytes.fromhex(late)) is None
    assert call.heard
    good = bytes.fromhex("0007 0000 0007 05 03 04 0001 0203")
    assert call.feed(good) == Data(bytes.fromhex("00010203"), good)


@pytest.mark.parametrize("call", [RtuCall(REGISTERS, 5), TcpCall(REGISTERS, 5, 7)])
def test_endless_bytes_are_not_kept(call: Call) -> None:
    for _ in range(20):
        assert call.feed(b"\x05\x03\x05" * 100) is None
    assert call.heard == MOST
