"""An M-Bus line with meters on it, behind a TCP converter or a pseudo-terminal."""

import asyncio
import os
import queue
import threading
import tty
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from submeter.sources.mbus import header
from submeter.sources.mbus.address import Secondary
from submeter.sources.mbus.link import (
    ACK,
    BROADCAST,
    FCB,
    REQ_UD2,
    SELECTED,
    SND_NKE,
    SND_UD,
    TEST,
    Decoder,
    Frame,
    Long,
    Short,
)
from tooling import mbus_records
from tooling.unplugged import unplug

_SELECT, _RESET = 0x52, 0x50


@dataclass
class Slave:
    """A meter: each of `telegrams` are the records of one telegram; all but the last have more.

    `deaf` requests to it are lost before it hears the next; `bad` answers have a wrong checksum.
    """

    primary: int
    meter: Secondary
    telegrams: list[bytes]
    status: int = 0
    deaf: int = 0
    bad: int = 0
    selected: bool = False
    heard: list[str] = field(default_factory=list)
    access: int = 0
    _fcb: int | None = None
    _place: int = 0

    def take(self, frame: Frame) -> bytes:
        """Return what it answers, nothing if it does not."""
        if not isinstance(frame, (Short, Long)) or not self._meant(frame):
            return b""
        if self.deaf:
            self.deaf -= 1
            return b""
        answer = self._answer(frame)
        if self.bad and len(answer) > 1:
            self.bad -= 1
            return answer[:-2] + bytes([answer[-2] ^ 1]) + answer[-1:]
        return b"" if frame.address == BROADCAST else answer

    def _meant(self, frame: Short | Long) -> bool:
        select = isinstance(frame, Long) and frame.ci == _SELECT
        if frame.address == SELECTED:
            return select or self.selected
        return frame.address in (self.primary, TEST, BROADCAST)

    def _answer(self, frame: Short | Long) -> bytes:
        if isinstance(frame, Long):
            return self._data(frame)
        if frame.control == SND_NKE:
            self.heard.append("nke")
            self._fcb, self._place = None, 0
            self.selected = self.selected and frame.address != SELECTED
            return ACK
        if frame.control & ~FCB == REQ_UD2:
            return self._request(frame.control & FCB)
        return b""

    def _data(self, frame: Long) -> bytes:
        if frame.control & ~FCB != SND_UD:
            return b""
        if frame.ci == _SELECT:
            self.selected = mask(frame.data).covers(self.meter)
            if self.selected:
                self.heard.append("select")
                self._fcb, self._place = None, 0
            return ACK if self.selected else b""
        if frame.ci == _RESET:
            self.heard.append("reset")
            self._fcb, self._place = None, 0
        return ACK

    def _request(self, fcb: int) -> bytes:
        self.heard.append("request" if fcb == self._fcb else f"fcb {int(bool(fcb))}")
        if self._fcb is not None and fcb != self._fcb:
            self._place = (self._place + 1) % len(self.telegrams)
            self.access += 1
        self._fcb = fcb
        records = self.telegrams[self._place]
        if self._place < len(self.telegrams) - 1:
            records += mbus_records.MORE
        answer = mbus_records.answer(
            self.primary, self.meter, records, self.access & 0xFF, self.status
        )
        return answer.encode()


def mask(data: bytes) -> Secondary:
    """Return the mask of a selection."""
    maker = "*" if data[4:6] == b"\xff\xff" else header.identification(data).maker
    return Secondary(header.digits(data[:4]), maker, data[6], data[7])


class Bus:
    """Meters on one line; what several say at once is mixed, bit by bit (0 wins)."""

    def __init__(self, slaves: Sequence[Slave], *, echo: bool = False) -> None:
        self.slaves = list(slaves)
        self.requests = 0
        self.silent = False
        self._echo = echo
        self._decoder = Decoder()

    def take(self, data: bytes) -> bytes:
        """Return what the line carries after the master's `data`."""
        said = data if self._echo else b""
        for frame in self._decoder.feed(data):
            self.requests += 1
            if not self.silent:
                said += collide([slave.take(frame) for slave in self.slaves])
        return said


def collide(answers: Sequence[bytes]) -> bytes:
    """Return the bytes that arrive when `answers` are sent at the same time."""
    spoken = [each for each in answers if each]
    mixed = bytearray(max(map(len, spoken), default=0))
    for place in range(len(mixed)):
        byte = 0xFF
        for each in spoken:
            byte &= each[place] if place < len(each) else 0xFF
        mixed[place] = byte
    return bytes(mixed)


@asynccontextmanager
async def over_tcp(bus: Bus) -> AsyncIterator[int]:
    """Serve `bus` on a port of the loopback, which it gives."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(300):
                writer.write(bus.take(data))
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


@asynccontextmanager
async def over_pty(bus: Bus) -> AsyncIterator[Path]:
    """Serve `bus` on a pseudo-terminal, whose node it gives."""
    master, slave = os.openpty()
    tty.setraw(slave)
    loop = asyncio.get_running_loop()
    loop.add_reader(master, lambda: os.write(master, bus.take(os.read(master, 300))))
    try:
        yield Path(os.ttyname(slave))
    finally:
        loop.remove_reader(master)
        unplug(master, slave)


class BusPort:
    """A port with `bus` behind it, without any waiting on a line."""

    tunable = False

    def __init__(self, bus: Bus, spoil: Callable[[bytes], bytes] = bytes) -> None:
        self.bus = bus
        self.written: list[bytes] = []
        self.spoil = spoil
        self._ready: asyncio.Queue[bytes] = asyncio.Queue()

    async def read(self) -> bytes:
        return await self._ready.get()

    async def write(self, data: bytes) -> None:
        self.written.append(data)
        if answer := self.spoil(self.bus.take(data)):
            self._ready.put_nowait(answer)

    async def retune(self, line: object) -> None:
        raise AssertionError("nobody changes the speed of an M-Bus line")

    def discard(self) -> None:
        while not self._ready.empty():
            self._ready.get_nowait()

    def elapsed(self) -> float:
        return asyncio.get_running_loop().time()

    def close(self) -> None:
        pass


@contextmanager
def in_thread(bus: Bus) -> Iterator[int]:
    """Serve `bus` over TCP beside a test that waits for a program; gives the port."""
    loop = asyncio.new_event_loop()
    ready: queue.Queue[int] = queue.Queue()
    over = asyncio.Event()

    async def serve() -> None:
        async with over_tcp(bus) as number:
            ready.put(number)
            await over.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    try:
        yield ready.get(timeout=5)
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(5)
        loop.close()
