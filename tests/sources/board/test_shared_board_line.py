"""The port of a board: what it is told, and who hears what of it."""

import asyncio
import zlib
from collections.abc import Callable

import pytest

from submeter.errors import Condition, FrameError, LinkError
from submeter.sources.board import board_line
from submeter.sources.board.board_line import BoardLine
from submeter.sources.board.said import Said
from submeter.sources.port import Device
from tooling.clamp_records import IdealBoard
from tooling.pty_board import PtyBoard


async def until(so: Callable[[], object]) -> None:
    async with asyncio.timeout(5):
        while not so():
            await asyncio.sleep(0.005)


def signed(text: str) -> str:
    return f"{text}*{zlib.crc32(text.encode()):08X}"


async def end(*tasks: asyncio.Task[None]) -> None:
    for each in tasks:
        each.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_line_is_sent_while_the_port_is_open_and_else_not() -> None:
    with PtyBoard(IdealBoard()) as board:
        line, heard = BoardLine(board.port), list[Said]()
        line.send(signed("1 id"))
        task = asyncio.create_task(line.listen(heard.append))
        await until(lambda: line.opened == 1)
        line.send(signed("2 time"))
        await until(lambda: board.asked and heard)
        await end(task)
    assert board.asked == ["time"]
    assert heard == [Said("R", {"r": 2, "ok": 1})]


async def test_who_comes_later_is_told_the_identity_first() -> None:
    with PtyBoard(IdealBoard()) as board:
        line, first, second = BoardLine(board.port), list[Said](), list[Said]()
        tasks = [asyncio.create_task(line.listen(first.append))]
        await until(lambda: line.opened)
        board.introduce()
        board.tick()
        await until(lambda: len(first) == 2)
        tasks.append(asyncio.create_task(line.listen(second.append)))
        await until(lambda: second)
        board.tick()
        await until(lambda: len(second) == 2)
        await end(*tasks)
        assert [each.tag for each in second] == ["ID", "S"]
        assert line.opened == 1
        again = asyncio.create_task(line.listen(lambda said: None))
        await until(lambda: line.opened == 2)
        await end(again)


async def test_a_line_that_is_senseless_to_all_is_no_sign_of_life(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(board_line, "SILENCE", 0.2)

    def refuse(said: Said) -> None:
        raise FrameError("no")

    async def speak(board: PtyBoard) -> None:
        while True:
            board.tick()
            await asyncio.sleep(0.05)

    with PtyBoard(IdealBoard()) as board:
        line = BoardLine(board.port)
        speaking = asyncio.create_task(speak(board))
        with pytest.raises(LinkError, match="no valid record") as caught:
            await line.listen(refuse)
        assert caught.value.condition is Condition.NOISE
        assert line.dropped > 1
        heard: list[Said] = []
        tasks = [asyncio.create_task(line.listen(each)) for each in (refuse, heard.append)]
        await until(lambda: len(heard) > 8)
        assert not any(each.done() for each in tasks)
        await end(*tasks, speaking)


async def test_a_board_that_is_unplugged_is_told_to_all_at_once() -> None:
    with PtyBoard(IdealBoard()) as board:
        line = BoardLine(board.port)
        tasks = [asyncio.create_task(line.listen(lambda said: None)) for _ in range(2)]
        await until(lambda: line.opened)
        await asyncio.sleep(0.02)
        board.unplug()
        for error in await asyncio.gather(*tasks, return_exceptions=True):
            assert isinstance(error, LinkError)
            assert error.condition is Condition.NO_DEVICE


async def test_a_board_that_takes_no_lines_costs_no_memory() -> None:
    with PtyBoard(IdealBoard()) as board:
        line = BoardLine(board.port)
        task = asyncio.create_task(line.listen(lambda said: None))
        await until(lambda: line.opened)
        for number in range(100_000):
            line.send(signed(f"{number} id"))
        assert line._outgoing
        assert line._outgoing.qsize() <= 16
        await end(task)


async def test_a_port_is_given_back_although_who_listens_is_cancelled_again() -> None:
    with PtyBoard(IdealBoard()) as board:
        line = BoardLine(board.port)
        task = asyncio.create_task(line.listen(lambda _: None))
        await until(lambda: line.opened)
        for _ in range(4):
            task.cancel()
            await asyncio.sleep(0)
        await asyncio.gather(task, return_exceptions=True)
        await until(lambda: is_free(board.port))


def is_free(port: Device) -> bool:
    try:
        port.prove_free()
    except LinkError:
        return False
    return True
