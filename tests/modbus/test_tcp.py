import asyncio
import logging
import socket
import struct
from collections.abc import AsyncIterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modbus.wire import POINTS, STANDARD, Client, frame, measured, read
from submeter.meter.instant import Instant
from submeter.meter.meter import values
from submeter.modbus.connection import RECEIVED, UNSENT
from submeter.modbus.image import Image
from submeter.modbus.tcp import ModbusTcpFace
from submeter.modbus.unit import Unit
from tooling import meters
from tooling.faces import serving, tcp_face, unit

POWER = read(3, 0, 2)


def image(power: float) -> Image:
    made = Image(STANDARD)
    made.apply({"Active_Power_Total": measured(power)})
    return made


def showing(power: float) -> Unit:
    return unit(image(power))


def says(power: float) -> bytes:
    return b"\x03\x04" + struct.pack(">f", power)


@pytest.fixture
async def face() -> AsyncIterator[ModbusTcpFace]:
    async with serving(tcp_face({1: showing(1.0), 7: showing(7.0)})) as made:
        yield made


async def test_two_units_answer_for_themselves(face: ModbusTcpFace) -> None:
    async with await Client.open(face.port) as client:
        for unit, power in ((1, 1.0), (7, 7.0), (1, 1.0)):
            client.send(frame(POWER, unit, 300 + unit))
            assert await client.frame() == frame(says(power), unit, 300 + unit)
    assert (face.counts.requests, face.counts.exceptions, face.counts.broken) == (3, 0, 0)


async def test_an_unknown_unit_is_refused_and_the_connection_stays(face: ModbusTcpFace) -> None:
    async with await Client.open(face.port) as client:
        client.send(frame(POWER, 9, 5))
        assert await client.frame() == frame(b"\x83\x0b", 9, 5)
        assert await client.ask(POWER) == says(1.0)
    assert (face.counts.requests, face.counts.exceptions) == (2, 1)


async def test_forty_requests_in_one_segment(face: ModbusTcpFace) -> None:
    async with await Client.open(face.port) as client:
        client.send(b"".join(frame(POWER, 7, n) for n in range(40)))
        for number in range(40):
            assert await client.frame() == frame(says(7.0), 7, number)


async def test_a_request_byte_by_byte(face: ModbusTcpFace) -> None:
    async with await Client.open(face.port) as client:
        for byte in frame(POWER):
            client.send(bytes((byte,)))
            await asyncio.sleep(0.001)
        assert await client.frame() == frame(says(1.0))


async def test_a_request_and_a_half(face: ModbusTcpFace) -> None:
    async with await Client.open(face.port) as client:
        client.send(frame(POWER) + frame(POWER, 7)[:6])
        assert await client.frame() == frame(says(1.0))
        client.send(frame(POWER, 7)[6:] + frame(POWER))
        assert await client.frame() == frame(says(7.0), 7)
        assert await client.frame() == frame(says(1.0))


async def test_more_requests_than_the_buffer_holds(face: ModbusTcpFace) -> None:
    count = 3 * RECEIVED // 12 + 1
    async with await Client.open(face.port) as client:
        client.send(b"".join(frame(POWER, 1, n) for n in range(count)))
        for number in range(count):
            assert await client.frame() == frame(says(1.0), 1, number)


@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_any_split_gives_the_same_answers(data: st.DataObject) -> None:
    pdus = (POWER, read(2, 0, 23), b"\x2b\x0e\x01\x00", read(4, 0, 125), read(3, 0, 126))
    stream = b"".join(frame(pdu, 1, n) for n, pdu in enumerate(pdus * 2))
    cuts = data.draw(st.lists(st.integers(1, len(stream) - 1), max_size=6).map(sorted))

    async def converse(pieces: list[bytes]) -> bytes:
        face = tcp_face({1: showing(1.0)})
        async with serving(face), await Client.open(face.port) as client:
            for piece in pieces:
                client.send(piece)
                await asyncio.sleep(0.002)
            return b"".join([await client.frame() for _ in pdus * 2])

    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert asyncio.run(converse(pieces)) == asyncio.run(converse([stream]))


@pytest.mark.parametrize(
    "nonsense",
    [
        "0001 0001 0006 01 03 0000 0002",
        "0001 0000 0000",
        "0001 0000 0001 01",
        "0001 0000 00ff 01",
        "0001 0000 012c 01 03",
    ],
)
async def test_what_is_not_modbus_closes_the_connection(
    face: ModbusTcpFace, nonsense: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with await Client.open(face.port) as other, await Client.open(face.port) as client:
        client.send(frame(POWER, 1, 8) + bytes.fromhex(nonsense) + frame(POWER, 1, 9))
        assert await client.rest() == frame(says(1.0), 1, 8)
        assert await other.ask(POWER) == says(1.0)
    assert face.counts.broken == 1
    assert not caplog.records


async def test_answers_are_sent_before_a_half_closed_connection_ends(face: ModbusTcpFace) -> None:
    async with await Client.open(face.port) as client:
        client.send(frame(POWER) * 3)
        client.writer.write_eof()
        assert await client.rest() == frame(says(1.0)) * 3


async def test_a_live_update_is_visible_as_a_whole() -> None:
    names = ("Active_Power_Total", "Active_Power_L1", "Active_Power_L2", "Active_Power_L3")
    meter = meters.meter("main", POINTS.values(), names, 10)
    served = Image(STANDARD)
    meter.subscribe(served.apply)
    face = tcp_face({1: unit(served)})
    await face.start()
    async with await Client.open(face.port) as client:
        assert (await client.ask(read(3, 0, 8)))[2:] == bytes.fromhex("7fc00000") * 4
        for number in range(50):
            client.send(frame(read(3, 0, 8)) * 10)
            at = Instant(float(number), 0.0)
            meter.update(values(dict.fromkeys(names, float(number))), at)
            answers = [(await client.frame())[9:] for _ in range(10)]
            for answer in answers:
                assert len(set(struct.unpack(">4f", answer))) == 1
        assert (await client.ask(read(3, 0, 8)))[2:] == struct.pack(">f", 49.0) * 4
        meter.tick(Instant(100.0, 0.0))
        assert (await client.ask(read(3, 0, 8)))[2:] == bytes.fromhex("7fc00000") * 4
    await face.stop()


async def test_a_client_that_never_reads_is_not_read_either(face: ModbusTcpFace) -> None:
    largest = frame(read(4, 0, 125))
    greedy = socket.socket()
    greedy.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    greedy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    greedy.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(greedy, ("127.0.0.1", face.port))
    block, sent, blocked = largest * 1000, 0, 0
    while blocked < 10 and sent < 4_000_000:
        try:
            sent += greedy.send(block[sent % 12 :])
            blocked = 0
            await asyncio.sleep(0)
        except BlockingIOError:
            blocked += 1
            await asyncio.sleep(0.02)
    assert blocked == 10, "every request was read although no answer was"
    answered = face.counts.requests
    [connection] = face.clients
    assert UNSENT < connection.unsent < UNSENT + RECEIVED / 12 * 260
    async with await Client.open(face.port) as other:
        assert await other.ask(POWER) == says(1.0)

    received = bytearray()
    async with asyncio.timeout(5):
        while len(received) < sent // 12 * 259:
            received += await loop.sock_recv(greedy, 1 << 20)
    assert received == frame(await _one(face, read(4, 0, 125))) * (sent // 12)
    assert face.counts.requests > answered
    greedy.close()


async def _one(face: ModbusTcpFace, pdu: bytes) -> bytes:
    async with await Client.open(face.port) as client:
        return await client.ask(pdu)


async def test_stop_closes_everything_and_the_port_is_free_again() -> None:
    face = tcp_face({1: showing(1.0)})
    await face.start()
    async with await Client.open(face.port) as client:
        assert await client.ask(POWER) == says(1.0)
        await face.stop()
        assert await client.rest() == b""
    with pytest.raises(ConnectionRefusedError):
        await Client.open(face.port)
    await face.start()
    assert await _one(face, POWER) == says(1.0)
    await face.stop()
    await face.stop()


async def test_stop_does_not_wait_for_a_client_that_never_reads() -> None:
    face = tcp_face({1: showing(1.0)})
    await face.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", face.port, limit=1)
    reader._transport.pause_reading()  # type: ignore[attr-defined]
    writer.write(frame(read(4, 0, 125)) * 50_000)
    await asyncio.sleep(0.2)
    [connection] = face.clients
    assert connection.unsent
    await face.stop()
    assert not face.clients
    assert face.counts.open == 0
    writer.transport.abort()
    await asyncio.sleep(0)


@pytest.mark.parametrize(("keepalive", "after"), [(60, 60), (7, 7), (0, None)])
async def test_sockets_do_not_wait_and_notice_a_dead_peer(
    keepalive: int, after: int | None
) -> None:
    face = tcp_face({1: showing(1.0)}, keepalive=keepalive)
    async with serving(face), await Client.open(face.port) as client:
        await client.ask(POWER)
        [connection] = face.clients
        assert connection._stream
        served = connection._stream.get_extra_info("socket")
        assert served.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert bool(served.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)) == bool(after)
        if after:
            assert served.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == after
