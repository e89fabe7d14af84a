"""A board behind a port: several inputs hear it, and each counts its own."""

import asyncio
import contextlib
import os
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from submeter.errors import Condition, LinkError
from submeter.meter.reading import Update
from submeter.sources.board import board_line
from submeter.sources.board.board_line import BoardLine
from submeter.sources.board.said import Said
from submeter.sources.network import Socket
from submeter.sources.port import Device, Replay
from submeter.sources.pulse.settings import PulseSettings
from submeter.sources.pulse.source import PulseSource
from tooling.board import line, record
from tooling.pty_pair import pty_pair

WATER = "Volume"


@pytest.fixture
def cable() -> Iterator[tuple[int, str]]:
    """Give the board's end of a cable, open, and the node of the other end."""
    with pty_pair() as (near, far):
        descriptor = os.open(near, os.O_RDWR | os.O_NOCTTY)
        yield descriptor, far
        os.close(descriptor)


def source(shared: BoardLine, place: int, folder: Path, **more: object) -> PulseSource:
    said = {"board": {"port": "/dev/ttyACM0", "input": place}, "point": WATER, "weight": "10 L"}
    settings = PulseSettings.model_validate(said | more)
    return PulseSource(f"w{place}", settings, folder / f"{place}", shared)


async def until(found: list[Update], index: int) -> None:
    async with asyncio.timeout(5):
        while not found or found[-1].values[WATER].number != index:
            await asyncio.sleep(0.005)


async def test_two_inputs_share_a_board(cable: tuple[int, str], tmp_path: Path) -> None:
    board, node = cable
    shared = BoardLine(Device(Path(node)))
    first, second = source(shared, 1, tmp_path), source(shared, 2, tmp_path)
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
    again, later = source(shared, 2, tmp_path), list[Update]()
    again.restore(second.saved())
    run = asyncio.create_task(again.run(lambda update, at: later.append(update)))
    await asyncio.sleep(0.05)
    os.write(board, record("b", 2, 13))
    await until(later, 140_000)
    assert "Volume_Flow" not in later[-1].values
    run.cancel()
    await asyncio.gather(run, return_exceptions=True)


async def test_another_board_at_the_port_is_begun_with_anew_and_told_once(
    cable: tuple[int, str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    board, node = cable
    made = source(BoardLine(Device(Path(node))), 1, tmp_path)
    heard: list[Update] = []
    run = asyncio.create_task(made.run(lambda update, at: heard.append(update)))
    await asyncio.sleep(0.05)
    os.write(board, line("ID", {"uid": "e6", "boot": "a"}) + record("a", 100) + record("a", 103))
    await until(heard, 30_000)
    assert made.identity == "e6"
    os.write(board, line("ID", {"uid": "e7", "boot": "b"}) + record("b", 50) + record("b", 51))
    await until(heard, 40_000)
    assert made.identity == "e7"
    run.cancel()
    await asyncio.gather(run, return_exceptions=True)
    told = [each for each in caplog.messages if "pulse_count_begun_anew" in each]
    assert told == ['event=pulse_count_begun_anew source=w1 reason="it is another board: e7"']


async def test_only_the_board_that_is_named_counts(cable: tuple[int, str], tmp_path: Path) -> None:
    board, node = cable
    made = source(BoardLine(Device(Path(node))), 1, tmp_path, meter="e6")
    heard: list[Update] = []
    run = asyncio.create_task(made.run(lambda update, at: heard.append(update)))
    await asyncio.sleep(0.05)

    async def trouble(wanted: Condition | None) -> None:
        async with asyncio.timeout(5):
            while made.trouble is not wanted:
                await asyncio.sleep(0.005)

    os.write(board, record("a", 100))  # nobody knows whose
    await trouble(Condition.OTHER_METER)
    os.write(board, record("a", 100, uid="e6") + record("a", 103))  # it is the same run
    await until(heard, 30_000)
    assert made.trouble is None
    count = len(heard)
    os.write(board, record("b", 4, uid="e7"))
    await trouble(Condition.OTHER_METER)
    assert (len(heard), made.identity) == (count, "e7")
    os.write(board, record("a", 104, uid="e6"))
    await until(heard, 40_000)
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
    shared = BoardLine(Device(Path(node)))
    heard: list[Said] = []

    def breaks(said: Said) -> None:
        raise RuntimeError("broken")

    broken, good = (asyncio.create_task(shared.listen(each)) for each in (breaks, heard.append))
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


@pytest.mark.parametrize("sent", [b">>> ", b"$S {}*12345678\n" * 3])
async def test_a_board_that_says_nothing_of_use_is_told_to_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr(board_line, "SILENCE", 0.15)
    recording = tmp_path / "recording"
    recording.write_bytes(sent)
    shared = BoardLine(Replay(recording, 100.0))
    runs = [source(shared, each, tmp_path).run(lambda update, at: None) for each in (1, 2)]
    for error in await asyncio.gather(*runs, return_exceptions=True):
        assert isinstance(error, LinkError)
        assert error.condition is Condition.NOISE


@pytest.mark.parametrize("sent", [b"x" * 65536, b"\0", b"$S " + b"{" * 65536, b"$W {}*0\n"])
async def test_bytes_without_end_are_noise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr(board_line, "SILENCE", 0.15)

    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer), contextlib.suppress(OSError):
            while True:
                writer.write(sent)
                await writer.drain()
                await asyncio.sleep(0.005)

    async with await asyncio.start_server(flood, "127.0.0.1") as server:
        shared = BoardLine(Socket(*server.sockets[0].getsockname()))
        with pytest.raises(LinkError, match="no valid record") as caught:
            await source(shared, 1, tmp_path).run(lambda update, at: None)
    assert caught.value.condition is Condition.NOISE


async def test_a_board_that_falls_silent_after_damage_long_ago_is_silent(
    cable: tuple[int, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(board_line, "SILENCE", 0.3)
    board, node = cable
    heard: list[Said] = []
    run = asyncio.create_task(BoardLine(Device(Path(node))).listen(heard.append))
    await asyncio.sleep(0.05)
    os.write(board, b"$S {}*12345678\n" + record("a", 1) + b"$S {")
    with pytest.raises(LinkError, match="no record") as caught:
        await run
    assert len(heard) == 1
    assert caught.value.condition is Condition.SILENT


async def test_a_board_that_flickers_between_enough_and_too_few_inputs_is_one_trouble(
    cable: tuple[int, str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    board, node = cable
    made = source(BoardLine(Device(Path(node))), 1, tmp_path)
    heard: list[Update] = []
    states: list[Condition | None] = []

    def publish(update: Update, at: object) -> None:
        heard.append(update)
        states.append(made.trouble)

    run = asyncio.create_task(made.run(publish))
    await asyncio.sleep(0.05)
    for number in range(40):
        os.write(board, record("a", number) + record("a"))
    await until(heard, 390_000)
    run.cancel()
    await asyncio.gather(run, return_exceptions=True)
    assert states == [None, None] + [Condition.WRONG_LAYOUT] * 38
    assert caplog.messages == []


async def test_while_it_is_noise_nothing_is_published(
    cable: tuple[int, str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    board, node = cable
    made = source(BoardLine(Device(Path(node))), 1, tmp_path)
    heard: list[Update] = []
    run = asyncio.create_task(made.run(lambda update, at: heard.append(update)))
    await asyncio.sleep(0.05)
    for boot in range(50):
        os.write(board, record(boot, 1000))
    async with asyncio.timeout(5):
        while made._memory.now.boot != zlib.crc32(b"49"):
            await asyncio.sleep(0.005)
    run.cancel()
    await asyncio.gather(run, return_exceptions=True)
    assert made.trouble is Condition.NOISE
    assert [update.values[WATER].number for update in heard] == [0, 10**7, 2 * 10**7, 3 * 10**7]
    assert len([each for each in caplog.messages if "pulse_count_begun_anew" in each]) == 1


def test_an_input_of_a_board_needs_its_line(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="has the line of that board"):
        PulseSource("w", source(BoardLine(Device(Path("/x"))), 1, tmp_path)._settings, tmp_path)
