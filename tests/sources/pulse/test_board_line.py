"""A board behind a port: several inputs hear it, and each counts its own."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from submeter.errors import Condition, LinkError
from submeter.meter.reading import Update
from submeter.sources.port import Device, Replay
from submeter.sources.pulse import board_line
from submeter.sources.pulse.board import Record
from submeter.sources.pulse.board_line import BoardLine
from submeter.sources.pulse.settings import PulseSettings
from submeter.sources.pulse.source import PulseSource
from tooling.board import record
from tooling.pty_pair import pty_pair

WATER = "Volume"


@pytest.fixture
def cable() -> Iterator[tuple[int, str]]:
    """Give the board's end of a cable, open, and the node of the other end."""
    with pty_pair() as (near, far):
        descriptor = os.open(near, os.O_RDWR | os.O_NOCTTY)
        yield descriptor, far
        os.close(descriptor)


def source(line: BoardLine, place: int, folder: Path) -> PulseSource:
    said = {"port": "/dev/ttyACM0", "input": place}
    settings = PulseSettings.model_validate({"board": said, "point": WATER, "weight": "10 L"})
    return PulseSource(f"w{place}", settings, folder / f"{place}", line)


async def until(found: list[Update], index: int) -> None:
    async with asyncio.timeout(5):
        while not found or found[-1].values[WATER].number != index:
            await asyncio.sleep(0.005)


async def test_two_inputs_share_a_board(cable: tuple[int, str], tmp_path: Path) -> None:
    board, node = cable
    line = BoardLine(Device(Path(node)))
    first, second = source(line, 1, tmp_path), source(line, 2, tmp_path)
    heard: tuple[list[Update], list[Update]] = ([], [])
    runs = [
        asyncio.create_task(first.run(lambda update, at: heard[0].append(update))),
        asyncio.create_task(second.run(lambda update, at: heard[1].append(update))),
    ]
    await asyncio.sleep(0.05)
    os.write(board, record("a", 100, 7))
    await until(heard[0], 0)
    os.write(board, record("a", 103, 7) + b"$S {broken}*00000000\n" + record("a", 104, 8))
    await until(heard[0], 40_000)
    await until(heard[1], 10_000)
    assert first.dropped == 1
    runs[0].cancel()
    await asyncio.gather(runs[0], return_exceptions=True)
    os.write(board, record("b", 2, 3))  # the board was reset
    await until(heard[1], 40_000)
    runs[1].cancel()
    await asyncio.gather(runs[1], return_exceptions=True)

    # What the board counted meanwhile is counted with the next record.
    again, later = source(line, 2, tmp_path), list[Update]()
    again.restore(second.saved())
    run = asyncio.create_task(again.run(lambda update, at: later.append(update)))
    await asyncio.sleep(0.05)
    os.write(board, record("b", 2, 13))
    await until(later, 140_000)
    assert "Volume_Flow" not in later[-1].values
    run.cancel()
    await asyncio.gather(run, return_exceptions=True)


async def test_an_input_that_the_board_lacks_is_a_wrong_layout(
    cable: tuple[int, str], tmp_path: Path
) -> None:
    board, node = cable
    made = source(BoardLine(Device(Path(node))), 3, tmp_path)
    run = asyncio.create_task(made.run(lambda update, at: None))
    await asyncio.sleep(0.05)
    os.write(board, record("a", 1, 2))
    async with asyncio.timeout(5):
        while made.trouble is not Condition.WRONG_LAYOUT:
            await asyncio.sleep(0.005)
    run.cancel()
    await asyncio.gather(run, return_exceptions=True)


async def test_one_input_that_breaks_does_not_take_the_others(cable: tuple[int, str]) -> None:
    board, node = cable
    line = BoardLine(Device(Path(node)))
    heard: list[Record] = []

    def breaks(record: Record) -> None:
        raise RuntimeError("broken")

    broken, good = (asyncio.create_task(line.listen(each)) for each in (breaks, heard.append))
    await asyncio.sleep(0.05)
    os.write(board, record("a", 1))
    with pytest.raises(RuntimeError, match="broken"):
        await broken
    os.write(board, record("a", 2))
    async with asyncio.timeout(5):
        while len(heard) < 2:
            await asyncio.sleep(0.005)
    good.cancel()
    await asyncio.gather(good, return_exceptions=True)


@pytest.mark.parametrize(
    ("sent", "condition"),
    [(b">>> ", Condition.SILENT), (b"$S {}*12345678\n" * 3, Condition.NOISE)],
)
async def test_a_board_that_says_nothing_is_told_to_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sent: bytes, condition: Condition
) -> None:
    monkeypatch.setattr(board_line, "SILENCE", 0.15)
    recording = tmp_path / "recording"
    recording.write_bytes(sent)
    line = BoardLine(Replay(recording, 100.0))
    runs = [source(line, each, tmp_path).run(lambda update, at: None) for each in (1, 2)]
    for error in await asyncio.gather(*runs, return_exceptions=True):
        assert isinstance(error, LinkError)
        assert error.condition is condition


def test_an_input_of_a_board_needs_its_line(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="has the line of that board"):
        PulseSource("w", source(BoardLine(Device(Path("/x"))), 1, tmp_path)._settings, tmp_path)
