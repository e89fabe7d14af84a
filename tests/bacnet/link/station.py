"""Places on loopback for links, and a plain UDP socket that plays another station."""

import asyncio
import itertools
import os
import socket
from ipaddress import IPv4Interface
from types import TracebackType

from submeter.bacnet.peer import Place

_hosts = itertools.count(1)
BROADCAST = "127.255.255.255"


def interface() -> IPv4Interface:
    """Return an address of 127.0.0.0/8 that no other test takes."""
    number = os.getpid() % 20000 * 200 + next(_hosts)
    return IPv4Interface(f"127.{128 + number // 65536 % 64}.{number // 256 % 256}.{number % 256}/8")


class Station:
    """A UDP socket; with a `port`, it hears the broadcasts to that port as well."""

    def __init__(self, port: int = 0) -> None:
        self._own = self._socket(str(interface().ip), 0)
        self._loud = self._socket(BROADCAST, port) if port else None
        self.place: Place = self._own.getsockname()

    def __enter__(self) -> "Station":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: object, trace: TracebackType | None
    ) -> None:
        self._own.close()
        if self._loud:
            self._loud.close()

    @property
    def text(self) -> str:
        return f"{self.place[0]}:{self.place[1]}"

    def send(self, data: bytes, place: Place) -> None:
        self._own.sendto(data, place)

    async def receive(self, wait: float = 2.0) -> bytes:
        """Return the next datagram to this very station; raises TimeoutError."""
        loop = asyncio.get_running_loop()
        return await asyncio.wait_for(loop.sock_recv(self._own, 4096), wait)

    async def hear(self, wait: float = 2.0) -> tuple[bytes, Place]:
        """Return the next broadcast and who sent it; raises TimeoutError."""
        assert self._loud is not None
        loop = asyncio.get_running_loop()
        return await asyncio.wait_for(loop.sock_recvfrom(self._loud, 4096), wait)

    async def silent(self, wait: float = 0.1) -> bool:
        """Tell whether neither a datagram nor a broadcast comes for a while."""
        await asyncio.sleep(wait)
        for own in (self._own, self._loud):
            try:
                if own is not None and own.recv(4096):
                    return False
            except BlockingIOError:
                pass
        return True

    @staticmethod
    def _socket(address: str, port: int) -> socket.socket:
        opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        opened.setblocking(False)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        if port:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        opened.bind((address, port))
        return opened


async def until(condition: object, wait: float = 2.0) -> None:
    """Wait until `condition()` is true; fails after `wait` seconds."""
    assert callable(condition)
    async with asyncio.timeout(wait):
        while not condition():
            await asyncio.sleep(0.005)
