"""A Modbus meter of a few registers on a line that is not there, which shares no code with ours.

It answers at once, and misbehaves as a test asks it to.
"""

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

from submeter.errors import LinkError
from submeter.sources.port import Device, Line, Port
from submeter.sources.shared_line import SharedLine
from tooling.serial_line import sealed

Reply = Callable[[bytes], bytes]


class Slave:
    """Registers by (function, address); what is not among them is exception 02.

    `largest` is the longest block it gives, `refuses` are exceptions by address, `asked` are the
    requests as (function, address, count).
    """

    def __init__(self, registers: dict[tuple[int, int], int], unit: int = 1) -> None:
        self.registers = registers
        self.unit = unit
        self.largest = 125
        self.holes = False
        self.refuses: dict[int, int] = {}
        self.asked: list[tuple[int, int, int]] = []

    def put(self, function: int, address: int, form: str, value: float) -> None:
        """Write a value, most significant word first."""
        data = struct.pack(f">{form}", value)
        for n in range(len(data) // 2):
            self.registers[function, address + n] = int.from_bytes(data[2 * n : 2 * n + 2])

    def pdu(self, request: bytes) -> bytes:
        """Answer a request of the functions 1 to 4."""
        function, start, count = struct.unpack(">BHH", request)
        self.asked.append((function, start, count))
        places = [(function, start + n) for n in range(count)]
        code = next((self.refuses[at] for _, at in places if at in self.refuses), 0)
        there = [place in self.registers for place in places]
        if not code and (count > self.largest or not (any if self.holes else all)(there)):
            code = 2
        if code:
            return bytes([function | 0x80, code])
        words = [self.registers.get(place, 0) for place in places]
        if function < 3:
            bits = sum(bool(word) << n for n, word in enumerate(words))
            data = bits.to_bytes((count + 7) // 8, "little")
        else:
            data = struct.pack(f">{count}H", *words)
        return bytes([function, len(data)]) + data

    def rtu(self, frame: bytes) -> bytes:
        """Answer a frame of a serial line, with nothing if it is for another unit."""
        if frame[0] != self.unit or sealed(frame[:-2]) != frame:
            return b""
        return sealed(bytes([self.unit]) + self.pdu(frame[1:-2]))

    def tcp(self, frame: bytes) -> bytes:
        """Answer a frame of TCP."""
        answer = bytes([frame[6]]) + self.pdu(frame[7:])
        return frame[:4] + len(answer).to_bytes(2) + answer


class ScriptedPort:
    """An open port: `reply` makes of each frame that is written what can be read then."""

    tunable = False

    def __init__(self, reply: Reply) -> None:
        self.reply = reply
        self.written: list[bytes] = []
        self._arrived: asyncio.Queue[bytes] = asyncio.Queue()

    def arrive(self, data: bytes) -> None:
        """Let bytes come that nobody asked for."""
        self._arrived.put_nowait(data)

    async def read(self) -> bytes:
        return await self._arrived.get()

    async def write(self, data: bytes) -> None:
        self.written.append(data)
        if answer := self.reply(data):
            self.arrive(answer)

    async def retune(self, line: Line) -> None:
        raise AssertionError("nobody sets the speed of this")

    def discard(self) -> None:
        while not self._arrived.empty():
            self._arrived.get_nowait()

    def elapsed(self) -> float:
        return 0.0

    def close(self) -> None:
        raise AssertionError("nobody closes this")


class Latent:
    """Answers on the line of `port` that come late: each `latency()` seconds after its request.

    They come in the order of the requests, as on a real line, or after an outage all at once.
    """

    def __init__(self, port: ScriptedPort, reply: Reply, latency: Callable[[], float]) -> None:
        self._port = port
        self._reply = reply
        self._latency = latency
        self._until = 0.0
        port.reply = self

    def __call__(self, frame: bytes) -> bytes:
        loop = asyncio.get_running_loop()
        if answer := self._reply(frame):
            self._until = max(self._until, loop.time() + self._latency())
            loop.call_at(self._until, self._port.arrive, answer)
        return b""


class ScriptedLine(SharedLine):
    """A line with a `ScriptedPort`; `lost` are failures of the next turns."""

    def __init__(self, reply: Reply, baudrate: int = 115200) -> None:
        super().__init__(Device(Path("/dev/ttyUSB0")), Line(baudrate))
        self.port = ScriptedPort(reply)
        self.lost: list[LinkError] = []

    @contextlib.asynccontextmanager
    async def turn(self) -> AsyncIterator[Port]:
        self.port.discard()
        if self.lost:
            raise self.lost.pop(0)
        yield self.port

    @contextlib.contextmanager
    def joined(self) -> Iterator[None]:
        yield
