"""Frames in the bytes of a connection, without a socket and with a clock that is set."""

import random
from itertools import count

import pytest

from modbus.rtu.meters import CODE, SETTING, Door, Lock, meter
from submeter import modbus_crc
from submeter.meter.access import Who
from submeter.modbus.diagnostics import Line
from submeter.modbus.rtu import stream
from submeter.modbus.rtu.frames import LARGEST
from submeter.modbus.rtu.stream import RUBBISH, TURN, Streams
from submeter.modbus.station import PendingFrame
from submeter.modbus.unit import Peer, Unit
from tooling.serial_line import ask, sealed, words, write_many

PEER = Peer(Who("modbus.rtu_tcp", "127.0.0.1"))
READ = ask(5, 3, 0, 2)
VALUES = words(5, 3, [0, 1])
REQUESTS = {
    READ: VALUES,
    ask(6, 4, 3, 1): words(6, 4, [1003]),
    ask(5, 6, SETTING, 60): ask(5, 6, SETTING, 60),
    write_many(5, SETTING, [60]): ask(5, 16, SETTING, 1),
    ask(5, 3, 0, 126): sealed(b"\x05\x83\x03"),
    sealed(b"\x05\x41\x01\x02"): sealed(b"\x05\xc1\x01"),
    sealed(b"\x05\x03\0\0\x02"): sealed(b"\x05\x83\x03"),
    ask(7, 3, 0, 2): b"",
    ask(0, 6, SETTING, 61): b"",
    sealed(b"\x05\x08\0\0\x12\x34"): sealed(b"\x05\x08\0\0\x12\x34"),
}


class Connection:
    """Keeps what was not used, as a connection does."""

    def __init__(self, units: dict[int, Unit] | None = None) -> None:
        self.time = 1000.0
        self.line = Line(units or {5: meter(), 6: meter(1000)})
        self.streams = Streams(self.line, lambda: self.time)
        self.stream = self.streams.for_client()
        self.buffer = bytearray()
        self.sound = True
        self.pending: PendingFrame | None = None

    def send(self, data: bytes, after: float = 0.0) -> bytes:
        self.time += after
        self.buffer += data
        received, used = b"", 1
        while used and self.sound and not self.pending:
            answers, used, self.sound, self.pending = self.stream.answers(
                self.buffer, len(self.buffer), PEER
            )
            del self.buffer[:used]
            received += answers
        return received


@pytest.mark.parametrize("request_frame", REQUESTS)
def test_a_request_in_one_piece(request_frame: bytes) -> None:
    connection = Connection()
    assert connection.send(request_frame) == REQUESTS[request_frame]
    assert connection.sound
    assert not connection.buffer


@pytest.mark.parametrize("pause", [0.0, 1.0])
@pytest.mark.parametrize("request_frame", REQUESTS)
def test_a_request_split_at_each_byte(request_frame: bytes, pause: float) -> None:
    for cut in range(1, len(request_frame)):
        connection = Connection()
        assert connection.send(request_frame[:cut]) == b""
        assert connection.send(request_frame[cut:], pause) == REQUESTS[request_frame], cut


def test_a_slow_writer() -> None:
    connection = Connection()
    answers = [connection.send(bytes((byte,)), 1.0) for byte in READ]
    assert answers == [b""] * (len(READ) - 1) + [VALUES]


def test_pipelined_requests_are_answered_in_order() -> None:
    connection = Connection()
    assert connection.send(b"".join(REQUESTS)) == b"".join(REQUESTS.values())
    assert connection.streams.requests == len(REQUESTS) - 1, "one is for nobody here"
    assert connection.streams.exceptions == 3


def test_pipelined_requests_split_anywhere() -> None:
    dice = random.Random(7)
    data = b"".join(REQUESTS) * 5
    connection, at, answers = Connection(), 0, b""
    while at < len(data):
        size = dice.randint(1, 40)
        answers += connection.send(data[at : at + size])
        at += size
    assert answers == b"".join(REQUESTS.values()) * 5


def test_a_broadcast_is_obeyed_by_all() -> None:
    doors = Door(), Door()
    connection = Connection({5: meter(door=doors[0]), 6: meter(door=doors[1])})
    assert connection.send(ask(0, 6, SETTING, 61)) == b""
    assert [door.written for door in doors] == [[61], [61]]


@pytest.mark.parametrize(
    "rubbish", [b"\0", b"GET / HTTP/1.1\r\n\r\n", READ[:-1] + b"\0", b"\xff" * 99]
)
def test_rubbish_before_a_request(rubbish: bytes) -> None:
    connection = Connection()
    assert connection.send(rubbish + READ) == VALUES
    connection = Connection()
    assert connection.send(rubbish) == b""
    assert connection.send(READ, 0.1) == VALUES


def test_a_frame_that_was_not_ended_is_given_up_after_a_silence() -> None:
    truncated = write_many(5, SETTING, range(60))[:20]
    connection = Connection()
    assert connection.send(truncated) == b""
    assert connection.send(READ, 0.06) == VALUES
    assert not connection.buffer


def test_a_request_within_the_data_of_another_is_none() -> None:
    inner = ask(5, 6, SETTING, 1)
    outer = sealed(b"\x01\x10\0\0\0\x08\x10" + inner + inner)
    end = outer.index(inner) + len(inner)
    connection = Connection()
    assert connection.send(outer[:end]) == b""
    assert connection.send(outer[end:] + READ, 0.01) == VALUES


def test_too_much_rubbish_ends_a_connection() -> None:
    connection = Connection()
    for _ in range(RUBBISH // 64):
        assert connection.send(b"\xff" * 64) == b""
        assert connection.sound
    connection.send(b"\xff")
    assert not connection.sound
    assert connection.streams.broken == 1


def test_what_follows_an_unlock_code_waits_for_it() -> None:
    lock = Lock()
    connection = Connection({5: meter(lock=lock)})
    unlock = write_many(5, CODE, [0x3132, 0x3334, 0x3536, 0x3738])
    assert connection.send(READ + unlock + READ) == VALUES
    pending = connection.pending
    assert pending is not None
    assert pending.finish(pending.work()) == ask(5, 16, CODE, 4)
    connection.pending = None
    assert lock.concluded == [True]
    assert connection.send(b"") == VALUES


def test_random_bytes_between_requests_make_no_false_answer() -> None:
    dice = random.Random(3)
    for _ in range(300):
        connection = Connection()
        for number in count():
            if number == 5:
                break
            noise = dice.randbytes(dice.randint(1, 60))
            assert connection.send(noise, 0.1) == b""
            assert connection.send(READ, 0.1) == VALUES


@pytest.mark.parametrize(
    "kind", [READ, b"\x05\x41" * 60 + READ, READ + b"\x05\x10\0\0\0\x7b\xf6", READ + b"\x05\x41"]
)
def test_a_call_does_a_bounded_amount_of_work(kind: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[int] = []

    def first_sealed(data: bytes, least: int, most: int) -> int:
        checked.append(most)
        return modbus_crc.first_sealed(data, least, most)

    def sealed(data: bytes) -> bool:
        checked.append(len(data))
        return modbus_crc.sealed(data)

    monkeypatch.setattr(stream, "first_sealed", first_sealed)
    monkeypatch.setattr(stream, "sealed", sealed)
    connection = Connection()
    data = (kind * 600)[:4096]
    used, calls = 1, 0
    while used and connection.sound and data:
        checked.clear()
        _, used, connection.sound, _ = connection.stream.answers(data, len(data), PEER)
        assert sum(checked) <= TURN + 2 * LARGEST
        data = data[used:]
        calls += 1
    assert calls > 1
    assert not connection.sound or len(data) < LARGEST


def test_broadcasts_take_their_turn() -> None:
    door = Door()
    connection = Connection({unit: meter(door=door) for unit in range(1, 101)})
    frame = ask(0, 6, SETTING, 61)
    assert connection.stream.answers(frame * 5, 5 * len(frame), PEER)[:2] == (b"", len(frame))
    assert door.written == [61] * 100


def test_more_rubbish_than_frames_ends_a_connection() -> None:
    connection = Connection()
    for _ in range(200):
        connection.send(READ + b"\xff")
    assert connection.sound
    for _ in range(100):
        if connection.sound:
            connection.send(READ + b"\xff" * 20)
    assert not connection.sound
