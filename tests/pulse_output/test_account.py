"""How many pulses are due, over restarts, exactly."""

import errno
import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from submeter.count_file import Count, CountFile
from submeter.pulse_output.account import PulseAccount

ENERGY = "Active_Energy_Import"


def account(path: Path | None = None, saved: str | None = None) -> PulseAccount:
    made = PulseAccount("main", ENERGY, path)
    if saved is not None:
        made.restore(saved)
    return made


def at(mark: int, point: str = ENERGY) -> str:
    return json.dumps({"point": point, "mark": mark})


def test_the_first_start_begins_with_the_index(caplog: pytest.LogCaptureFixture) -> None:
    made = account()
    assert made.due(10**12, 1000) == 0
    made.begin(5_000_700)
    assert made.due(5_001_699, 1000) == 0
    assert made.due(5_001_700, 1000) == 1
    assert "event=pulse_output_begun meter=main" in caplog.text


def test_a_restart_goes_on_where_the_pulses_stopped() -> None:
    made = account(saved=at(5_000_000))
    assert json.loads(made.saved())["mark"] == 5_000_000
    made.begin(5_003_500)
    assert made.due(5_003_500, 1000) == 3


def test_the_file_knows_the_pulses_after_the_commit(tmp_path: Path) -> None:
    path = tmp_path / "file"
    made = account(path, at(5_000_000))
    made.begin(5_009_000)
    for mark in range(5_001_000, 5_004_001, 1000):
        made.put(mark)
    made.close()
    again = account(path, at(5_000_000))
    again.begin(5_009_000)
    assert again.due(5_009_000, 1000) == 5


@pytest.mark.parametrize("kept", [4_000_000, 9_999_000])
def test_an_older_file_and_one_beyond_the_index_count_for_nothing(
    tmp_path: Path, kept: int
) -> None:
    CountFile(tmp_path / "file", f"main {ENERGY}").write(Count(kept))
    made = account(tmp_path / "file", at(5_000_000))
    made.begin(5_002_000)
    assert made.mark == 5_000_000


def test_a_new_store_begins_with_the_index_whatever_the_file_says(tmp_path: Path) -> None:
    CountFile(tmp_path / "file", f"main {ENERGY}").write(Count(1000))
    made = account(tmp_path / "file")
    made.begin(5_000_000)
    assert made.mark == 5_000_000


def test_a_mark_beyond_the_index_or_of_another_point_begins_anew() -> None:
    for saved in (at(6_000_000), at(1, "Active_Energy_Export")):
        made = account(saved=saved)
        made.begin(5_000_000)
        assert made.mark == 5_000_000


def test_without_a_usable_file_it_works_from_the_commit(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    made = account(tmp_path / "none" / "file", at(5_000_000))
    made.begin(5_002_000)
    assert made.due(5_002_000, 1000) == 2
    assert "event=pulse_output_file_unusable meter=main" in caplog.text
    made.close()


@pytest.mark.parametrize("text", ["", "[]", at(-1), '{"point": 1, "mark": 1}', '{"mark": "1"}'])
def test_what_is_damaged_is_refused(text: str) -> None:
    if text == '{"mark": "1"}':
        text = json.dumps({"point": ENERGY, "mark": "1"})
    with pytest.raises(ValueError):  # noqa: PT011
        account(saved=text)


@given(st.lists(st.tuples(st.integers(0, 50_000), st.integers(1, 20), st.booleans()), max_size=30))
def test_pulses_and_remainder_are_the_energy(steps: list[tuple[int, int, bool]]) -> None:
    """Whatever a pulse is worth from one moment to the next, and whenever it is restarted."""
    made = account()
    start = index = 1_000_000
    made.begin(start)
    sent = 0
    for grown, wh, restart in steps:
        index += grown
        weight = wh * 1000
        while made.due(index, weight):
            assert made.mark is not None
            made.put(made.mark + weight)
            sent += weight
        assert index - start >= sent
        assert made.mark == start + sent
        assert made.due(index, weight) == 0
        if restart:
            made = account(saved=made.saved())
            made.begin(index)


def test_a_file_that_cannot_be_written_is_told_once_and_costs_nothing_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = account(tmp_path / "file", at(5_000_000))

    def fails(file: int, data: bytes, at: int) -> int:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "pwrite", fails)
    made.begin(5_009_000)
    made.put(5_001_000)
    made.put(5_002_000)
    assert made.due(5_009_000, 1000) == 7
    assert [each.split()[0] for each in caplog.messages] == ["event=pulse_output_file_unusable"]
