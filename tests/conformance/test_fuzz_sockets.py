"""Random and damaged frames through real sockets and a pseudo-terminal, with good polls between."""

import asyncio
import logging
import os
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import pytest

from modbus.wire import frame, read
from submeter.modbus.rtu.face import ModbusRtuFace
from submeter.modbus.rtu.over_tcp import ModbusRtuTcpFace
from submeter.modbus.settings import RtuSettings, RtuTcpSettings
from submeter.modbus.tcp import ModbusTcpFace
from tooling.faces import serving, tcp_face
from tooling.fuzz import FRAMES, SEED, Maker
from tooling.fuzz_oracle import frames, split
from tooling.fuzz_site import OTHER_MAP, Site
from tooling.resources import open_files, resident
from tooling.serial_line import SerialLine, ask, sealed

ON_TCP, RTU_ON_TCP, ON_A_TERMINAL = (FRAMES * part // 1000 for part in (37, 10, 3))
LARGEST_GROWTH = 50_000_000  # bytes; the references leave gaps behind
MOST_LINES = 20
POLL = read(3, 0x28, 2)
RTU_POLL = ask(OTHER_MAP, 3, 0x28, 2)
RESTART = sealed(bytes((OTHER_MAP,)) + b"\x08\x00\x01\x00\x00")
ENOUGH = 5.0  # s to wait for what must come
SHORT = 0.004  # s to wait for what need not
PAUSE = 0.06  # s that a master waits for what does not come

pytestmark = pytest.mark.timeout(90 + FRAMES // 500)


@dataclass
class Served:
    """The faces, and a line to the one on a terminal."""

    site: Site
    tcp: ModbusTcpFace
    rtu_tcp: ModbusRtuTcpFace
    line: SerialLine


@asynccontextmanager
async def served() -> AsyncIterator[Served]:
    site, line = Site(), SerialLine(38400)
    listening = RtuTcpSettings.model_construct(host="127.0.0.1", port=0)
    rtu = ModbusRtuFace(RtuSettings(port=line.path, baudrate=38400, parity="none"), site.units)
    rtu_tcp = ModbusRtuTcpFace(listening, site.units)
    await rtu.start()
    await rtu_tcp.start()
    try:
        async with serving(tcp_face(site.units)) as tcp:
            yield Served(site, tcp, rtu_tcp, line)
    finally:
        await rtu_tcp.stop()
        await rtu.stop()
        line.close()


async def test_frames_on_sockets_and_a_terminal(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "submeter")
    async with served() as on:
        maker = on.site.maker(SEED)
        fuzzes: tuple[Callable[[Served, Maker, int], Awaitable[None]], ...]
        fuzzes = (_on_tcp, _rtu_on_tcp, _on_a_terminal)
        for fuzz in fuzzes:
            await fuzz(on, maker, 20)
        await _all_gone(on)
        tasks, files, memory = len(asyncio.all_tasks()), open_files(), resident()
        for fuzz, count in zip(fuzzes, (ON_TCP, RTU_ON_TCP, ON_A_TERMINAL), strict=True):
            await fuzz(on, maker, count)
        await _all_gone(on)
        assert len(asyncio.all_tasks()) == tasks
        assert open_files() == files
        assert resident() - memory < LARGEST_GROWTH
        assert not on.site.moved
        assert on.site.oracle.answered > (ON_TCP + RTU_ON_TCP + ON_A_TERMINAL) // 2
    assert len(caplog.records) <= MOST_LINES, caplog.text[:2000]


async def _all_gone(on: Served) -> None:
    async with asyncio.timeout(ENOUGH):
        while on.tcp.clients or on.rtu_tcp.clients:
            await asyncio.sleep(0.01)


async def _on_tcp(on: Served, maker: Maker, count: int) -> None:
    """Send streams of frames cut anywhere, each on a connection of its own."""
    while count > 0:
        many = [maker.tcp() for _ in range(maker.dice.choice((1, 2, 5, 20, 40)))]
        count -= len(many)
        stream = b"".join(many)
        try:
            await _one_stream(on, maker, stream)
            on.site.oracle.settle(broadcasts=True)
        except BaseException as error:
            error.add_note(f"seed {SEED}: {stream.hex()}")
            raise


async def _one_stream(on: Served, maker: Maker, stream: bytes) -> None:
    requests, end, sound = frames(stream)
    reader, writer = await asyncio.open_connection("127.0.0.1", on.tcp.port)
    try:
        if not sound:  # what is closed with bytes unread takes answers on their way with it
            writer.write(stream)
            with suppress(ConnectionError):
                await asyncio.wait_for(reader.read(), ENOUGH)
            return
        good = stream[:end] + frame(POLL, OTHER_MAP, 0xBEEF)
        for piece in maker.pieces(good, 4):
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)
        received = b""
        for _ in range(1 + sum(not on.site.oracle.is_silent(each) for each in requests)):
            head = await asyncio.wait_for(reader.readexactly(6), ENOUGH)
            received += head + await reader.readexactly(int.from_bytes(head[4:]))
        assert on.site.oracle.stream(good, received)
        writer.write(stream[end:])  # and be gone within a frame
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def _rtu_on_tcp(on: Served, maker: Maker, count: int) -> None:
    """Send frames from several clients at a time, for each has to wait for what does not come."""
    for _ in range(count // 20):
        many = [maker.rtu() for _ in range(20)]
        try:
            said = await asyncio.gather(*(_one_client(on, each) for each in many))
            for sent, received in zip(many, said, strict=True):
                on.site.oracle.rtu_stream(sent + RTU_POLL, received)
            await _one_client(on, RESTART)
            on.site.oracle.settle(broadcasts=True)
        except BaseException as error:
            error.add_note(f"seed {SEED}: {[each.hex() for each in many]}")
            raise


async def _one_client(on: Served, sent: bytes) -> bytes:
    """Return what is said to `sent`, and to a poll after a pause."""
    reader, writer = await asyncio.open_connection("127.0.0.1", on.rtu_tcp.port)
    with suppress(ConnectionError):
        writer.write(sent)
        await asyncio.sleep(0.06)
        writer.write(RTU_POLL)
        writer.write_eof()
    received = b""
    with suppress(ConnectionError):
        received = await asyncio.wait_for(reader.read(), ENOUGH)
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()
    return received


async def _on_a_terminal(on: Served, maker: Maker, count: int) -> None:
    for _ in range(count):
        sent = maker.rtu()
        try:
            said, polled = await asyncio.to_thread(_exchange, on.line, sent, maker.dice)
            for answer in split(said + polled)[:-1]:
                on.site.oracle.rtu_stream(sent, answer)
            on.site.oracle.line(RTU_POLL, split(polled)[-1])
            on.site.oracle.settle(broadcasts=True)
        except BaseException as error:
            error.add_note(f"seed {SEED}: {sent.hex()}")
            raise


def _exchange(line: SerialLine, sent: bytes, dice: random.Random) -> tuple[bytes, bytes]:
    """Return what is said to `sent`, and to the poll after it.

    A poll may be repeated: the machine may be late and let a silence pass unheard, and while an
    unlock code is looked at nothing else is.
    """
    os.write(line.master, sent)
    said = line.drain(dice.choice((SHORT, 3 * SHORT))) or line.drain(PAUSE)
    for request in (RTU_POLL, RESTART, RTU_POLL, RTU_POLL, RTU_POLL):
        os.write(line.master, request)
        polled, _ = line.get(0.2)
        polled += line.drain(SHORT)
        if polled and request is RTU_POLL:
            return said, polled
    raise AssertionError("a good poll was not answered")
