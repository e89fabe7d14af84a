"""A serial device server, played by a TCP server of our own."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from submeter.errors import Condition, LinkError
from submeter.sources import host_name, socket_port
from submeter.sources.open_port import open_port
from submeter.sources.port import Line, Socket
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
        raw = port._socket
        assert raw.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        assert raw.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 30


async def test_close_twice_drops_the_connection() -> None:
    async with line() as (served, port):
        port.close()
        port.close()
        await served.lost.wait()


async def test_nobody_there() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        spec = Socket("127.0.0.1", probe.getsockname()[1])
        told = r"cannot connect to socket://127.0.0.1:\d+: Connection refused$"
        with pytest.raises(LinkError, match=told) as refused:
            await open_port(spec, Line(9600), lambda data: 960)
    assert refused.value.condition is Condition.UNREACHABLE
    assert refused.value.port_lost


async def test_a_host_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(host: str, port: int) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(socket_port, "CONNECT_SECONDS", 0.01)
    monkeypatch.setattr(socket_port, "_connected", never)
    with pytest.raises(LinkError, match=r"socket://127.0.0.9:7 does not answer"):
        await socket_port.connect(Socket("127.0.0.9", 7))


async def test_a_name_that_nobody_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    async def unknown(*arguments: object, **keys: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(host_name, "addresses", unknown)
    with pytest.raises(LinkError, match=r"gate.invalid:7: Name or service not known") as told:
        await socket_port.connect(Socket("gate.invalid", 7))
    assert told.value.condition is Condition.UNREACHABLE


async def test_the_next_address_of_a_name_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
    async with server, asyncio.timeout(5):
        number = server.sockets[0].getsockname()[1]
        both = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, number))
                for host in ("127.0.0.2", "127.0.0.1")]  # fmt: skip

        async def two(*arguments: object, **keys: object) -> object:
            return both

        monkeypatch.setattr(host_name, "addresses", two)
        port = await socket_port.connect(Socket("gate", number))
        with pytest.raises(LinkError, match="closed the connection"):
            await port.read()
        port.close()


async def test_discard_drops_what_is_buffered_and_a_given_up_wait_loses_nothing() -> None:
    async with line() as (served, port):
        served.writer.write(b"old")
        await asyncio.sleep(0.02)
        port.discard()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await port.read()
        served.writer.write(b"new")
        assert await port.read() == b"new"


async def test_discard_ends_although_the_server_floods(monkeypatch: pytest.MonkeyPatch) -> None:
    async with line() as (_, port):
        monkeypatch.setattr(port, "_socket", Flood(port._socket))
        port.discard()
        assert sum(map(len, port.waiting())) <= socket_port.MOST_DISCARDED
        monkeypatch.undo()


class Flood:
    """A connection on which there is always more."""

    def __init__(self, really: socket.socket) -> None:
        self.fileno, self.close = really.fileno, really.close

    def recv(self, most: int) -> bytes:
        return bytes(most)


async def test_what_is_written_arrives_whole() -> None:
    received = bytearray()
    done = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.05)
        while data := await reader.read(65536):
            received.extend(data)
        writer.close()
        await writer.wait_closed()
        done.set()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server, asyncio.timeout(5):
        port = await socket_port.connect(Socket("127.0.0.1", server.sockets[0].getsockname()[1]))
        sent = bytes(range(256)) * 20_000
        await port.write(sent)
        port.close()
        await done.wait()
    assert received == sent


async def test_a_server_that_takes_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket_port, "WRITE_SECONDS", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        port = await socket_port.connect(Socket("127.0.0.1", deaf.getsockname()[1]))
        with pytest.raises(LinkError, match="takes no bytes"):
            await port.write(bytes(30_000_000))
        port.close()
        with pytest.raises(LinkError, match="is gone"):
            await port.read()
