import os
from pathlib import Path

import pytest

from store.pages import POINTS
from submeter.errors import StoreError
from submeter.store import fault, file


def made(path: Path) -> None:
    held = file.make_ready(path, POINTS)
    assert held
    held.release()


def test_a_store_is_made_with_its_folders_and_is_good(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "s.db"
    made(path)
    file.check(path)
    assert not path.with_name("s.db.new").exists()


def test_what_is_there_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    path.write_bytes(b"anything")
    made(path)
    assert path.read_bytes() == b"anything"


@pytest.mark.parametrize("content", [b"", b"no database" * 500])
def test_what_makes_no_sense_is_damaged(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "s.db"
    path.write_bytes(content)
    with pytest.raises(fault.DamagedError):
        file.check(path)


def test_a_start_that_fails_lets_go_of_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    log = path.with_name("s.db-wal")
    log.write_bytes(b"left over")
    with pytest.raises(StoreError, match="its log"):
        file.make_ready(path, POINTS)
    log.unlink()
    made(path)


def test_a_replacement_is_another_file(tmp_path: Path) -> None:
    path, copy = tmp_path / "s.db", tmp_path / "copy.db"
    made(path)
    before = file.identity(path)
    copy.write_bytes(path.read_bytes())
    assert file.identity(path) == before
    os.replace(copy, path)
    assert file.identity(path) != before
