"""Modbus TCP on raw sockets: how requests arrive, and clients that do not behave."""

import asyncio
import contextlib
import logging
import random
import resource
import socket
import struct
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from modbus.wire import STANDARD, Client, frame, measured, read
from submeter.modbus.connection import RECEIVED, UNSENT, Connection
from submeter.modbus.image import Image
from submeter.modbus.tcp import ModbusTcpFace
from tooling.faces import serving, tcp_face, unit

POWER = read(3, 0, 2)
ANSWER = b"\x03\x04" + struct.pack(">f", 1.0)
LARGEST = read(3, 0, 125)
ASKED = (  # a request, and how the PDU of its answer begins
    (POWER, ANSWER),
    (read(2, 0, 23), b"\x02\x03"),
    (LARGEST, b"\x03\xfa"),
    (read(3, 0, 126), b"\x83\x03"),
    (read(4, 60000, 1), b"\x84\x02"),
    (b"\x41", b"\xc1\x01"),
    (b"\x2b\x0e\x01\x00", b"\x2b\x0e\x01"),
    (bytes.fromhex("10 0000 0002 04 00000000"), b"\x90"),
)


@contextlib.asynccontextmanager
async def face_with(**settings: Any) -> AsyncIterator[ModbusTcpFace]:
    image = Image(STANDARD)
    image.apply({"Active_Power_Total": measured(1.0)})
    async with serving(tcp_face({1: unit(image)}, **settings)) as face:
        yield face


async def until(condition: Callable[[], bool], seconds: float = 5) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


async def connected(face: ModbusTcpFace) -> tuple[Connection, ...]:
    """Return the connections of `face`, once there is one."""
    await until(lambda: bool(face.clients))
    return face.clients


async def served(face: ModbusTcpFace) -> None:
    async with await Client.open(face.port) as client:
        assert await client.ask(POWER) == ANSWER


async def closed(client: Client) -> None:
    """Wait until the server has closed the connection without an answer."""
    with contextlib.suppress(ConnectionError):
        assert await client.rest() == b""


@pytest.mark.parametrize(("pdu", "begins"), ASKED)
async def test_a_request_that_is_split_at_each_byte(pdu: bytes, begins: bytes) -> None:
    async with face_with() as face, await Client.open(face.port) as client:
        whole = frame(pdu, 1, 0x0102)
        for cut in range(1, len(whole)):
            client.send(whole[:cut])
            await client.writer.drain()
            await asyncio.sleep(0.002)
            client.send(whole[cut:])
            answer = await client.frame()
            assert answer[:7] == struct.pack(">HHHB", 0x0102, 0, len(answer) - 6, 1)
            assert answer[7:].startswith(begins)


async def test_a_hundred_requests_at_once_are_answered_in_order() -> None:
    async with face_with() as face, await Client.open(face.port) as client:
        pdus = [ASKED[number % len(ASKED)] for number in range(100)]
        client.send(b"".join(frame(pdu, 1, number) for number, (pdu, _) in enumerate(pdus)))
        for number, (_, begins) in enumerate(pdus):
            answer = await client.frame()
            assert answer[:2] == number.to_bytes(2)
            assert answer[7:].startswith(begins)


async def test_many_requests_cut_anywhere() -> None:
    dice = random.Random(4)
    async with face_with() as face, await Client.open(face.port) as client:
        stream = b"".join(frame(dice.choice(ASKED)[0], 1, number) for number in range(2000))
        while stream:
            size = dice.randint(1, 700)
            client.send(stream[:size])
            stream = stream[size:]
            await client.writer.drain()
        for number in range(2000):
            assert (await client.frame())[:2] == number.to_bytes(2)


async def test_garbage_closes_its_own_connection_only(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "submeter")
    dice = random.Random(4)
    async with face_with() as face, await Client.open(face.port) as good:
        caplog.clear()
        for _ in range(300):
            async with await Client.open(face.port) as client:
                client.send(dice.randbytes(dice.randint(7, 300)))
                client.writer.write_eof()
                with contextlib.suppress(ConnectionError):
                    await client.rest()
            assert await good.ask(POWER) == ANSWER
        await until(lambda: face.counts.open == 1)
    assert face.counts.broken > 250
    assert [record.getMessage() for record in caplog.records][:-1] == []


async def test_a_client_that_never_reads_is_bounded_and_given_up() -> None:
    async with face_with(idle=1) as face:
        greedy = socket.socket()
        greedy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        greedy.setblocking(False)
        with greedy:
            await asyncio.get_running_loop().sock_connect(greedy, ("127.0.0.1", face.port))
            most = 0
            lost = False
            async with asyncio.timeout(15):
                while not lost:
                    try:
                        greedy.send(frame(LARGEST) * 500)
                    except BlockingIOError:
                        await asyncio.sleep(0.02)
                    except ConnectionError:
                        lost = True
                    most = max([most, *(each.unsent for each in face.clients)])
                    await asyncio.sleep(0)
            assert UNSENT < most < UNSENT + RECEIVED / 12 * 260
        await until(lambda: face.counts.open == 0)
        assert face.counts.idle_closed == 1
        await served(face)


async def test_a_client_that_ends_but_does_not_read_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("submeter.modbus.connection.ENDING", 0.3)
    async with face_with(idle=0) as face:
        greedy = socket.socket()
        greedy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        greedy.setblocking(False)
        with greedy:
            loop = asyncio.get_running_loop()
            await loop.sock_connect(greedy, ("127.0.0.1", face.port))
            [connection] = await connected(face)
            async with asyncio.timeout(10):
                while not connection.unsent:
                    await loop.sock_sendall(greedy, frame(LARGEST) * 100)
                    await asyncio.sleep(0.005)
            assert connection.unsent < UNSENT
            greedy.shutdown(socket.SHUT_WR)
            await until(lambda: face.counts.open == 0)


@pytest.mark.parametrize("pdu", [b"\x11", b"\x2b\x0e\x03\x00", ASKED[-1][0]])
async def test_who_asks_much_at_once_keeps_nobody_waiting(pdu: bytes) -> None:
    count = RECEIVED // len(frame(pdu)) * 8
    async with face_with() as face, await Client.open(face.port) as greedy:
        await served(face)
        async with await Client.open(face.port) as other:
            assert await other.ask(POWER) == ANSWER
            greedy.send(b"".join(frame(pdu, 1, number) for number in range(count)))
            await greedy.writer.drain()
            assert await other.ask(POWER) == ANSWER
            assert face.counts.requests < count
        for number in range(count):
            assert (await greedy.frame())[:2] == number.to_bytes(2)


async def test_a_slow_writer_keeps_nobody_waiting() -> None:
    async with face_with() as face, await Client.open(face.port) as slow:
        for byte in frame(POWER):
            slow.send(bytes((byte,)))
            await slow.writer.drain()
            await asyncio.sleep(0.05)
            await served(face)
        assert await slow.frame() == frame(ANSWER)


async def test_a_slow_writer_is_not_idle_while_it_asks_at_all() -> None:
    async with face_with(idle=1) as face, await Client.open(face.port) as slow:
        for _ in range(6):
            assert await slow.ask(POWER) == ANSWER
            await asyncio.sleep(0.5)
        assert face.counts.idle_closed == 0


@pytest.mark.parametrize("sent", [b"", frame(POWER)[:-1]])
async def test_a_client_that_asks_nothing_is_closed(sent: bytes) -> None:
    async with face_with(idle=1) as face, await Client.open(face.port) as idle:
        idle.send(sent)
        async with asyncio.timeout(5):
            assert await idle.reader.read() == b""
        await until(lambda: face.counts.open == 0)
        assert face.counts.idle_closed == 1


async def test_without_a_time_out_nobody_is_closed() -> None:
    async with face_with(idle=0) as face, await Client.open(face.port) as idle:
        await asyncio.sleep(2.5)
        assert await idle.ask(POWER) == ANSWER


async def test_eight_hundred_idle_connections_and_one_that_asks() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 2000:
        pytest.skip("this machine grants fewer than 2000 descriptors")
    async with face_with(connections=1000, per_peer=1000) as face:
        many = []
        try:
            for _ in range(800):
                many.append(socket.create_connection(("127.0.0.1", face.port), timeout=5))
                await asyncio.sleep(0)
            await until(lambda: face.counts.open == 800)
            async with await Client.open(face.port) as client:
                for _ in range(200):
                    assert await client.ask(POWER) == ANSWER
        finally:
            for each in many:
                each.close()
        await until(lambda: face.counts.open == 0)
        assert face.counts.accepted == 801
        assert face.counts.refused_full == face.counts.refused_peer == 0
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize(
    ("limit", "reason"), [("connections", "refused_full"), ("per_peer", "refused_peer")]
)
async def test_a_limit_refuses_and_frees(limit: str, reason: str) -> None:
    async with face_with(**{limit: 3}) as face:
        many = [await Client.open(face.port) for _ in range(3)]
        for each in many:
            assert await each.ask(POWER) == ANSWER
        for count in (1, 2):
            async with await Client.open(face.port) as refused:
                await closed(refused)
            assert getattr(face.counts, reason) == count
        for each in many:
            assert await each.ask(POWER) == ANSWER
        async with many.pop():
            pass
        await until(lambda: face.counts.open == 2)
        await served(face)
        for each in many:
            each.writer.close()


async def test_each_address_has_its_own_limit() -> None:
    async with face_with(per_peer=1) as face, await Client.open(face.port) as first:
        assert await first.ask(POWER) == ANSWER
        async with await Client.open(face.port) as refused:
            await closed(refused)
        other = await asyncio.open_connection("127.0.0.1", face.port, local_addr=("127.7.7.7", 0))
        async with Client(*other) as second:
            assert await second.ask(POWER) == ANSWER


async def test_the_allow_list() -> None:
    async with face_with(allow=["127.7.0.0/16"]) as face:
        async with await Client.open(face.port) as refused:
            await closed(refused)
        other = await asyncio.open_connection("127.0.0.1", face.port, local_addr=("127.7.7.7", 0))
        async with Client(*other) as second:
            assert await second.ask(POWER) == ANSWER
        assert (face.counts.refused_network, face.counts.accepted) == (1, 1)


async def test_a_half_closed_connection_gets_its_answers() -> None:
    async with face_with() as face, await Client.open(face.port) as client:
        client.send(frame(POWER) * 1000 + frame(POWER)[:5])
        client.writer.write_eof()
        assert await client.rest() == frame(ANSWER) * 1000
        await until(lambda: face.counts.open == 0)


async def test_resets_leave_nothing_behind(caplog: pytest.LogCaptureFixture) -> None:
    async with face_with() as face:
        for number in range(100):
            with socket.create_connection(("127.0.0.1", face.port), timeout=5) as rude:
                linger = struct.pack("ii", 1, 0)  # close sends a reset
                rude.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                rude.sendall(frame(POWER) * number)
                await asyncio.sleep(0)
        await until(lambda: face.counts.open == 0)
        await served(face)
    assert not caplog.records


async def test_connections_that_come_and_go_leave_nothing_behind() -> None:
    async with face_with() as face:
        for _ in range(500):
            await served(face)
        await until(lambda: face.counts.open == 0)
        assert not face.clients
        assert face.counts.accepted == 500
