"""A TCP connection to a serial device server."""

import asyncio
import socket

from submeter.errors import LinkError
from submeter.sources.port import Line, Socket, monotonic

CONNECT_SECONDS = 10.0


class SocketPort:
    """An open connection; bytes come as the line's own, without header."""

    tunable = False

    def __init__(
        self, spec: Socket, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._spec = spec
        self._reader = reader
        self._writer = writer

    async def read(self) -> bytes:
        """Wait for bytes; raises LinkError when the other side closed."""
        # A reader with bytes at hand does not wait: the others get their turn here.
        await asyncio.sleep(0)
        try:
            data = await self._reader.read(4096)
        except OSError as error:
            raise LinkError(f"{self._spec} is gone: {error.strerror}") from None
        if not data:
            raise LinkError(f"{self._spec} closed the connection")
        return data

    async def write(self, data: bytes) -> None:
        """Send `data`; raises LinkError."""
        try:
            self._writer.write(data)
            await self._writer.drain()
        except OSError as error:
            raise LinkError(f"{self._spec} is gone: {error.strerror}") from None

    async def retune(self, line: Line) -> None:
        """Do nothing: the device server has its own settings."""

    def discard(self) -> None:
        """Do nothing yet."""

    def elapsed(self) -> float:
        """Return monotonic seconds."""
        return monotonic()

    def close(self) -> None:
        """Drop the connection without waiting."""
        self._writer.transport.abort()


async def connect(spec: Socket) -> SocketPort:
    """Connect to `spec`; raises LinkError."""
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            reader, writer = await asyncio.open_connection(spec.host, spec.port)
    except TimeoutError:
        raise LinkError(f"{spec} does not answer") from None
    except OSError as error:
        raise LinkError(f"cannot connect to {spec}: {error.strerror or error}") from None
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    return SocketPort(spec, reader, writer)
