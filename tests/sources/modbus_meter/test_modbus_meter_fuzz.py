"""Damaged answers: never a wrong value, nothing raised, the next good one is understood."""

import struct
from collections.abc import Callable
from random import Random

import pytest

from submeter.pointmap.spans import Span
from submeter.sources.modbus_meter.client import MOST, Answer, Call, Data, Refused, RtuCall, TcpCall
from tooling.modbus_slave import Slave
from tooling.mutations import FRAMES, SEED, damaged, pieces
from tooling.serial_line import crc

UNIT = 5
SPANS = (Span(3, 0, 2), Span(3, 0, 60), Span(4, 100, 125), Span(1, 0, 3), Span(2, 0, 40))
EVERY = {(function, n): n * 257 & 0xFFFF for function in (3, 4) for n in range(300)}
BITS = {(function, n): n % 3 == 0 for function in (1, 2) for n in range(100)}


def rtu(span: Span) -> RtuCall:
    return RtuCall(span, UNIT)


def tcp(span: Span) -> TcpCall:
    return TcpCall(span, UNIT, 0x0305)


def slave() -> Slave:
    there = Slave({**EVERY, **BITS}, UNIT)
    there.refuses[50] = 4
    return there


def size(span: Span) -> int:
    return (span.length + 7) // 8 if span.function < 3 else 2 * span.length


def true_on_a_line(stream: bytes, span: Span, answer: Answer) -> bool:
    """Tell whether a whole frame in `stream` says `answer`, by a checksum worked out again."""
    if isinstance(answer, Refused):
        body = bytes([UNIT, span.function | 0x80, answer.code])
    else:
        body = bytes([UNIT, span.function, size(span)]) + answer.data
        if len(answer.data) != size(span):
            return False
    return body + struct.pack("<H", crc(body)) in stream


def true_on_tcp(stream: bytes, span: Span, answer: Answer) -> bool:
    head = struct.pack(">HH", 0x0305, 0)
    if isinstance(answer, Refused):
        return head + bytes([0, 3, UNIT, span.function | 0x80, answer.code]) in stream
    length = 3 + len(answer.data)
    frame = head + struct.pack(">HBBB", length, UNIT, span.function, size(span)) + answer.data
    return len(answer.data) == size(span) and frame in stream


@pytest.mark.parametrize(
    ("made", "true"), [(rtu, true_on_a_line), (tcp, true_on_tcp)], ids=["rtu", "tcp"]
)
def test_damaged_answers(
    made: Callable[[Span], Call], true: Callable[[bytes, Span, Answer], bool]
) -> None:
    there, random = slave(), Random(SEED)
    reply = there.rtu if made is rtu else there.tcp
    good = [reply(made(span).request) for span in SPANS]
    others = [*good, reply(made(Span(3, 50, 1)).request), *(made(s).request for s in SPANS)]
    answered = 0
    for number, stream in enumerate(damaged(others, FRAMES, SEED)):
        span = SPANS[number % len(SPANS)]
        call, found, fed = made(span), None, b""
        for piece in pieces(stream, random):
            found = found or call.feed(piece)
            fed += piece
            assert call.heard <= MOST
        if found is not None:
            assert true(stream, span, found), (stream.hex(), found)
            answered += 1
        elif len(stream) < 1000:
            after = b"\xff" * call.longest + good[number % len(SPANS)]
            found = call.feed(after)
            assert found is not None
            assert true(stream + after, span, found)
    assert answered > FRAMES // 100


def test_random_bytes_are_no_answer() -> None:
    random = Random(SEED)
    for _ in range(FRAMES // 50):
        span = random.choice(SPANS)
        for call in (rtu(span), tcp(span)):
            noise = random.randbytes(300)
            found = [call.feed(piece) for piece in pieces(noise, random)]
            assert not any(isinstance(each, Data) for each in found)
