"""A serial device server, played by a TCP server of our own."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from submeter.errors import LinkError
from submeter.sources import socket_port
from submeter.sources.open_port import open_port
from submeter.sources.port import Socket
from submeter.sources.socket_port import SocketPort


class DeviceServer:
    """Accepts one client at a time; `writer` is the line to the last."""

    writer: asyncio.StreamWriter

    def __init__(self) -> None:
        self.connected = asyncio.Event()
        self.lost = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writer = writer
        self.connected.set()
        try:
            await reader.read()
        except ConnectionResetError:
            pass
        finally:
            self.lost.set()
            writer.close()


@asynccontextmanager
async def line() -> AsyncIterator[tuple[DeviceServer, SocketPort]]:
    served = DeviceServer()
    server = await asyncio.start_server(served.serve, "127.0.0.1", 0)
    async with server, asyncio.timeout(5):
        port = await socket_port.connect(Socket("127.0.0.1", server.sockets[0].getsockname()[1]))
        await served.connected.wait()
        yield served, port
        port.close()
        await served.lost.wait()


async def test_bytes_arrive() -> None:
    async with line() as (served, port):
        served.writer.write(b"\x02hello")
        assert await port.read() == b"\x02hello"
        first = port.elapsed()
        assert first <= port.elapsed()


async def test_a_server_that_closes_is_a_lost_link() -> None:
    async with line() as (served, port):
        served.writer.close()
        with pytest.raises(LinkError, match=r"socket://127.0.0.1:\d+ closed the connection"):
            await port.read()


async def test_a_server_that_resets_is_a_lost_link() -> None:
    async with line() as (served, port):
        served.writer.transport.abort()
        with pytest.raises(LinkError, match=r"socket://127.0.0.1:\d+ (is gone|closed)"):
            await port.read()


async def test_a_dead_server_is_noticed_by_keepalive() -> None:
    async with line() as (_, port):
        raw = port._writer.get_extra_info("socket")
        assert raw.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)


async def test_close_twice_drops_the_connection() -> None:
    async with line() as (served, port):
        port.close()
        port.close()
        await served.lost.wait()


async def test_nobody_there() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        spec = Socket("127.0.0.1", probe.getsockname()[1])
        with pytest.raises(LinkError, match=r"cannot connect to socket://127.0.0.1:\d+: "):
            await open_port(spec, 9600, "7E1", lambda data: 960)


async def test_a_host_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(host: str, port: int) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(socket_port, "CONNECT_SECONDS", 0.01)
    monkeypatch.setattr("submeter.sources.socket_port.asyncio.open_connection", never)
    with pytest.raises(LinkError, match=r"socket://127.0.0.9:7 does not answer"):
        await socket_port.connect(Socket("127.0.0.9", 7))
