"""A request whose answer is worked out elsewhere: an unlock code."""

import asyncio
import struct
import threading
from collections.abc import AsyncIterator, Callable

import pytest

from modbus.wire import STANDARD, Client, frame, measured, read
from submeter.meter.access import Who
from submeter.meter.instant import Instant
from submeter.modbus.image import Image
from submeter.modbus.tcp import ModbusTcpFace
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
        assert face.requests == 3
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
        await until(lambda: face.requests == 1)
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
        await until(lambda: face.requests == 1)
        await face.stop()
        assert not face.clients
        code.go_on.set()
        await until(lambda: code.concluded == [True])
        assert await client.rest() == b""
