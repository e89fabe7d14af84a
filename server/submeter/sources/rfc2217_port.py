"""A serial device server that lets its line be set (RFC 2217)."""

import asyncio

from submeter.errors import Condition, LinkError
from submeter.sources import socket_port
from submeter.sources.network import Rfc2217
from submeter.sources.port import Line, monotonic
from submeter.sources.serial_port import TO_PARITY, WITHOUT_PARITY
from submeter.sources.socket_port import SocketPort
from submeter.sources.telnet import OPENING, Telnet, command, escaped

ANSWER_SECONDS = 5.0
# RFC 2217, 3: commands of the client; the server answers with 100 more.
BAUDRATE, DATA_SIZE, PARITY, STOP_SIZE, CONTROL, PURGE = 1, 2, 3, 4, 5, 12
ANSWER = 100
_PARITIES = {"N": 1, "O": 2, "E": 3}
_NO_FLOW_CONTROL, _DTR_ON, _RTS_ON = b"\x01", b"\x08", b"\x0b"
_PURGE_RECEIVED = b"\x01"
_MOST_BACK = 1024  # bytes to send back; whoever asks for more at once wants no answers


class Rfc2217Port:
    """An open connection whose line is set as `open_line` or `retune` was told."""

    tunable = True

    def __init__(self, spec: Rfc2217, connection: SocketPort) -> None:
        self._spec = spec
        self._connection = connection
        self._telnet = Telnet()
        self._line = Line(9600)
        self._heard = bytearray()  # of the line, not read yet
        self._back = bytearray()  # what the server asked for, not answered yet
        self._answers: dict[int, bytes] = {}
        self._sent = 0.0  # when the last bit of what was written is on the line

    async def open_line(self, line: Line) -> None:
        """Agree with the server, and set the line; raises LinkError."""
        await self._send(OPENING)
        await self._set(line)
        for value in (_NO_FLOW_CONTROL, _DTR_ON, _RTS_ON):
            await self._send(command(CONTROL, value))

    async def read(self) -> bytes:
        """Wait for bytes; raises LinkError when the other side closed."""
        while not self._heard:
            await self._listen()
        data = bytes(self._heard)
        self._heard.clear()
        return data

    async def write(self, data: bytes) -> None:
        """Send `data`; raises LinkError."""
        seconds = len(data) * self._line.bits / self._line.baudrate
        self._sent = max(self._sent, monotonic()) + seconds
        await self._send(escaped(data.translate(TO_PARITY) if self._line.masked else data))

    async def retune(self, line: Line) -> None:
        """Go on with other settings, once everything is sent; raises LinkError."""
        await asyncio.sleep(max(0.0, self._sent - monotonic()))
        await self._set(line)
        self._heard.clear()

    def discard(self) -> None:
        """Drop what was received, here and not at the server: it may be on its way."""
        self._heard.clear()
        for data in self._connection.waiting():
            self._take(data)
        self._heard.clear()

    def elapsed(self) -> float:
        """Return monotonic seconds."""
        return monotonic()

    def close(self) -> None:
        """Drop the connection without waiting."""
        self._connection.close()

    async def _set(self, line: Line) -> None:
        data, parity, stop = "8N1" if line.masked else line.format
        wanted = {
            BAUDRATE: line.baudrate.to_bytes(4),
            DATA_SIZE: bytes([int(data)]),
            PARITY: bytes([_PARITIES[parity]]),
            STOP_SIZE: bytes([int(stop)]),
        }
        self._answers.clear()
        for code, value in wanted.items():
            await self._send(command(code, value))
        await self._send(command(PURGE, _PURGE_RECEIVED))
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                while not wanted.keys() <= self._answers.keys():
                    await self._listen()
                    # It came with the settings before, and may come without end.
                    self._heard.clear()
        except TimeoutError:
            raise self._mute() from None
        if any(self._answers[code] != value for code, value in wanted.items()):
            raise LinkError(f"{self._spec} cannot be set to {line}", Condition.WRONG_SETTINGS)
        self._line = line

    async def _listen(self) -> None:
        if self._back:
            await self._send()
        self._take(await self._connection.read())
        if self._telnet.refused:
            raise self._mute()
        if self._back:
            await self._send()

    async def _send(self, data: bytes = b"") -> None:
        """Send what the server waits for, and `data`."""
        data = bytes(self._back) + data
        self._back.clear()
        await self._connection.write(data)

    def _take(self, received: bytes) -> None:
        """Keep what `received` says, and what to send back."""
        data, back, answers = self._telnet.feed(received)
        self._heard += data.translate(WITHOUT_PARITY) if self._line.masked else data
        self._answers |= {code - ANSWER: value for code, value in answers}
        if len(self._back) + len(back) <= _MOST_BACK:
            self._back += back

    def _mute(self) -> LinkError:
        message = f"{self._spec} does not speak RFC 2217; write socket:// if its speed is fixed"
        return LinkError(message, Condition.UNREACHABLE)


async def connect(spec: Rfc2217, line: Line) -> Rfc2217Port:
    """Connect to `spec` and set its line; raises LinkError."""
    connection = await socket_port.connect(spec)
    port = Rfc2217Port(spec, connection)
    try:
        await port.open_line(line)
    except BaseException:
        connection.close()
        raise
    return port
