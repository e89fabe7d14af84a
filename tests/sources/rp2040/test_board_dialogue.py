"""What the program and a board say to each other."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from submeter.errors import Condition
from submeter.meter.instant import Instant
from submeter.sources import recording
from submeter.sources.board.board_line import BoardLine
from submeter.sources.port import Replay
from submeter.sources.recording import Piece
from submeter.sources.rp2040 import patience
from submeter.sources.rp2040.board import Board
from submeter.sources.rp2040.follower import Follower
from submeter.sources.rp2040.identity import Identity
from submeter.sources.rp2040.record import Record
from submeter.sources.rp2040.spectrum import Spectra
from tooling.answering_board import snapshot
from tooling.clamp_records import IdealBoard
from tooling.pty_board import PtyBoard

UID = IdealBoard().uid


class Ear:
    """One that listens, and keeps what it hears."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.snapshots: list[Spectra] = []
        self.events: list[Mapping[str, Any]] = []

    def record(self, identity: Identity, record: Record, at: Instant) -> None:
        assert identity.boot == record.boot
        self.records.append(record)

    def spectra(self, spectra: Spectra, at: Instant) -> None:
        self.snapshots.append(spectra)

    def event(self, identity: Identity, content: Mapping[str, Any], at: Instant) -> None:
        self.events.append(content)


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "FIRST", 0.03)
    monkeypatch.setattr(patience, "LONGEST", 0.1)


async def until(so: Callable[[], object]) -> None:
    async with asyncio.timeout(5):
        while not so():
            await asyncio.sleep(0.005)


@contextlib.asynccontextmanager
async def listening(board: Board, *ears: Ear) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(board.listen(ear)) for ear in ears]
    await until(lambda: board.line.opened)
    yield
    for each in tasks:
        each.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def speak_until(there: PtyBoard, so: Callable[[], object]) -> None:
    """Let the board send records until it is so."""
    async with asyncio.timeout(5):
        while not so():
            there.tick()
            await asyncio.sleep(0.01)


async def test_who_it_is_is_asked_and_the_record_waits_for_it() -> None:
    with PtyBoard(IdealBoard()) as there:
        board, ear, other = Board(BoardLine(there.port), UID), Ear(), Ear()
        async with listening(board, ear, other):
            there.tick()
            await until(lambda: ear.records and other.records)
            assert there.asked == ["id"]
            assert board.identity
            assert board.identity.uid == UID
            there.tick(3)
            await until(lambda: len(ear.records) == 4)
            assert [each.seq for each in ear.records] == [1, 2, 3, 4]
            assert ear.records == other.records
            assert there.asked == ["id"]
            assert board.trouble is None


async def test_a_reset_that_nobody_told_of_is_seen_and_asked_for() -> None:
    with PtyBoard(IdealBoard()) as there:
        board, ear = Board(BoardLine(there.port), UID), Ear()
        async with listening(board, ear):
            there.tick()
            await until(lambda: ear.records)
            there.board.reset("0000b002")
            there.tick()
            await until(lambda: len(ear.records) == 2)
            assert there.asked == ["id", "id"]
            assert [each.boot for each in ear.records] == ["0000a001", "0000b002"]


async def test_the_settings_that_meters_want_are_given_once() -> None:
    with PtyBoard(IdealBoard()) as there:
        board, ear = Board(BoardLine(there.port), UID), Ear()
        board.want("v3i", 2, 40, 25)
        board.want("v3i", 3, 80, 25)
        board.want("v3i", None, 0, 25)
        async with listening(board, ear):
            await until(lambda: len(there.asked) == 2)
            await speak_until(there, lambda: len(ear.records) > 20)
        assert there.asked == ["id", 'cfg {"lags": [0, 40, 80], "quarter": 25}']
        assert there.board.lags == [0, 40, 80]
        assert board.trouble is None


def test_two_meters_that_want_different_things_are_refused() -> None:
    board = Board(BoardLine(Replay(Path("x"), 1.0)), None)
    board.want("v3i", 1, 0, 30)
    for layout, clamp, lag, quarter in (("4i", 2, 0, 30), ("v3i", 1, 40, 30), ("v3i", 2, 0, 25)):
        with pytest.raises(ValueError, match="another meter"):
            board.want(layout, clamp, lag, quarter)  # type: ignore[arg-type]
    board.want("v3i", 1, 0, 30)


async def test_a_board_that_refuses_its_layout_is_told_no_further_and_in_trouble(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with PtyBoard(IdealBoard()) as there:
        there.refuses = {"cfg"}
        board, ear = Board(BoardLine(there.port), UID), Ear()
        board.want("4i", 1, 0, 30)
        async with listening(board, ear):
            await speak_until(there, lambda: board.trouble is Condition.WRONG_LAYOUT)
            for _ in range(30):
                there.tick()
                await asyncio.sleep(0.005)
        assert there.asked == ["id"] + ['cfg {"layout": "4i"}'] * 3
        assert ear.records == []
        (told,) = caplog.messages
        assert told == (
            f"event=board_settings_refused board={UID} settings=\"cfg {{'layout': '4i'}}\" "
            'reason="no such thing"'
        )


async def test_another_board_than_expected_is_not_heard_nor_set() -> None:
    with PtyBoard(IdealBoard()) as there:
        board, ear = Board(BoardLine(there.port), "e66038b7139000aa"), Ear()
        board.want("v3i", 1, 40, 30)
        board.want_snapshots(0.01)
        async with listening(board, ear):
            await speak_until(there, lambda: board.trouble is Condition.OTHER_METER)
            event = {"b": there.board.boot, "q": 1, "t": 5, "f": 5, "k": "dip", "v": 7}
            there.tell("E", event)
            for content in snapshot(there.board, 1):
                there.tell("W", content)
            for _ in range(10):
                there.tick()
                await asyncio.sleep(0.005)
        assert (ear.records, ear.events, ear.snapshots) == ([], [], [])
        assert there.asked == ["id"]
        assert board.identity
        assert board.identity.uid == UID


@pytest.mark.parametrize("version", [0, 2, None])
async def test_another_version_of_the_lines_is_told_once(
    version: int | None, caplog: pytest.LogCaptureFixture
) -> None:
    with PtyBoard(IdealBoard()) as there:
        there.board.firmware = "0.3.1"
        there.deaf = {"id"}
        board, ear = Board(BoardLine(there.port), UID), Ear()
        content = there.board.identity() | {"v": version}
        if version is None:
            del content["v"]
        async with listening(board, ear):
            for _ in range(3):
                there.tick()
                there.tell("ID", content)
            await until(lambda: board.trouble is Condition.OLD_FIRMWARE)
            there.tick(3)
            there.tell("S", {"other": "keys"})
            await asyncio.sleep(0.05)
            assert (ear.records, board.dropped) == ([], 0)
            assert caplog.messages == [
                f'event=board_old_firmware port={there.port} firmware="0.3.1" '
                f'lines={version or 0} wanted=1 reason="run: submeter flash {there.port}"'
            ]
            there.introduce()  # it was flashed
            there.tick()
            await until(lambda: ear.records)
            assert board.trouble is None


async def test_a_board_that_does_not_say_who_it_is_is_in_trouble() -> None:
    with PtyBoard(IdealBoard()) as there:
        there.deaf = {"id"}
        board, ear = Board(BoardLine(there.port), None), Ear()
        async with listening(board, ear):
            await speak_until(there, lambda: board.trouble is Condition.WRONG_LAYOUT)
            there.introduce()
            await until(lambda: ear.records)
            assert board.trouble is None


async def test_snapshots_are_asked_for_and_one_that_missed_a_line_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("submeter.sources.rp2040.board.SNAPSHOT_SECONDS", 0.1)
    with PtyBoard(IdealBoard()) as there:
        there.lost = {1}
        board, ear = Board(BoardLine(there.port), UID), Ear()
        board.want_snapshots(0)
        board.want_snapshots(60)
        board.want_snapshots(0.3)
        async with listening(board, ear):
            await speak_until(there, lambda: ear.snapshots)
            assert there.asked.count("snap") == 2
            assert board.dropped == 1
            await speak_until(there, lambda: len(ear.snapshots) == 2)
            assert there.asked.count("snap") == 3
        assert ear.snapshots[0].clamps == (None, None, None)


async def test_events_are_told_once_and_damaged_ones_dropped() -> None:
    with PtyBoard(IdealBoard()) as there:
        board, ear = Board(BoardLine(there.port), UID), Ear()
        async with listening(board, ear):
            there.introduce()
            event = {"b": there.board.boot, "q": 1, "t": 5, "f": 5, "k": "dip", "v": 7}
            for more in ({}, {}, {"q": 2, "v": "7"}, {"q": 3, "b": "before"}, {"k": 5.0}, {"q": 4}):
                there.tell("E", event | more)
            await until(lambda: len(ear.events) == 2)
            assert [each["q"] for each in ear.events] == [1, 4]
            assert board.dropped == 2


async def test_the_port_is_lost_and_found() -> None:
    model = IdealBoard()
    line = BoardLine(Replay(Path("x"), 1.0))
    with PtyBoard(model) as there:
        line.spec = there.port
        board, ear = Board(line, UID), Ear()
        async with listening(board, ear):
            there.tick()
            await until(lambda: ear.records)
    with PtyBoard(model) as there:
        line.spec = there.port
        model.second()
        task = asyncio.create_task(board.listen(ear))
        await until(lambda: line.opened == 2)
        there.tick()
        await until(lambda: len(ear.records) == 2)
        assert there.asked == ["id"]
        assert ear.records[1].seq == 3
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_each_lap_of_a_recording_is_a_run_of_its_own(tmp_path: Path) -> None:
    model, file = IdealBoard(), tmp_path / "board.raw"
    parts = [model.line("ID", model.identity()), model.lines(4)]
    parts += [model.line("W", each) for each in snapshot(model, 1)]
    file.write_bytes(b"".join(parts))
    spec = Replay(file, 100.0)
    board, ear = Board(BoardLine(spec), UID), Ear()
    assert board.speed == 100.0
    follower, counted = Follower(laps=board.played), 0
    async with listening(board, ear):
        await until(lambda: len(ear.records) > 30)
    for number, each in enumerate(ear.records):
        window = follower.take(each, 1000 + number / 100 * board.speed)
        counted += window.frames if window else 0
    assert [each.seq for each in ear.records[:9]] == [1, 2, 3, 4, 1, 2, 3, 4, 1]
    assert len({each.boot for each in ear.records[:9]}) == 3
    assert counted > 6000 * 25, "however often it begins anew"
    assert board.trouble is follower.trouble is None


async def test_what_was_captured_is_played_though_it_never_answers(tmp_path: Path) -> None:
    model, file = IdealBoard(), tmp_path / "board.rec"
    pieces = [Piece(0.2, model.line("ID", model.identity()))]
    pieces += [Piece(n, model.line("S", model.second())) for n in range(1, 6)]
    header = recording.header("/dev/ttyACM0", "115200 8N1", "2026-01-01T00:00:00Z")
    file.write_bytes(header + b"".join(each.line() for each in pieces))
    board, ear = Board(BoardLine(Replay(file, 100.0)), UID), Ear()
    board.want("v3i", 2, 40, 30)  # which it does not do
    board.want_snapshots(1.0)
    async with listening(board, ear):
        await until(lambda: len(ear.records) > 12)


async def test_damage_and_stray_text_are_counted_and_cost_nothing_else(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    with PtyBoard(IdealBoard()) as there:
        board, ear = Board(BoardLine(there.port), UID), Ear()
        async with listening(board, ear):
            there.introduce()
            there.tick()
            there.say(
                b'Traceback (most recent call last):\r\n  File "main.py"\r\nMemoryError\r\n>>> '
            )
            there.say(b'$S {"uid": "e6"}*00000000\r\n')
            there.tell("S", {"b": there.board.boot, "uid": UID})
            there.tell("ID", {"v": 1})
            there.tell("R", {"r": 1})
            there.tell("W", {"b": 1})
            there.tick()
            await until(lambda: len(ear.records) == 2)
            assert board.dropped == 4  # nobody wants the waveform
            assert caplog.messages == []
