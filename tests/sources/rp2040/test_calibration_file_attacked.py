"""A file of corrections that is damaged, or cannot be read or written: one clear line."""

import errno
import fcntl
import logging
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from submeter import regular_file
from submeter.errors import SubmeterError
from submeter.sources.rp2040 import calibration_file
from submeter.sources.rp2040.calibration_file import CalibrationFile
from submeter.sources.rp2040.correction import NONE, BoardCorrection, ClampCorrection

UID = "e66038b713000001"
FIRST = BoardCorrection(1.01, 0.0, (ClampCorrection(1.03, 2.5, 1.4, 0.3, -0.2), *NONE.clamps[1:]))
SECOND = FIRST._replace(voltage=1.02)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "park.db.clamps.json"
    keep(CalibrationFile(found), FIRST, NONE)
    return found


def keep(
    file: CalibrationFile, made: BoardCorrection, before: BoardCorrection, uid: str = UID
) -> None:
    file.append(uid, made, "by hand", 1e9, "root", instead_of=before)


def refused(change: Callable[[], object]) -> str:
    with pytest.raises(SubmeterError) as error:
        change()
    message = str(error.value)
    assert message.isprintable()
    assert len(message) < 400
    return message


DAMAGES = {
    "huge number": ("1.03", "1" + "0" * 5000),
    "beyond a float": ("1.03", "1e400"),
    "no number": ("1.03", "true"),
    "no rating": ('"amperes": null', '"amperes": 0'),
    "rating that is none": ('"amperes": null', '"amperes": NaN'),
    "text": ('"by_current": false', '"by_current": "no"'),
    "five clamps": ('"clamps": [', '"clamps": [{},'),
    "twice": ('"gain": 1.03', '"gain": 1.03, "gain": 1.5'),
    "board twice": ('"boards": {', f'"boards": {{"{UID}": [], '),
    "name of lines": ('"version"', '"a\\nb\\u001b[31m\\"": 1, "version"'),
    "long name": ('"version"', '"' + "x" * 100_000 + '": 1, "version"'),
    "half a character": ("by hand", "\\ud800"),
    "depth": ('"version": 1', '"version": ' + "[" * 100_000),
    "cut": ("root", 'root"'),
}


@pytest.mark.parametrize(("old", "new"), DAMAGES.values(), ids=DAMAGES)
def test_what_is_damaged_counts_for_nothing(
    path: Path, old: str, new: str, caplog: pytest.LogCaptureFixture
) -> None:
    running = CalibrationFile(path)
    assert running.current(UID) == FIRST
    good = path.read_text()
    assert old in good
    path.write_text(good.replace(old, new, 1))
    assert running.current(UID) == FIRST
    assert CalibrationFile(path).current(UID) == NONE
    told = [each.getMessage() for each in caplog.records]
    assert len(told) == 2
    assert told[0].isprintable()
    assert told[0].count('"') == 2
    assert "is damaged (" in refused(lambda: keep(running, SECOND, FIRST))
    path.write_text(good)
    assert running.current(UID) == FIRST


def test_what_a_terminal_obeys_is_not_shown(path: Path) -> None:
    path.write_text(path.read_text().replace("by hand", "by\\u001b[2J\\nhand"))
    (entry,) = CalibrationFile(path).history(UID)
    assert entry.how == "by?[2J?hand"
    assert entry.correction == FIRST


def test_an_old_file_counts_whatever_the_ratings_are(path: Path) -> None:
    text = path.read_text()
    for line in text.splitlines(keepends=True):
        if "by_current" in line or "amperes" in line:
            text = text.replace(line, "")
    text = text.replace('"leak_reactive": -0.2,', '"leak_reactive": -0.2')
    text = text.replace('"leak_reactive": 0.0,', '"leak_reactive": 0.0')
    path.write_text(text)
    assert "amperes" not in text
    assert CalibrationFile(path).current(UID).in_force({1: 0.5}) == FIRST


def test_ratings_and_where_a_gain_comes_from_are_kept(path: Path) -> None:
    clamp = FIRST.clamps[0]._replace(by_current=True, amperes=0.0242)
    made = FIRST._replace(clamps=(clamp, *FIRST.clamps[1:]))
    keep(CalibrationFile(path), made, FIRST)
    assert CalibrationFile(path).current(UID) == made


def test_too_large(path: Path) -> None:
    path.write_bytes(b" " * 10_000_000)
    assert CalibrationFile(path).current(UID) == NONE
    told = refused(lambda: keep(CalibrationFile(path), SECOND, NONE))
    assert f"cannot read {path}: it is too large" in told


def test_no_right_to_read_and_then_one(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def denied(path: Path, most: int) -> bytes:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    running = CalibrationFile(path)
    with monkeypatch.context() as patch:
        patch.setattr(regular_file, "read", denied)
        for _ in range(3):
            assert running.current(UID) == NONE
        assert refused(lambda: running.history(UID)) == f"cannot read {path}: Permission denied"
    assert running.current(UID) == FIRST
    assert [each.getMessage() for each in caplog.records] == [
        f'event=calibration_damaged file={path} reason="cannot read {path}: Permission denied"'
    ]


def test_a_link_is_read_and_not_written(tmp_path: Path, path: Path) -> None:
    link = tmp_path / "link.json"
    link.symlink_to(path)
    before = path.read_bytes()
    assert CalibrationFile(link).current(UID) == FIRST
    for change in (
        lambda: keep(CalibrationFile(link), SECOND, FIRST),
        lambda: CalibrationFile(link).undo(UID, 2e9),
    ):
        assert "is a symbolic link" in refused(change)
    assert link.is_symlink()
    assert path.read_bytes() == before


def test_links_that_lead_nowhere(tmp_path: Path) -> None:
    loop, gone = tmp_path / "loop", tmp_path / "gone"
    loop.symlink_to(loop)
    gone.symlink_to(tmp_path / "missing")
    for link in (loop, gone):
        assert CalibrationFile(link).current(UID) == NONE
        refused(lambda at=link: keep(CalibrationFile(at), FIRST, NONE))  # type: ignore[misc]
    assert not (tmp_path / "missing").exists()


@pytest.mark.parametrize("call", ["fsync", "fchmod"])
def test_a_full_disk_leaves_what_was(
    path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    before = path.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(os, call, full)
        told = refused(lambda: keep(CalibrationFile(path), SECOND, FIRST))
    assert told == f"cannot write {path}: No space left on device"
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path], "no part of it is left"
    keep(CalibrationFile(path), SECOND, FIRST)
    assert CalibrationFile(path).current(UID) == SECOND


def test_many_at_once_lose_nothing(path: Path) -> None:
    uids = [f"board{number}" for number in range(4)]

    def calibrate(uid: str) -> None:
        before = NONE
        for step in range(5):
            now = FIRST._replace(voltage=1 + step / 10)
            keep(CalibrationFile(path), now, before, uid)
            before = now

    threads = [threading.Thread(target=calibrate, args=(uid,)) for uid in uids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [len(CalibrationFile(path).history(uid)) for uid in uids] == [5] * 4
    assert CalibrationFile(path).current(UID) == FIRST


def test_who_holds_the_lock_is_not_waited_for_for_ever(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calibration_file, "PATIENCE", 0.1)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        told = refused(lambda: keep(CalibrationFile(path), SECOND, FIRST))
    finally:
        os.close(folder)
    assert told == f"cannot write {path}: somebody else is writing; try again"
    assert CalibrationFile(path).current(UID) == FIRST


def test_nothing_is_undone_that_was_not_shown(path: Path) -> None:
    (shown,) = CalibrationFile(path).history(UID)
    keep(CalibrationFile(path), SECOND, FIRST)
    told = refused(lambda: CalibrationFile(path).undo(UID, 2e9, shown))
    assert "by somebody else meanwhile" in told
    assert CalibrationFile(path).current(UID) == SECOND


def test_the_program_takes_no_notice_of_what_is_written_beside(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A part that a power cut left is no obstacle."""
    path.with_name(path.name + ".new").write_text("{")
    with caplog.at_level(logging.WARNING):
        running = CalibrationFile(path)
        assert running.current(UID) == FIRST
        keep(running, SECOND, FIRST)
        assert running.current(UID) == SECOND
    assert [each.getMessage().split()[0] for each in caplog.records] == [
        "event=calibration_changed"
    ]
