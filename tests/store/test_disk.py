"""Disks that are full, read-only or lie."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from store.pages import (
    BEGIN,
    ENERGY,
    POINTS,
    evidence,
    filled,
    index,
    interval,
    opened,
    remount,
    sample,
    small_disk,
    trouble,
)
from submeter.errors import StoreError
from submeter.store import requests
from submeter.store.page import Page
from submeter.store.store import Store
from submeter.store.verify import Verification


async def test_a_full_disk(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with small_disk(tmp_path / "disk", "320k") as disk:
        path = disk / "s.db"
        store = opened(path)
        saved = 0

        async def fill() -> None:
            nonlocal saved
            for number in range(10_000):
                await store.commit(Page(indexes=[index(number)], samples=[sample(number)] * 50))
                saved = number

        with pytest.raises(StoreError, match="the disk is full; free some space on it") as told:
            await fill()
        assert str(path) in str(told.value)
        assert "\n" not in str(told.value)
        assert store.trouble == str(told.value)
        assert not store.damaged
        with pytest.raises(StoreError, match="full"):
            await store.commit(Page(samples=[sample(0)] * 100))
        assert caplog.text.count("event=store_trouble") == 1
        assert store.saved_indexes() == {("main", ENERGY): index(saved)}
        remount(disk, "size=4m")
        await store.commit(Page(indexes=[index(saved + 1)]))
        assert trouble(store) is None
        assert store.saved_indexes() == {("main", ENERGY): index(saved + 1)}
        await store.close()
        assert list(Verification(path).faults()) == []


def test_a_file_that_may_not_grow(tmp_path: Path) -> None:
    """The same by a limit of the process, where mounting is not allowed."""
    program = """
        import asyncio, resource, signal, sys
        from pathlib import Path
        from store.pages import index, opened, sample
        from submeter.errors import StoreError
        from submeter.store.page import Page
        async def main():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            store = opened(Path(sys.argv[1]))
            resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 2_000_000))
            saved = 0
            try:
                for number in range(10_000):
                    await store.commit(Page(indexes=[index(number)], samples=[sample(number)] * 50))
                    saved = number
            except StoreError as error:
                assert store.trouble == str(error)
            resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, 2_000_000))
            assert [row.total for row in store.saved_indexes().values()] == [saved]
            await store.commit(Page(indexes=[index(saved + 1)]))
            assert store.trouble is None
            await store.close()
            print(saved)
        asyncio.run(main())
    """
    ended = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), str(tmp_path / "s.db")],
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert 0 < int(ended.stdout) < 9_999


async def test_a_read_only_disk(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "1m") as disk:
        path = disk / "s.db"
        await filled(path, 2)
        remount(disk, "ro")
        store = Store.open(path, POINTS)
        assert store.trouble
        assert "not read-only" in store.trouble
        assert not store.damaged
        assert store.saved_indexes()[("main", ENERGY)] == index(2000)
        assert store.last_interval("main") == interval(1)
        with pytest.raises(StoreError, match="it cannot be written; make the file"):
            await store.commit(evidence(2))
        assert await store.requests() == []
        assert list(Verification(path).faults()) == []
        with pytest.raises(StoreError, match="it cannot be written"):
            requests.ask(path, "swap", "main", None, "cli", 0.0)
        remount(disk, "rw")
        await store.commit(evidence(2))
        assert trouble(store) is None
        await store.close()


@pytest.mark.parametrize("left", [("", "-wal", ".key"), ("", "-wal", "-shm", ".key")])
async def test_a_disk_that_is_read_only_after_a_crash(
    tmp_path: Path, left: tuple[str, ...]
) -> None:
    """The last commits stand in the log alone, whose index is gone or cannot be written."""
    with small_disk(tmp_path / "disk", "1m") as disk:
        store = opened(tmp_path / "s.db")
        await store.commit(evidence(0))
        for ending in left:
            (disk / f"s.db{ending}").write_bytes((tmp_path / f"s.db{ending}").read_bytes())
        await store.close()
        remount(disk, "ro")
        store = Store.open(disk / "s.db", POINTS)
        assert store.saved_indexes() == {("main", ENERGY): index(1000)}
        assert store.trouble
        assert "it cannot be written" in store.trouble
        await store.close()


async def test_no_folder_can_be_made(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "1m") as disk:
        remount(disk, "ro")
        for path in (disk / "s.db", disk / "folder" / "s.db"):
            with pytest.raises(StoreError, match="make the file and its folder writable"):
                Store.open(path, POINTS)


def truncated(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def emptied(path: Path) -> None:
    os.truncate(path, 0)


def garbage(path: Path) -> None:
    path.write_bytes(b"not a database at all\n" * 1000)


def torn(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[1024:] = bytes(len(data) - 1024)
    path.write_bytes(data)


@pytest.mark.parametrize("damage", [truncated, emptied, garbage, torn])
async def test_a_damaged_file_is_left_alone(tmp_path: Path, damage: object) -> None:
    path = tmp_path / "s.db"
    await filled(path, 20)
    assert callable(damage)
    damage(path)
    before = path.read_bytes()
    store = Store.open(path, POINTS)
    assert store.damaged
    assert store.trouble
    assert "damaged and was left as it is; stop submeter, copy the file away" in store.trouble
    assert "\n" not in store.trouble
    assert store.saved_indexes() == {}
    assert store.saved_settings() == {}
    assert store.saved_demands() == {}
    assert store.notes() == {}
    assert store.last_interval("main") is None
    for _ in range(2):
        with pytest.raises(StoreError, match="damaged"):
            await store.commit(evidence(20))
    assert await store.requests() == []
    await store.close()
    assert path.read_bytes() == before


async def test_a_backup_put_back_in_use_is_not_written_over(tmp_path: Path) -> None:
    """What the meters count did not start from it: their indexes would be too small."""
    path = tmp_path / "s.db"
    await filled(path, 3)
    good = path.read_bytes()
    garbage(path)
    store = Store.open(path, POINTS)
    path.write_bytes(good)
    with pytest.raises(StoreError, match="damaged"):
        await store.commit(Page(indexes=[index(1)]))
    await store.close()
    store = opened(path)
    assert store.saved_indexes()[("main", ENERGY)] == index(3000)
    await store.close()


async def test_damage_that_is_met_later_on(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    store = opened(path)
    await store.commit(Page(samples=[sample(number) for number in range(500)]))
    await store.close()
    store = opened(path)
    size = path.stat().st_size
    with open(path, "r+b") as file:
        file.seek(1024)
        file.write(b"\xff" * (size - 1024))
    with pytest.raises(StoreError, match="damaged"):
        await store.commit(Page(samples=[sample(501)], indexes=[index(BEGIN)]))
    assert store.damaged
    assert store.saved_indexes() == {}
    await store.close()
