"""RFC 2217 against pyserial's server before a pseudo-terminal."""

import asyncio
import os
import socket
import tty
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest

from submeter.errors import Condition, LinkError
from submeter.sources import rfc2217_port
from submeter.sources.open_port import open_port
from submeter.sources.port import Format, Line, Port, Rfc2217
from submeter.sources.rfc2217_port import Rfc2217Port
from submeter.sources.telnet import COM_PORT, DO, DONT, IAC, WONT, command
from tooling.rfc2217_server import Server, serving


@asynccontextmanager
async def line(settings: Line) -> AsyncIterator[tuple[int, Server, Port]]:
    """Give the instrument's end of the line, the server, and the open port."""
    master, slave = os.openpty()
    tty.setraw(slave)
    try:
        with serving(os.ttyname(slave)) as server:
            async with asyncio.timeout(5):
                port = await open_port(Rfc2217("127.0.0.1", server.port), settings, lambda _: 1)
                yield master, server, port
                port.close()
    finally:
        os.close(slave)
        os.close(master)


async def read(port: Port, count: int) -> bytes:
    received = b""
    while len(received) < count:
        received += await port.read()
    return received


async def test_every_byte_gets_through_both_ways() -> None:
    async with line(Line(2400, "8N1")) as (master, server, port):
        assert port.tunable
        assert (server.line.baudrate, server.line.bytesize, server.line.parity) == (2400, 8, "N")
        every = bytes(range(256))
        os.write(master, every)
        assert await read(port, 256) == every
        await port.write(every)
        assert await asyncio.to_thread(os.read, master, 4096) == every


@pytest.mark.parametrize("form", ["7E1", "8N1", "8O1", "8N2"])
async def test_the_line_is_set(form: Format, monkeypatch: pytest.MonkeyPatch) -> None:
    # A pseudo-terminal refuses a parity; what was asked is what counts here.
    monkeypatch.setattr("serial.Serial._reconfigure_port", lambda *a, **k: None)
    async with line(Line(300)) as (_, server, port):
        await port.retune(Line(19200, form))
        served = server.line
        shown = f"{served.bytesize}{served.parity}{int(served.stopbits)}"
        assert (served.baudrate, shown) == (19200, form)


async def test_retune_waits_until_everything_is_sent_and_discards() -> None:
    async with line(Line(2400, "7E1", masked=True)) as (master, server, port):
        start = asyncio.get_running_loop().time()
        await port.write(b"123456")
        await port.retune(Line(9600, "7E1", masked=True))
        assert asyncio.get_running_loop().time() - start >= 60 / 2400 - 0.001
        assert server.line.baudrate == 9600
        os.write(master, b"old")
        await asyncio.sleep(0.05)
        port.discard()
        os.write(master, bytes([0xE1, 0x61]))
        assert await read(port, 2) == b"a\0", "the parity is checked here"


async def test_a_server_that_speaks_no_rfc2217(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rfc2217_port, "ANSWER_SECONDS", 0.05)

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(3)
        writer.write(bytes([IAC, DONT, COM_PORT]))
        await reader.read()
        writer.close()
        await writer.wait_closed()
        over.set()

    over = asyncio.Event()
    refusing = await asyncio.start_server(refuse, "127.0.0.1", 0)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        async with refusing, asyncio.timeout(5):
            for server in (refusing.sockets[0], mute):
                spec = Rfc2217("127.0.0.1", server.getsockname()[1])
                with pytest.raises(LinkError, match="does not speak RFC 2217") as told:
                    await rfc2217_port.connect(spec, Line(9600))
                assert told.value.condition is Condition.UNREACHABLE
            await over.wait()


async def test_a_server_that_goes_is_a_lost_link() -> None:
    async with line(Line(2400)) as (_, server, port):
        reading = asyncio.create_task(port.read())
        await asyncio.sleep(0.01)
        await asyncio.to_thread(server.close)
        with pytest.raises(LinkError, match=r"rfc2217://127.0.0.1:\d+ (is gone|closed)"):
            await reading
        server.close = lambda: None  # type: ignore[method-assign]


class Connection:
    """What a server sends: `waiting` is there, `read` comes later; `sent` is what it got."""

    def __init__(self, waiting: bytes = b"", read: bytes = b"") -> None:
        self.sent = b""
        self._waiting = [waiting]
        self._read = read

    async def write(self, data: bytes) -> None:
        self.sent += data

    async def read(self) -> bytes:
        await asyncio.sleep(0)
        return self._read

    def waiting(self) -> list[bytes]:
        return self._waiting


def attached(connection: Connection) -> Rfc2217Port:
    return Rfc2217Port(Rfc2217("gate", 1), cast("Any", connection))


@pytest.mark.parametrize("way", ["read", "write"])
async def test_what_the_server_asks_while_bytes_are_dropped_is_answered(way: str) -> None:
    connection = Connection(b"old" + bytes([IAC, DO, 24]) + b"old", b"new")
    port = attached(connection)
    port.discard()
    if way == "read":
        assert await port.read() == b"new"
    else:
        await port.write(b"?")
    assert connection.sent == bytes([IAC, WONT, 24]) + (b"?" if way == "write" else b"")
    await port.write(b"!")
    assert connection.sent.count(bytes([IAC])) == 1, "once"


async def test_a_server_that_asks_without_end_is_not_remembered() -> None:
    port = attached(Connection(bytes([IAC, DO, 24]) * 10_000))
    port.discard()
    assert len(port._back) <= 1024


async def test_a_flood_in_place_of_answers_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rfc2217_port, "ANSWER_SECONDS", 0.05)
    port = attached(Connection(read=bytes(4096)))
    with pytest.raises(LinkError, match="does not speak RFC 2217"):
        await port.open_line(Line(9600))
    assert len(port._heard) <= 4096


async def test_a_server_that_sets_something_else_is_told() -> None:
    answers = b"".join(
        command(100 + code, value)
        for code, value in ((1, (2400).to_bytes(4)), (2, b"\x08"), (3, b"\x01"), (4, b"\x01"))
    )
    with pytest.raises(LinkError, match="cannot be set to 9600 8N1") as told:
        await attached(Connection(read=answers)).open_line(Line(9600))
    assert told.value.condition is Condition.WRONG_SETTINGS
