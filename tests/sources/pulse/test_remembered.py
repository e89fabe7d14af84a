"""What a pulse input knows after a restart."""

import errno
import json
import os
from pathlib import Path

import pytest

from submeter.count_file import Count, CountFile
from submeter.sources.pulse.remembered import RUNS, Remembered


def begun(folder: Path, saved: str | None = None, owner: str = "1 Wh") -> Remembered:
    memory = Remembered("house", owner, folder / "house.count")
    if saved is not None:
        memory.restore(saved)
    memory.open()
    return memory


def test_the_file_knows_what_was_not_committed(tmp_path: Path) -> None:
    memory = begun(tmp_path)
    memory.set(Count(7))
    saved = memory.saved()
    memory.set(Count(9, 4, 2))
    assert begun(tmp_path, saved).now == Count(9, 4, 2)
    assert begun(tmp_path).now == Count(9, 4, 2)


def test_what_the_file_knows_is_no_younger_than_what_was_committed(tmp_path: Path) -> None:
    """Who was off for hours does not know when the last pulses came; they may be many by now."""
    begun(tmp_path).set(Count(9, 4, 2))
    older = {"owner": "1 Wh", "total": 7, "boot": 4, "raw": 0}
    memory = begun(tmp_path, json.dumps({**older, "at": 1_700_000_000}))
    assert (memory.now, memory.at) == (Count(9, 4, 2), 1_700_000_000)
    assert begun(tmp_path, json.dumps(older)).at is None, "nobody knows"
    assert begun(tmp_path).at is None


def test_the_committed_count_wins_over_an_older_file(tmp_path: Path) -> None:
    begun(tmp_path).set(Count(7))
    newer = json.dumps({"owner": "1 Wh", "total": 12, "boot": 0, "raw": 0})
    assert begun(tmp_path, newer).now == Count(12)
    assert begun(tmp_path).now == Count(12)


def test_a_damaged_file_is_told_and_the_committed_count_is_used(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    memory = begun(tmp_path)
    memory.set(Count(7))
    saved = memory.saved()
    (tmp_path / "house.count").write_bytes(b"\xff" * 200)
    memory = begun(tmp_path, saved)
    assert memory.now == Count(7)
    assert [line for line in caplog.messages if "event=pulse_file_unusable source=house" in line]
    memory.set(Count(8))
    assert begun(tmp_path, saved).now == Count(8)


def test_another_worth_of_a_pulse_is_another_count_and_no_damage(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    memory = begun(tmp_path)
    memory.set(Count(7))
    other = begun(tmp_path, memory.saved(), owner="2 Wh")
    assert other.now == Count(0)
    other.set(Count(1))
    assert begun(tmp_path, owner="2 Wh").now == Count(1)
    assert caplog.messages == []


def test_runs_of_a_board_that_ended_are_remembered(tmp_path: Path) -> None:
    memory = begun(tmp_path)
    for boot in range(1, 2 * RUNS):
        memory.set(Count(boot, boot, 5))
    saved = memory.saved()
    memory.set(Count(99, 99, 5))
    again = begun(tmp_path, saved)
    assert again.now == Count(99, 99, 5)
    assert again.ended == memory.ended == tuple(range(RUNS, 2 * RUNS))
    assert again.at


def test_without_a_file_pulses_count_all_the_same(tmp_path: Path) -> None:
    memory = begun(tmp_path / "none")
    memory.set(Count(3))
    assert memory.now == Count(3)
    memory.close()


def test_a_file_that_cannot_be_written_is_told_once_and_costs_nothing_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = begun(tmp_path)

    def fails(file: int, data: bytes, at: int) -> int:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as broken:
        broken.setattr(os, "pwrite", fails)
        for total in (3, 4, 5):
            memory.set(Count(total))
            memory.close()
            memory.open()
    assert memory.now == Count(5)
    (told,) = caplog.messages
    assert "event=pulse_file_unusable source=house" in told
    assert 'count=3 reason="[Errno 5] Input/output error"' in told
    memory.close()
    memory.open()
    memory.set(Count(6))
    assert begun(tmp_path).now == Count(6)
    monkeypatch.setattr(os, "pwrite", fails)
    memory.set(Count(7))
    assert len(caplog.messages) == 2


def test_a_link_that_returns_goes_on(tmp_path: Path) -> None:
    memory = begun(tmp_path)
    memory.set(Count(3))
    memory.close()
    memory.open()
    memory.open()
    assert memory.now == Count(3)
    other = CountFile(tmp_path / "house.count", "1 Wh")
    assert other.read() == Count(3)


def test_saved_is_the_same_while_nothing_changed(tmp_path: Path) -> None:
    memory = begun(tmp_path)
    assert memory.saved() == memory.saved()


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"total": -1, "boot": 0, "raw": 0}', '{"total": true, "boot": 0, "raw": 0}',
     '{"total": 1, "boot": 0, "raw": 0, "ended": 5}',
     '{"total": 1, "boot": 0, "raw": 0, "ended": ["5"]}',
     '{"total": 1, "boot": 0, "raw": 0, "at": "5"}',
     '{"total": 36893488147419103232, "boot": 0, "raw": 0, "owner": "1 Wh"}'],
)  # fmt: skip
def test_what_is_damaged_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        begun(tmp_path, text)
