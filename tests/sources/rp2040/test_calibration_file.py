"""The file of the corrections: kept as a whole, read again when it changes, with its history."""

import json
import logging
import stat
from pathlib import Path

import pytest

from submeter.errors import SubmeterError
from submeter.sources.rp2040 import calibration_file
from submeter.sources.rp2040.calibration_file import CalibrationFile, beside
from submeter.sources.rp2040.correction import NONE, BoardCorrection, ClampCorrection

UID = "e66038b713000001"
FIRST = BoardCorrection(1.01, 0.0, (ClampCorrection(1.03, 2.5, 1.4, 0.3, -0.2), *NONE.clamps[1:]))
SECOND = FIRST._replace(voltage=1.02)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return beside(tmp_path / "park.db")


def keep(
    file: CalibrationFile,
    correction: BoardCorrection,
    before: BoardCorrection,
    uid: str = UID,
    at: float = 1e9,
) -> None:
    file.append(uid, correction, "by hand", at, "root", instead_of=before)


def test_what_is_kept_is_read_by_others(path: Path) -> None:
    keep(CalibrationFile(path), FIRST, NONE)
    assert path.name == "park.db.clamps.json"
    assert CalibrationFile(path).current(UID) == FIRST
    assert CalibrationFile(path).current("other") == NONE
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert list(path.parent.iterdir()) == [path]


def test_a_running_program_sees_a_change(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    running = CalibrationFile(path)
    assert running.current(UID) == NONE
    with caplog.at_level(logging.WARNING):
        keep(CalibrationFile(path), FIRST, NONE)
        assert running.current(UID) == FIRST
        assert running.current(UID) == FIRST
    assert [each.getMessage() for each in caplog.records] == [
        f"event=calibration_changed board={UID} file={path}"
    ]


def test_undo_goes_back_step_by_step_and_forgets_nothing(path: Path) -> None:
    file = CalibrationFile(path)
    keep(file, FIRST, NONE)
    keep(file, SECOND, FIRST)
    assert file.undo(UID, 2e9).correction == SECOND
    assert file.current(UID) == FIRST
    assert file.undo(UID, 2e9).correction == FIRST
    assert file.current(UID) == NONE
    with pytest.raises(SubmeterError, match="no calibration that could be undone"):
        file.undo(UID, 2e9)
    keep(file, SECOND, NONE)
    assert [each.undone for each in file.history(UID)] == [2e9, 2e9, None]
    assert file.history(UID)[0].time == "2001-09-09 01:46:40Z"


def test_who_was_faster_is_not_overwritten(path: Path) -> None:
    keep(CalibrationFile(path), FIRST, NONE)
    with pytest.raises(SubmeterError, match="by somebody else meanwhile"):
        keep(CalibrationFile(path), SECOND, NONE)
    assert CalibrationFile(path).current(UID) == FIRST


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b'{"version": 2}',
        b'{"boards": {"a b": []}}',
        b'{"boards": {"abc": [{"at": 1}]}}',
        b'{"boards": {}, "more": 1}',
        b"\xff\xfe",
    ],
)
def test_a_damaged_file_is_told_once_and_never_overwritten(
    path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    running = CalibrationFile(path)
    keep(running, FIRST, NONE)
    assert running.current(UID) == FIRST
    path.write_bytes(content)
    for _ in range(3):
        assert running.current(UID) == FIRST
    assert CalibrationFile(path).current(UID) == NONE
    told = [each.getMessage() for each in caplog.records if each.levelno == logging.ERROR]
    assert len(told) == 2
    assert told[0].startswith(f'event=calibration_damaged file={path} reason="{path} is damaged (')
    for change in (lambda: keep(running, SECOND, FIRST), lambda: running.undo(UID, 2e9)):
        with pytest.raises(SubmeterError, match="move it away"):
            change()
    assert path.read_bytes() == content


@pytest.mark.parametrize("value", ["NaN", "Infinity", "0", "-1", "1e9", '"1"', "null"])
def test_no_gain_is_taken_that_cannot_be(path: Path, value: str) -> None:
    file = CalibrationFile(path)
    keep(file, FIRST, NONE)
    path.write_text(
        path.read_text()
        .replace('"gain":1.03', f'"gain":{value}')
        .replace('"gain": 1.03', f'"gain": {value}')
    )
    assert value in path.read_text()
    assert CalibrationFile(path).current(UID) == NONE


def test_no_nonsense_is_kept(path: Path) -> None:
    file = CalibrationFile(path)
    with pytest.raises(SubmeterError, match=r"cannot be kept: voltage"):
        keep(file, NONE._replace(voltage=float("nan")), NONE)
    with pytest.raises(SubmeterError, match="cannot be kept"):
        keep(file, FIRST, NONE, uid="../x")
    assert not path.exists()


def test_the_history_is_bounded(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibration_file, "MOST_ENTRIES", 3)
    file = CalibrationFile(path)
    before = NONE
    for number in range(5):
        now = FIRST._replace(voltage=1 + number / 10)
        keep(file, now, before, at=float(number))
        before = now
    assert [each.at for each in file.history(UID)] == [2, 3, 4]


def test_what_was_taken_back_is_forgotten_first(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calibration_file, "MOST_ENTRIES", 3)
    file = CalibrationFile(path)
    keep(file, FIRST, NONE)
    for _ in range(5):
        keep(file, SECOND, FIRST)
        file.undo(UID, 2e9)
    assert len(file.history(UID)) == 3
    assert file.current(UID) == FIRST


def test_boards_by_themselves(path: Path) -> None:
    file = CalibrationFile(path)
    keep(file, FIRST, NONE, "aaaa")
    keep(file, SECOND, NONE, "bbbb")
    assert file.current("aaaa") == FIRST
    assert file.current("bbbb") == SECOND
    assert set(json.loads(path.read_text())["boards"]) == {"aaaa", "bbbb"}


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    file = CalibrationFile(tmp_path / "missing" / "x.json")
    with pytest.raises(SubmeterError, match=r"cannot write .*No such file"):
        keep(file, FIRST, NONE)
    (tmp_path / "x.json.new").mkdir()
    with pytest.raises(SubmeterError, match="cannot write"):
        keep(CalibrationFile(tmp_path / "x.json"), FIRST, NONE)
    assert not (tmp_path / "x.json").exists()


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    assert CalibrationFile(tmp_path).current(UID) == NONE
    with pytest.raises(SubmeterError, match="cannot read"):
        CalibrationFile(tmp_path).history(UID)
