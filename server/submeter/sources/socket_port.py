"""A TCP connection to a serial device server."""

import asyncio
import os
import socket
from collections.abc import Iterator
from contextlib import suppress

from submeter.errors import Condition, LinkError
from submeter.sources import host_name, waiting
from submeter.sources.network import Rfc2217, Socket
from submeter.sources.port import Line, monotonic

CONNECT_SECONDS = 10.0
WRITE_SECONDS = 10.0
MOST_DISCARDED = 1 << 18
"""Bytes that are dropped at once; of a server that floods there are always more."""
# A server that lost its power says nothing: asked for a sign of life, it is given up in a minute.
_KEEPALIVE = ((socket.TCP_KEEPIDLE, 30), (socket.TCP_KEEPINTVL, 10), (socket.TCP_KEEPCNT, 3))
_UNACKNOWLEDGED = 30_000  # ms


class SocketPort:
    """An open connection; bytes come as the line's own, without header."""

    tunable = False

    def __init__(self, spec: Socket | Rfc2217, connection: socket.socket) -> None:
        self._spec = spec
        self._socket = connection

    async def read(self) -> bytes:
        """Wait for bytes; raises LinkError when the other side closed."""
        while True:
            try:
                # Its turn comes after the others' even when bytes are at hand.
                await waiting.readable(self._socket.fileno())
                data = self._socket.recv(4096)
            except BlockingIOError:
                continue
            except (OSError, ValueError) as error:
                raise self._lost(error) from None
            if not data:
                message = f"{self._spec} closed the connection"
                raise LinkError(message, Condition.UNREACHABLE)
            return data

    async def write(self, data: bytes) -> None:
        """Send `data`; raises LinkError."""
        try:
            async with asyncio.timeout(WRITE_SECONDS):
                while data:
                    try:
                        data = data[self._socket.send(data) :]
                    except BlockingIOError:
                        await waiting.writable(self._socket.fileno())
        except TimeoutError:
            message = f"{self._spec} takes no bytes"
            raise LinkError(message, Condition.UNREACHABLE) from None
        except (OSError, ValueError) as error:
            raise self._lost(error) from None

    async def retune(self, line: Line) -> None:
        """Do nothing but drop what was received: the device server has its own settings."""
        self.discard()

    def discard(self) -> None:
        """Drop what was received; a connection that is gone says so at the next read."""
        for _ in self.waiting():
            pass

    def waiting(self) -> Iterator[bytes]:
        """Yield what was received and not read yet, up to MOST_DISCARDED bytes."""
        left = MOST_DISCARDED
        with suppress(OSError):
            while left > 0 and (data := self._socket.recv(min(left, 65536))):
                left -= len(data)
                yield data

    def elapsed(self) -> float:
        """Return monotonic seconds."""
        return monotonic()

    def close(self) -> None:
        """Drop the connection without waiting."""
        self._socket.close()

    def _lost(self, error: Exception) -> LinkError:
        return LinkError(f"{self._spec} is gone: {_reason(error)}", Condition.UNREACHABLE)


async def connect(spec: Socket | Rfc2217) -> SocketPort:
    """Connect to `spec`; raises LinkError."""
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            connection = await _connected(spec.host, spec.port)
    except TimeoutError:
        raise LinkError(f"{spec} does not answer", Condition.UNREACHABLE) from None
    except (OSError, UnicodeError) as error:
        message = f"cannot connect to {spec}: {_reason(error)}"
        raise LinkError(message, Condition.UNREACHABLE) from None
    return SocketPort(spec, connection)


async def _connected(host: str, port: int) -> socket.socket:
    """Return a connection to the first address of `host` that takes one; raises OSError."""
    loop = asyncio.get_running_loop()
    failure = OSError(f"'{host}' has no address")
    for family, kind, protocol, _, address in await host_name.addresses(host, port):
        connection = socket.socket(family, kind, protocol)
        try:
            _prepare(connection)
            await loop.sock_connect(connection, address)
        except OSError as error:
            connection.close()
            failure = error
        except BaseException:
            connection.close()
            raise
        else:
            return connection
    raise failure


def _prepare(connection: socket.socket) -> None:
    connection.setblocking(False)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNACKNOWLEDGED)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in _KEEPALIVE:
        connection.setsockopt(socket.IPPROTO_TCP, option, value)


def _reason(error: Exception) -> str:
    # asyncio puts the address into the text; a name that is not found has no errno of the system.
    if isinstance(error, OSError) and error.errno and not isinstance(error, socket.gaierror):
        return os.strerror(error.errno)
    return getattr(error, "strerror", None) or str(error)
