"""Host names: who is not found holds nobody up."""

import asyncio
import socket
import threading
from typing import Any

import pytest

from submeter.sources import host_name


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let no name be found before `released`; `asked` has the names that were looked up."""

    class Resolver:
        released = threading.Event()
        asked: list[str] = []  # noqa: RUF012 - one test each

        def getaddrinfo(self, host: str, port: int, **keys: Any) -> Any:
            self.asked.append(host)
            if host.startswith("dead"):
                self.released.wait(5)
                raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    found = Resolver()
    found.released.clear()
    found.asked.clear()
    monkeypatch.setattr(socket, "getaddrinfo", found.getaddrinfo)
    yield found
    found.released.set()


async def test_a_number_needs_no_thread(resolver: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading, "Thread", None)
    for host in ("127.0.0.1", "::1"):
        assert await host_name.addresses(host, 7)


async def test_dead_names_hold_up_neither_others_nor_the_program(resolver: Any) -> None:
    dead = [asyncio.create_task(host_name.addresses(f"dead{n}", 1)) for n in range(40)]
    await asyncio.sleep(0.02)
    async with asyncio.timeout(3):
        assert (await host_name.addresses("alive", 7))[0][4] == ("127.0.0.1", 7)
        assert await asyncio.to_thread(int) == 0
    for task in dead:
        task.cancel()
    await asyncio.gather(*dead, return_exceptions=True)


async def test_a_name_is_looked_up_once_at_a_time(resolver: Any) -> None:
    for _ in range(3):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.02):
                await host_name.addresses("dead", 1)
    assert resolver.asked == ["dead"]
    last = asyncio.create_task(host_name.addresses("dead", 1))
    await asyncio.sleep(0.01)
    resolver.released.set()
    with pytest.raises(socket.gaierror, match="Temporary failure"):
        await last
    assert not host_name._asked
    with pytest.raises(socket.gaierror):
        await host_name.addresses("dead", 1)
    assert resolver.asked == ["dead", "dead"]


async def test_a_lookup_that_fails_otherwise_leaves_no_name_stuck(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fails(*_: Any, **__: Any) -> Any:
        raise ValueError("embedded null character")

    monkeypatch.setattr(socket, "getaddrinfo", fails)
    for _ in range(2):
        async with asyncio.timeout(3):
            with pytest.raises(OSError, match="embedded null character"):
                await host_name.addresses("odd", 1)
    assert not host_name._asked
