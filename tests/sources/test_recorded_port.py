"""Recordings with time stamps: their own timing, and answers to whoever asks."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from submeter.errors import Condition, LinkError
from submeter.sources import recorded_port, recording
from submeter.sources.open_port import open_port
from submeter.sources.port import Line, Replay
from submeter.sources.recorded_port import RecordedPort
from submeter.sources.recording import Piece

PIECES = [Piece(0.2, b"a"), Piece(0.21, b"b"), Piece(0.5, b"c"), Piece(0.9, b"d")]


def lap() -> Iterator[Piece]:
    return iter(PIECES)


async def read(port: RecordedPort) -> bytes:
    async with asyncio.timeout(3):
        return await port.read()


async def test_pieces_come_at_their_times_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorded_port, "LAP_SECONDS", 0.3)
    port = RecordedPort(lap, speed=10)
    start = time.monotonic()
    for before in (0, 1.0):
        for piece in PIECES:
            assert await read(port) == piece.data
            recorded = before + piece.at - PIECES[0].at
            assert port.elapsed() == pytest.approx(recorded)
            assert time.monotonic() - start >= recorded / 10 - 0.001


async def test_a_question_is_answered_by_the_next_speech_at_once() -> None:
    port = RecordedPort(lap, speed=0.001)
    for expected in (b"ab", b"c", b"d", b"ab"):
        await port.write(b"\x10\x5b\x01\x5c\x16")
        assert await read(port) == expected
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.02):
            await port.read()


async def test_a_question_in_the_middle_and_one_while_another_waits() -> None:
    port = RecordedPort(lap, speed=0.001)
    assert await read(port) == b"a"
    reading = asyncio.create_task(read(port))
    await asyncio.sleep(0.01)
    await port.write(b"?")
    assert await reading == b"c", "b belongs to what was said before the question"


async def test_discard_drops_an_answer() -> None:
    port = RecordedPort(lap, speed=1)
    await port.write(b"?")
    port.discard()
    await port.write(b"?")
    assert await read(port) == b"c"
    await port.retune(Line(300))
    port.close()
    port.close()


async def test_open_port_knows_a_recording_by_its_first_line(tmp_path: Path) -> None:
    file = tmp_path / "a.rec"
    file.write_bytes(recording.header("x", "y", "z") + b"0.0 4142\n")
    port = await open_port(Replay(file, 10), Line(9600), lambda data: 1)
    assert await port.read() == b"AB"
    port.close()


async def test_a_recording_is_read_as_it_is_played(tmp_path: Path) -> None:
    """A day has millions of lines: neither the opening nor the memory may depend on them."""
    file = tmp_path / "a.rec"
    file.write_bytes(recording.header("x", "y", "z") + b"0.0 4142\n0.0 4344\nnonsense\n0.1 00\n")
    port = await open_port(Replay(file, 10), Line(9600))
    assert [await port.read(), await port.read()] == [b"AB", b"CD"]
    with pytest.raises(LinkError, match=r"a\.rec is damaged: line 7: write") as told:
        await port.read()
    assert told.value.condition is Condition.BAD_RECORDING
    port.close()


async def test_what_goes_on_without_a_pause_is_parted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorded_port, "LONGEST_SPEECH", 4)
    endless = [Piece(0.01 * number, b"xy") for number in range(10)]
    port = RecordedPort(lambda: iter(endless), speed=1)
    await port.write(b"?")
    assert await read(port) == b"xyxy"
