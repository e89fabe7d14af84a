"""Several instruments on one line: turns, and what is lost with the port."""

import asyncio

import pytest

from submeter.errors import Condition, LinkError
from submeter.sources import shared_line
from submeter.sources.port import Line, Socket
from submeter.sources.shared_line import SharedLine


class FakePort:
    def __init__(self) -> None:
        self.closed = 0
        self.discarded = 0

    def discard(self) -> None:
        self.discarded += 1

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[FakePort]:
    """The ports that were opened, in their order."""
    ports: list[FakePort] = []

    async def open_port(*arguments: object) -> FakePort:
        ports.append(FakePort())
        return ports[-1]

    monkeypatch.setattr(shared_line, "open_port", open_port)
    return ports


def line() -> SharedLine:
    return SharedLine(Socket("127.0.0.1", 1), Line(2400, "8E1"))


async def test_turns_are_given_one_after_the_other(opened: list[FakePort]) -> None:
    shared, order = line(), list[str]()

    async def ask(name: str) -> None:
        async with shared.turn():
            order.append(f"{name} asks")
            await asyncio.sleep(0)
            order.append(f"{name} is answered")

    await asyncio.gather(*(ask(name) for name in "abc"))
    assert order == [f"{name} {what}" for name in "abc" for what in ("asks", "is answered")]
    assert [(port.discarded, port.closed) for port in opened] == [(3, 0)]


@pytest.mark.parametrize(
    ("condition", "lost"),
    [(Condition.SILENT, False), (Condition.NO_DEVICE, True), (Condition.UNREACHABLE, True)],
)
async def test_a_silent_instrument_leaves_the_port_open(
    opened: list[FakePort], condition: Condition, lost: bool
) -> None:
    shared = line()
    with pytest.raises(LinkError):
        async with shared.turn():
            raise LinkError("no answer", condition)
    async with shared.turn():
        pass
    assert len(opened) == 1 + lost
    assert opened[0].closed == lost


async def test_the_last_user_closes_the_port(opened: list[FakePort]) -> None:
    shared = line()
    with shared.joined():
        with shared.joined():
            async with shared.turn():
                pass
        assert opened[0].closed == 0
    assert opened[0].closed == 1


async def test_a_turn_that_is_given_up_gives_way(opened: list[FakePort]) -> None:
    shared = line()

    async def hold() -> None:
        async with shared.turn():
            await asyncio.Event().wait()

    task = asyncio.create_task(hold())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(1), shared.turn():
        pass
    assert opened[0].closed == 0


async def test_what_cannot_be_opened_is_told_at_once_to_all_who_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tried = 0

    async def connect(*arguments: object) -> FakePort:
        nonlocal tried
        tried += 1
        await asyncio.sleep(0.05)
        raise LinkError("socket://127.0.0.1:1 does not answer", Condition.UNREACHABLE)

    monkeypatch.setattr(shared_line, "open_port", connect)
    shared = line()

    async def ask() -> tuple[str, Condition]:
        with pytest.raises(LinkError) as caught:
            async with shared.turn():
                pass
        return str(caught.value), caught.value.condition

    told = await asyncio.gather(*(ask() for _ in range(250)))
    assert set(told) == {("socket://127.0.0.1:1 does not answer", Condition.UNREACHABLE)}
    assert tried == 1
    monkeypatch.setattr(shared_line, "OPEN_AGAIN", 0.0)
    await ask()
    assert tried == 2


async def test_a_port_that_was_lost_is_opened_again_at_once(opened: list[FakePort]) -> None:
    shared = line()
    with pytest.raises(LinkError):
        async with shared.turn():
            raise LinkError("closed", Condition.UNREACHABLE)
    async with shared.turn():
        pass
    assert len(opened) == 2
