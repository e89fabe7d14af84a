"""RTU frames over real sockets."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from modbus.rtu.meters import CODE, Lock, meter
from submeter.modbus.rtu.over_tcp import ModbusRtuTcpFace
from submeter.modbus.settings import RtuTcpSettings
from submeter.modbus.unit import Unit
from tooling.serial_line import ask, sealed, words, write_many

READ = ask(5, 3, 0, 2)
VALUES = words(5, 3, [0, 1])

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def face_of(units: dict[int, Unit]) -> ModbusRtuTcpFace:
    settings = RtuTcpSettings(host="127.0.0.1").model_copy(update={"port": 0})
    return ModbusRtuTcpFace(settings, units)


@pytest.fixture
async def face() -> AsyncIterator[ModbusRtuTcpFace]:
    face = face_of({5: meter(), 6: meter(1000)})
    await face.start()
    yield face
    await face.stop()


async def ask_on(streams: Streams, data: bytes, size: int) -> bytes:
    reader, writer = streams
    writer.write(data)
    async with asyncio.timeout(3):
        return await reader.readexactly(size)


async def close(*clients: Streams) -> None:
    for _, writer in clients:
        writer.close()
    await asyncio.sleep(0)


async def test_several_masters_each_with_their_own_bytes(face: ModbusRtuTcpFace) -> None:
    clients = [await asyncio.open_connection("127.0.0.1", face.port) for _ in range(3)]
    for _, writer in clients:
        writer.write(READ[:5])
    await asyncio.sleep(0.02)
    for client in clients:
        assert await ask_on(client, READ[5:] + READ, 2 * len(VALUES)) == VALUES * 2
    assert face.counts.requests == 6
    assert face.admission.open == 3
    await close(*clients)


async def test_nobody_answers_for_others(face: ModbusRtuTcpFace) -> None:
    client = await asyncio.open_connection("127.0.0.1", face.port)
    assert await ask_on(client, ask(9, 3, 0, 2) + ask(0, 3, 0, 2) + READ, len(VALUES)) == VALUES
    await close(client)


async def test_rubbish_is_given_up_and_then_closed(face: ModbusRtuTcpFace) -> None:
    client = await asyncio.open_connection("127.0.0.1", face.port)
    client[1].write(b"\xff" * 100)
    await asyncio.sleep(0.06)
    assert await ask_on(client, READ, len(VALUES)) == VALUES
    client[1].write(b"\xff" * 600)
    async with asyncio.timeout(3):
        assert await client[0].read() == b""
    assert face.counts.broken == 1
    await close(client)


async def test_an_unlock_code_holds_back_what_follows() -> None:
    face = face_of({5: meter(lock=Lock())})
    await face.start()
    client = await asyncio.open_connection("127.0.0.1", face.port)
    unlock = write_many(5, CODE, [0x3132, 0x3334, 0x3536, 0x3738])
    wanted = ask(5, 16, CODE, 4) + VALUES
    assert await ask_on(client, unlock + READ, len(wanted)) == wanted
    await close(client)
    await face.stop()


async def test_units_change_while_it_runs(face: ModbusRtuTcpFace) -> None:
    client = await asyncio.open_connection("127.0.0.1", face.port)
    face.set_units({9: meter()})
    moved = words(9, 3, [0, 1])
    assert await ask_on(client, READ + ask(9, 3, 0, 2), len(moved)) == moved
    face.set_units({5: meter()})
    assert await ask_on(client, ask(9, 3, 0, 2) + READ, len(VALUES)) == VALUES
    await close(client)


async def test_who_may_not_write_silences_nobody() -> None:
    units = {5: meter(), 6: meter()}
    units[5].lock = None
    face = face_of(units)
    await face.start()
    client = await asyncio.open_connection("127.0.0.1", face.port)
    listen = [sealed(bytes((unit,)) + b"\x08\0\4\0\0") for unit in (5, 6)]
    refused = sealed(b"\x05\x88\1")
    wanted = refused + VALUES
    assert await ask_on(client, listen[0] + READ, len(wanted)) == wanted
    assert await ask_on(client, listen[1] + ask(6, 3, 0, 2) + READ, len(VALUES)) == VALUES
    assert (face.counts.requests, face.counts.exceptions, face.counts.broken) == (5, 1, 0)
    await close(client)
    await face.stop()


async def test_diagnostics_are_there_as_on_a_serial_line(face: ModbusRtuTcpFace) -> None:
    client = await asyncio.open_connection("127.0.0.1", face.port)
    request = sealed(b"\x05\x08\0\0\x12\x34")
    assert await ask_on(client, request, len(request)) == request
    await close(client)
