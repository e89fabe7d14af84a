"""What a client has to wait for: an unlock code that is worked out, its turn, its own reading."""

import asyncio
import struct
import threading
from collections.abc import AsyncIterator, Callable
from typing import cast

import pytest

from modbus.wire import STANDARD, Client, frame, measured, read
from submeter.meter.access import Who
from submeter.meter.instant import Instant
from submeter.modbus.connection import RECEIVED, Connection
from submeter.modbus.image import Image
from submeter.modbus.station import DEAR, TURN, Station
from submeter.modbus.tcp import ModbusTcpFace
from submeter.modbus.unit import Peer
from tooling.faces import serving, tcp_face, unit

POWER = read(3, 0, 2)
ANSWER = b"\x03\x04" + struct.pack(">f", 1.0)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.005)


class Closed:
    """A door through which nothing may go."""

    def write_all(self, *_: object) -> None:
        raise AssertionError("only the code is written")

    refuse = write_all


class Code:
    """A lock whose code takes as long to work out as the test wants."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.concluded: list[bool] = []

    def is_open(self, who: Who) -> bool:
        return True

    def attempt(self, who: Who, code: str, now: Instant) -> Callable[[], bool]:
        return lambda: self.go_on.wait(5)

    def conclude(self, who: Who, right: bool, now: Instant) -> None:
        self.concluded.append(right)

    def lock(self, who: Who, now: Instant) -> None:
        raise AssertionError("a code was given")


UNLOCK = bytes.fromhex("10 044c 0002 04 0001e240")  # 123456 to HR 1101
UNLOCKED = bytes.fromhex("10 044c 0002")


@pytest.fixture
async def locked() -> AsyncIterator[tuple[ModbusTcpFace, Code]]:
    code = Code()
    image = Image(STANDARD)
    image.apply({"Active_Power_Total": measured(1.0)})
    async with serving(tcp_face({1: unit(image, door=Closed(), lock=code)})) as face:
        yield face, code
        code.go_on.set()


async def test_what_follows_an_unlock_code_waits_for_it(
    locked: tuple[ModbusTcpFace, Code],
) -> None:
    face, code = locked
    async with await Client.open(face.port) as client, await Client.open(face.port) as other:
        client.send(frame(POWER, 1, 1) + frame(UNLOCK, 1, 2) + frame(POWER, 1, 3))
        assert await client.frame() == frame(ANSWER, 1, 1)
        client.send(frame(POWER, 1, 4))
        assert await other.ask(POWER) == ANSWER
        assert face.counts.requests == 3
        code.go_on.set()
        assert await client.frame() == frame(UNLOCKED, 1, 2)
        assert await client.frame() == frame(ANSWER, 1, 3)
        assert await client.frame() == frame(ANSWER, 1, 4)
    assert code.concluded == [True]


async def test_a_client_that_is_lost_while_its_code_is_worked_out(
    locked: tuple[ModbusTcpFace, Code],
) -> None:
    face, code = locked
    async with await Client.open(face.port) as client:
        client.send(frame(UNLOCK) + frame(POWER))
        await until(lambda: face.counts.requests == 1)
        client.writer.transport.abort()
    [connection] = face.clients
    code.go_on.set()
    await until(lambda: code.concluded == [True])
    await until(lambda: not face.clients)
    assert connection.unsent == 0
    async with await Client.open(face.port) as client:
        assert await client.ask(POWER) == ANSWER


async def test_stop_while_a_code_is_worked_out(locked: tuple[ModbusTcpFace, Code]) -> None:
    face, code = locked
    async with await Client.open(face.port) as client:
        client.send(frame(UNLOCK))
        await until(lambda: face.counts.requests == 1)
        await face.stop()
        assert not face.clients
        code.go_on.set()
        await until(lambda: code.concluded == [True])
        assert await client.rest() == b""


class Stream:
    """A transport that keeps what is written to it, and whether it is read."""

    def __init__(self) -> None:
        self.written = b""
        self._paused = False
        self.closed = False

    def write(self, data: bytes) -> None:
        self.written += data

    def pause_reading(self) -> None:
        self._paused = True

    def resume_reading(self) -> None:
        self._paused = False

    def is_read(self) -> bool:
        return not self._paused

    def close(self) -> None:
        self.closed = True

    def set_write_buffer_limits(self, high: int) -> None:
        pass


class Opened:
    """A connection to `station` over a Stream."""

    def __init__(self, station: Station) -> None:
        self.stream = Stream()
        self.connection = Connection(station, lambda _: None)
        peer = Peer(Who("modbus.tcp", "192.0.2.9"))
        self.connection.open(cast("asyncio.Transport", self.stream), peer)

    def send(self, data: bytes) -> None:
        assert self.stream.is_read()
        self.connection.get_buffer(-1)[: len(data)] = data
        self.connection.buffer_updated(len(data))

    @property
    def answers(self) -> list[int]:
        """Return the transaction ids that were answered."""
        found, rest = [], self.stream.written
        while rest:
            found.append(int.from_bytes(rest[:2]))
            rest = rest[6 + int.from_bytes(rest[4:6]) :]
        return found


REPORT = b"\x11"
REPORTS = TURN // DEAR  # that are answered in one turn


def station(**more: object) -> Station:
    image = Image(STANDARD)
    image.apply({"Active_Power_Total": measured(1.0)})
    return Station({1: unit(image, **more)})


def numbered(pdu: bytes, count: int) -> bytes:
    return b"".join(frame(pdu, 1, number) for number in range(count))


async def turns(number: int = 20) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


async def test_who_asks_much_takes_turns_with_the_others() -> None:
    shared = station()
    clients = [Opened(shared), Opened(shared)]
    for client in clients:
        client.send(numbered(REPORT, 2 * REPORTS + 3) + frame(REPORT)[:5])
    for done in (REPORTS, 2 * REPORTS):
        assert [client.answers for client in clients] == [list(range(done))] * 2
        assert not any(client.stream.is_read() for client in clients)
        await asyncio.sleep(0)
    await turns()
    for client in clients:
        assert client.answers == list(range(2 * REPORTS + 3))
        client.send(frame(REPORT)[5:])
        assert client.answers[-1] == 1


async def test_a_full_buffer_is_not_followed_by_another_in_the_same_turn() -> None:
    client = Opened(station())
    other = RECEIVED // 12 * 12 - 12
    client.send(frame(POWER))
    client.send(frame(POWER) * (other // 12) + frame(bytes((0x41,)) * (RECEIVED - other - 7)))
    assert not client.stream.is_read()
    await turns()
    assert client.stream.is_read()
    assert len(client.answers) == 1 + other // 12 + 1


async def test_nothing_is_answered_while_the_client_reads_no_answers() -> None:
    client = Opened(station())
    client.send(numbered(REPORT, 3 * REPORTS))
    client.connection.pause_writing()
    await turns()
    assert client.answers == list(range(REPORTS))
    assert not client.stream.is_read()
    client.connection.resume_writing()
    await turns()
    assert client.answers == list(range(3 * REPORTS))
    assert client.stream.is_read()


async def test_a_client_that_reads_again_waits_for_its_code_all_the_same() -> None:
    code = Code()
    client = Opened(station(door=Closed(), lock=code))
    client.send(frame(UNLOCK, 1, 7) + frame(POWER, 1, 8))
    client.connection.pause_writing()
    client.connection.resume_writing()
    await turns()
    assert not client.answers
    assert not client.stream.is_read()
    code.go_on.set()
    await until(lambda: client.answers == [7, 8])
    await turns()
    assert client.stream.is_read()


async def test_a_code_at_the_end_of_much_is_waited_for_too() -> None:
    code = Code()
    client = Opened(station(door=Closed(), lock=code))
    client.send(numbered(REPORT, REPORTS) + frame(UNLOCK, 1, REPORTS))
    await turns()
    assert not client.stream.is_read()
    code.go_on.set()
    await until(lambda: client.answers == list(range(REPORTS + 1)))


async def test_a_client_that_stops_and_goes_on_has_no_more_turns_than_others() -> None:
    client = Opened(station())
    client.send(numbered(REPORT, 9 * REPORTS))
    for _ in range(3):
        client.connection.pause_writing()
        client.connection.resume_writing()
    await asyncio.sleep(0)
    assert client.answers == list(range(2 * REPORTS))


async def test_a_code_that_was_worked_out_waits_for_a_client_that_reads_nothing() -> None:
    code = Code()
    client = Opened(station(door=Closed(), lock=code))
    client.send(frame(UNLOCK, 1, 7) + frame(POWER, 1, 8))
    client.connection.pause_writing()
    code.go_on.set()
    await until(lambda: client.answers == [7])
    await turns()
    assert client.answers == [7]
    assert not client.stream.is_read()
    client.connection.resume_writing()
    await turns()
    assert client.answers == [7, 8]


async def test_what_is_held_of_a_lost_client_is_forgotten() -> None:
    shared = station()
    client = Opened(shared)
    client.send(numbered(REPORT, 3 * REPORTS))
    client.connection.connection_lost(None)
    await turns()
    assert shared.requests == REPORTS


async def test_what_cannot_be_modbus_is_counted_once() -> None:
    shared = station()
    client = Opened(shared)
    client.send(numbered(REPORT, REPORTS + 1) + b"\0\1\0\1\0\6")
    await turns()
    assert client.answers == list(range(REPORTS + 1))
    assert client.stream.closed
    client.connection.pause_writing()
    client.connection.resume_writing()
    await turns()
    assert shared.broken == 1
    client.connection.connection_lost(None)


async def test_what_was_asked_before_the_end_is_answered_before_it() -> None:
    """In TLS the transport is closed as soon as it has told of the end."""
    client = Opened(station())
    client.send(numbered(REPORT, 3 * REPORTS) + frame(REPORT)[:5])
    client.connection.eof_received()
    assert client.answers == list(range(3 * REPORTS))
    client.connection.connection_lost(None)
