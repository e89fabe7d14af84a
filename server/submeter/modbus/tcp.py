"""The Modbus TCP face: pymodbus keeps the listener and its sockets, the answers are ours."""

import asyncio
import errno
import logging
import resource
import socket
from collections.abc import Awaitable, Mapping
from functools import partial
from typing import Any, cast

from pymodbus.server import ModbusTcpServer
from pymodbus.server.requesthandler import ServerRequestHandler

from submeter.errors import ListenError
from submeter.modbus.image import Image
from submeter.modbus.station import Station

_log = logging.getLogger(__name__)

RECEIVED = 4096
"""Bytes of requests that a connection holds; their answers are at most 90 kB."""
UNSENT = 256 * 1024
"""Bytes of answers a client may leave unread before its requests are left unread too."""
MOST_CONNECTIONS = 256
"""Clients at a time; further ones are closed at once."""
_QUEUE = 32  # connections that asyncio accepts in one go, before any of them can be closed again
_RESERVE = 150  # descriptors for everything else, and for a few such queues
_CLOSING = 1.0  # seconds for sockets that were told to close

_KEEPALIVE = (
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 60),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 10),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 6),
)


class ModbusTcpFace:
    """Answers Modbus TCP for every unit id of `units` on `host`:`port`; port 0 takes a free one."""

    def __init__(self, host: str, port: int, units: Mapping[int, Image]) -> None:
        self.host = host
        self.port = port
        self._station = Station(units)
        self._server: _Server | None = None

    @property
    def where(self) -> str:
        """The address listened on, such as `0.0.0.0:502` or `[::]:502`."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @property
    def requests(self) -> int:
        """How many requests were answered, exceptions included."""
        return self._station.requests

    @property
    def exceptions(self) -> int:
        """How many requests were answered with an exception."""
        return self._station.exceptions

    @property
    def broken(self) -> int:
        """How many connections were closed because what came was not Modbus."""
        return self._station.broken

    async def start(self) -> None:
        """Listen; connections are accepted when this returns. Raises ListenError."""
        server = _Server(self._station, self.host, self.port)
        try:
            await server.serve_forever(background=True)
        except (OSError, ValueError) as error:
            raise ListenError(_explain(error, self.host, self.port)) from None
        self._server = server
        self.port = server.port
        _log.info("event=listening face=modbus.tcp where=%s", self.where)

    async def stop(self) -> None:
        """Close the listener and every connection; answers that nobody read are dropped."""
        server, self._server = self._server, None
        if server:
            await server.stop()
            _log.info("event=stopped face=modbus.tcp where=%s", self.where)


class _Server(ModbusTcpServer):
    """The listener."""

    def __init__(self, station: Station, host: str, port: int) -> None:
        super().__init__([], address=(host, port))
        self.station = station
        self.connections: set[_Connection] = set()
        self.most = min(MOST_CONNECTIONS, max(1, _raise_descriptors() - _RESERVE))
        self.full = False

    @property
    def port(self) -> int:
        listener = cast("asyncio.Server", self.transport)
        return int(listener.sockets[0].getsockname()[1])

    async def listen(self) -> bool:
        """Listen with a short queue, and let the reason of a failure through."""
        self.is_listener = True
        create = cast("partial[Awaitable[Any]]", self.call_create)
        listener = await create(backlog=_QUEUE)
        if not listener.sockets:  # asyncio passes over address families that the kernel lacks
            raise OSError(errno.EADDRNOTAVAIL, "no socket")
        self.transport = listener
        return True

    def callback_new_connection(self) -> ServerRequestHandler:
        return _Connection(self)

    def room(self) -> bool:
        """Tell whether there is room for the connections; log once when there is not."""
        count = len(self.connections)
        if count > self.most and not self.full:
            _log.warning("event=connections_full face=modbus.tcp most=%d", self.most)
            self.full = True
        elif self.full and count <= self.most // 2:
            _log.info("event=connections_free face=modbus.tcp connections=%d", count)
            self.full = False
        return count <= self.most

    async def stop(self) -> None:
        # A transport that is closed rather than aborted waits for its client to read.
        for connection in self.connections:
            connection.abort()
        await self.shutdown()  # type: ignore[no-untyped-call]
        lost = [connection.lost for connection in self.connections]
        if lost:
            await asyncio.wait(lost, timeout=_CLOSING)


class _Connection(ServerRequestHandler, asyncio.BufferedProtocol):
    """One client.

    A buffered protocol, so that one read takes in RECEIVED bytes at most: a client that sends much
    and reads nothing costs a bounded amount of memory, and one that sends much does not keep the
    others waiting.
    """

    def __init__(self, server: _Server) -> None:
        super().__init__(server, None, None, None)  # type: ignore[no-untyped-call]
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._listener = server
        self._station = server.station
        self._buffer = bytearray(RECEIVED)
        self._view = memoryview(self._buffer)
        self._filled = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._stream = cast("asyncio.Transport", transport)
        self._listener.connections.add(self)
        super().connection_made(transport)
        if self.is_closing or not self._listener.room():  # closing: accepted while it stopped
            self.abort()
            return
        self._stream.set_write_buffer_limits(high=UNSENT)
        client: socket.socket = transport.get_extra_info("socket")
        for option in _KEEPALIVE:  # asyncio has set TCP_NODELAY
            client.setsockopt(*option)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._listener.connections.discard(self)
        self.lost.set_result(None)

    def abort(self) -> None:
        self._stream.abort()

    def pause_writing(self) -> None:
        self._stream.pause_reading()

    def resume_writing(self) -> None:
        self._stream.resume_reading()

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._view[self._filled :] if self._filled else self._view

    def buffer_updated(self, nbytes: int) -> None:
        end = self._filled + nbytes
        answers, used, sound = self._station.answers(self._buffer, end)
        if answers:
            self._stream.write(answers)
        self._filled = end - used
        if not sound:
            self.close()
        elif self._filled and used:
            self._buffer[: self._filled] = self._buffer[used:end]


def _raise_descriptors() -> int:
    """Raise the number of descriptors this process may have, within reason, and return it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = hard if hard != resource.RLIM_INFINITY and hard < 4096 else 4096
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        return wanted
    return 4096 if soft == resource.RLIM_INFINITY else soft


def _explain(error: Exception, host: str, port: int) -> str:
    """Return one line on why nothing can listen on `host` and `port`."""
    code = getattr(error, "errno", None)
    if isinstance(error, ValueError | socket.gaierror):
        return f"modbus.tcp: no address is known for the host '{host}'; write an IP address"
    if code == errno.EADDRINUSE:
        return (
            f"modbus.tcp: port {port} on {host} is taken by another program; "
            "stop it or choose another modbus.tcp.port"
        )
    if code in (errno.EACCES, errno.EPERM):
        return (
            f"modbus.tcp: port {port} needs the right to bind ports below 1024: choose a port "
            "above 1023 or grant it with AmbientCapabilities=CAP_NET_BIND_SERVICE in the unit file"
        )
    if code in (errno.EADDRNOTAVAIL, None):
        return f"modbus.tcp: this machine has no address {host}"
    return f"modbus.tcp: cannot listen on {host} port {port}: {error}"
