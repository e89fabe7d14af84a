"""Recordings: their pace, their loop, and how they leave time for others."""

import asyncio
from pathlib import Path
from types import SimpleNamespace

import pytest

from submeter.errors import LinkError
from submeter.sources import replay_port
from submeter.sources.open_port import open_port
from submeter.sources.port import Line, Replay
from submeter.sources.replay_port import ReplayPort

CONTENT = bytes(range(97))


def port(speed: float = 10_000, rate: float = 960, data: bytes = CONTENT) -> ReplayPort:
    return ReplayPort(data, rate, speed)


async def test_it_loops_and_no_piece_crosses_the_end() -> None:
    replay = port()
    received = b""
    while len(received) < 5 * len(CONTENT):
        piece = await replay.read()
        assert piece
        start = len(received) % len(CONTENT)
        assert piece == CONTENT[start : start + len(piece)]
        received += piece
    assert replay.elapsed() == pytest.approx(len(received) / 960)


async def test_the_pace_is_told_by_the_content(tmp_path: Path) -> None:
    seen: list[bytes] = []
    path = tmp_path / "a.tic"
    path.write_bytes(CONTENT)

    def pace(data: bytes) -> float:
        seen.append(data)
        return 1.0

    replay = await open_port(Replay(path, 1), Line(9600), pace)
    assert seen == [CONTENT]
    assert replay.elapsed() == 0


async def test_bytes_come_no_sooner_than_they_were_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    replay = port(speed=2, rate=50)
    clock, slept = [replay._start], list[float]()

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        clock[0] += seconds

    monkeypatch.setattr(replay_port, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    monkeypatch.setattr(replay_port, "asyncio", SimpleNamespace(sleep=sleep))
    total = 0
    while total < 300:
        total += len(await replay.read())
        assert total <= (clock[0] - replay._start) * 100 + 1e-6
    assert sum(slept) == pytest.approx(3, abs=0.1)


async def test_a_speed_beyond_the_machine_s_leaves_the_others_their_turn() -> None:
    replay = port(rate=1e9, data=b"x" * 100_000)
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(other())
    for _ in range(20):
        assert len(await replay.read()) <= 4096
    task.cancel()
    assert turns >= 19


async def test_a_file_that_went_away(tmp_path: Path) -> None:
    with pytest.raises(LinkError, match="cannot read the recording"):
        await open_port(Replay(tmp_path / "gone.tic", 1), Line(9600), lambda data: 960)


async def test_close_twice() -> None:
    replay = port()
    replay.close()
    replay.close()
