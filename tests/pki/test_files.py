"""Files that belong together: all or none, and nothing is lost on the way."""

import os
import stat
from pathlib import Path

import pytest

from submeter.errors import ConfigError, SubmeterError
from submeter.pki.files import PRIVATE, Content, write


def contents(folder: Path) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in folder.iterdir()}


def pair(folder: Path, text: bytes) -> list[Content]:
    return [Content(folder / "a.crt", text), Content(folder / "a.key", text, PRIVATE)]


def test_new_files_in_a_new_folder(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    write(pair(folder, b"x"), force=False)
    assert contents(folder) == {"a.crt": b"x", "a.key": b"x"}
    assert stat.S_IMODE((folder / "a.key").stat().st_mode) == 0o600


def test_replaced_key_is_private_though_the_old_one_was_not(tmp_path: Path) -> None:
    write(pair(tmp_path, b"x"), force=False)
    (tmp_path / "a.key").chmod(0o644)
    write(pair(tmp_path, b"y"), force=True)
    assert contents(tmp_path) == {"a.crt": b"y", "a.key": b"y"}
    assert stat.S_IMODE((tmp_path / "a.key").stat().st_mode) == 0o600


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("which", [1, 2])
def test_full_disk_leaves_all_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, force: bool, which: int
) -> None:
    folder = tmp_path / "site"
    if force:
        write(pair(folder, b"old"), force=False)
    calls: list[int] = []

    def full(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) == which:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(SubmeterError, match=r"cannot write \S+a\.\w+: No space left on device"):
        write(pair(folder, b"new"), force)
    if force:
        assert contents(folder) == {"a.crt": b"old", "a.key": b"old"}
    else:
        assert not folder.exists()


def test_interrupted_by_the_keyboard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(pair(tmp_path, b"old"), force=False)

    def interrupted(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write(pair(tmp_path, b"new"), force=True)
    assert contents(tmp_path) == {"a.crt": b"old", "a.key": b"old"}


def test_what_was_left_aside_is_not_lost(tmp_path: Path) -> None:
    write(pair(tmp_path, b"x"), force=False)
    (tmp_path / "a.key.old").write_bytes(b"the only copy")
    with pytest.raises(ConfigError, match=r"a\.key\.old is left"):
        write(pair(tmp_path, b"y"), force=True)
    assert contents(tmp_path) == {"a.crt": b"x", "a.key": b"x", "a.key.old": b"the only copy"}


def test_a_dead_link_is_no_way_out(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "a.key").symlink_to(outside)
    for force in (False, True):
        with pytest.raises(ConfigError):
            write(pair(tmp_path / "site", b"x"), force)
    assert not outside.exists()
