import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from store.pages import (
    BEGIN,
    ENERGY,
    INDEXES,
    POINTS,
    entry,
    evidence,
    filled,
    index,
    interval,
    opened,
    sample,
    trouble,
)
from submeter.errors import StoreError
from submeter.store import database, key
from submeter.store.page import Page, SettingRow
from submeter.store.retention import CHUNK
from submeter.store.store import Store


def rows(path: Path, query: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(path)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


async def test_what_was_committed_is_handed_back(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "made" / "s.db"
    store = opened(path)
    assert store.saved_indexes() == {}
    await store.commit(
        Page(
            indexes=[index(5), index(6, "other")],
            settings=[SettingRow("main", "CT_Primary", 250), SettingRow("main", "X", 0.5)],
            demands={"main": '{"peak":1}'},
            samples=[sample(0)],
            intervals=[interval(0)],
            audits=[entry(0)],
            notes={"clock": "7"},
        )
    )
    await store.commit(Page(indexes=[index(9)], settings=[SettingRow("main", "X", None)]))
    await store.close()
    store = opened(path)
    assert store.saved_indexes() == {
        ("main", ENERGY): index(9),
        ("other", ENERGY): index(6, "other"),
    }
    assert store.saved_settings() == {("main", "CT_Primary"): 250}
    assert store.saved_demands() == {"main": '{"peak":1}'}
    assert store.notes() == {"clock": "7"}
    assert store.last_interval("main") == interval(0)
    assert store.last_interval("other") is None
    await store.close()


async def test_settings_of_one_page_are_taken_in_their_order(tmp_path: Path) -> None:
    store = opened(tmp_path / "s.db")
    values = (1, None, 2.5)
    await store.commit(Page(settings=[SettingRow("m", "X", each) for each in values]))
    assert store.saved_settings() == {("m", "X"): 2.5}
    await store.close()


async def test_a_commit_is_all_or_nothing(tmp_path: Path) -> None:
    store = opened(tmp_path / "s.db")
    await store.commit(Page(indexes=[index(1)]))
    too_large = entry(0)._replace(at=1 << 70)
    with pytest.raises(StoreError, match=r"s\.db: a value cannot be kept"):
        await store.commit(Page(indexes=[index(2)], notes={"a": "b"}, audits=[too_large]))
    assert store.trouble
    assert store.saved_indexes() == {("main", ENERGY): index(1)}
    assert store.notes() == {}
    await store.commit(Page(indexes=[index(3)]))
    assert trouble(store) is None
    assert store.saved_indexes() == {("main", ENERGY): index(3)}
    await store.close()


async def test_an_interval_is_never_closed_twice(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "s.db"
    store = opened(path)
    again = interval(0)._replace(quality="failed")
    await store.commit(Page(intervals=[interval(0)]))
    await store.commit(Page(indexes=[index(7)], intervals=[again, interval(1), interval(1)]))
    assert store.saved_indexes() == {("main", ENERGY): index(7)}
    await store.close()
    found = rows(path, "SELECT seq, start, quality FROM interval")
    assert found == [(1, BEGIN, "measured"), (2, BEGIN + 900, "measured")]
    assert caplog.text.count("event=interval_twice") == 2


async def test_nothing_is_written_for_what_has_not_changed(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    store = opened(path)
    page = Page(
        indexes=[index(7), index(7, "other")],
        settings=[SettingRow("main", "X", 0.5)],
        demands={"main": "{}"},
        notes={"a": "b"},
    )
    await store.commit(page)
    log = path.with_name("s.db-wal")
    size = log.stat().st_size
    await store.commit(page)
    assert log.stat().st_size == size
    await store.commit(Page(indexes=[index(8)]))
    assert log.stat().st_size > size
    await store.close()


async def test_a_second_program_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    store = opened(path)
    with pytest.raises(StoreError, match=rf"another submeter \(pid {os.getpid()}\) uses .*s\.db"):
        Store.open(path, POINTS)
    await store.close()
    await opened(path).close()


async def test_after_the_end_nothing_is_taken(tmp_path: Path) -> None:
    store = opened(tmp_path / "s.db")
    await store.close()
    await store.close()
    with pytest.raises(StoreError, match="is closed"):
        await store.commit(Page())


async def test_what_waits_when_it_is_closed_opens_nothing_again(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    store = opened(path)
    late = Page(indexes=[index(2)])
    done, closed, refused = await asyncio.gather(
        store.commit(Page(indexes=[index(1)])),
        store.close(),
        store.commit(late),
        return_exceptions=True,
    )
    assert done is None
    assert closed is None
    assert "is closed" in str(refused)
    store = opened(path)
    assert store.saved_indexes() == {("main", ENERGY): index(1)}
    await store.close()


async def test_locked_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY", 0.2)
    path = tmp_path / "s.db"
    store = opened(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    committing = asyncio.create_task(store.commit(Page(indexes=[index(1)])))
    await asyncio.sleep(0.01)
    assert not committing.done(), "the loop goes on while the disk is waited for"
    with pytest.raises(StoreError, match="another program keeps it locked; end what else"):
        await committing
    other.execute("ROLLBACK")
    other.close()
    await store.commit(Page(indexes=[index(1)]))
    assert trouble(store) is None
    await store.close()


async def test_a_folder_in_its_place(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"is no file; give another store\.path"):
        Store.open(tmp_path, POINTS)


async def test_a_file_where_a_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"file/s\.db: "):
        Store.open(tmp_path / "file" / "s.db", POINTS)


async def test_a_key_that_is_none_is_told(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    await filled(path, 1)
    key.place(path).write_text("no key")
    store = Store.open(path, POINTS)
    assert store.trouble
    assert "s.db.key is no Ed25519 key; put its backup there" in store.trouble
    assert store.saved_indexes()
    with pytest.raises(StoreError, match="no Ed25519 key"):
        await store.commit(Page())
    key.place(path).unlink()
    await store.commit(Page())
    assert trouble(store) is None
    assert len(rows(path, "SELECT * FROM key")) == 2
    await store.close()


async def test_the_file_is_taken_away_or_replaced_in_use(tmp_path: Path) -> None:
    path, away = tmp_path / "s.db", tmp_path / "away.db"
    store = opened(path)
    path.rename(away)
    with pytest.raises(StoreError, match=r"s\.db: it cannot be opened"):
        await store.commit(Page(indexes=[index(1)]))
    path.write_bytes(away.read_bytes())
    with pytest.raises(StoreError, match="another file was put in its place"):
        await store.commit(Page(indexes=[index(1)]))
    away.rename(path)
    await store.commit(Page(indexes=[index(1)]))
    assert trouble(store) is None
    await store.close()


async def test_a_log_without_its_file(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    path.with_name("s.db-wal").write_bytes(b"left over")
    with pytest.raises(StoreError, match="put the file back, or move the log away"):
        Store.open(path, POINTS)
    assert not path.exists()


async def test_what_a_broken_start_left_is_no_obstacle(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    for ending in (".new", ".new-wal", ".key.new"):
        path.with_name(path.name + ending).write_bytes(b"half")
    await opened(path).close()


async def test_samples_are_pruned_in_chunks(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    store = opened(path)
    await store.commit(Page(samples=[sample(number) for number in range(2500)]))
    assert await store.prune(BEGIN) == 0
    gone = [await store.prune(BEGIN + 60 * 2400) for _ in range(4)]
    assert gone == [CHUNK, CHUNK, 400, 0]
    assert rows(path, "SELECT count(*), min(at) FROM sample") == [(100, BEGIN + 60 * 2400)]
    await store.close()


async def test_values_that_are_not_good_are_null(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    store = opened(path)
    row = sample(0)._replace(values={"Frequency": float("nan"), "Power_Factor_Total": -0.0})
    await store.commit(Page(samples=[row]))
    await store.close()
    assert rows(path, f"SELECT Frequency, Power_Factor_Total, {ENERGY} FROM sample") == [
        (None, 0.0, None)
    ]


def test_the_rights_of_its_files(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    asyncio.run(filled(path, 1))
    assert key.place(path).stat().st_mode & 0o777 == 0o600
    assert path.stat().st_mode & 0o022 == 0


@pytest.mark.parametrize("killed_at", [0, 1, 4])
def test_killed_at_any_moment(tmp_path: Path, killed_at: int) -> None:
    """What was reported as committed is there, a page is there as a whole or not at all."""
    path = tmp_path / "s.db"
    program = """
        import asyncio, sys
        from pathlib import Path
        from store.pages import POINTS, evidence, opened
        async def main():
            store = opened(Path(sys.argv[1]))
            number = len(store.saved_indexes()) and store.saved_indexes().popitem()[1].total // 1000
            while True:
                await store.commit(evidence(number))
                number += 1
                print(number, flush=True)
        asyncio.run(main())
    """
    committed = 0
    for _ in range(2):
        process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(program), str(path)],
            stdout=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])},
        )
        assert process.stdout
        for _ in range(10 * killed_at + 1):
            committed = int(process.stdout.readline())
        process.send_signal(signal.SIGKILL)
        committed = max([committed, *map(int, process.stdout.read().split())])
        process.stdout.close()
        process.wait()
    store = opened(path)
    (row,) = store.saved_indexes().values()
    assert row.total is not None
    assert row.total // 1000 in (committed, committed + 1)
    assert store.last_interval("main") == interval(row.total // 1000 - 1)
    asyncio.run(store.close())
    (found,) = rows(path, "SELECT count(*) FROM audit WHERE event = 'write'")
    assert found == (row.total // 1000,)


def test_killed_between_begin_and_commit(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    asyncio.run(filled(path, 1))
    program = """
        import os, signal, sys
        from pathlib import Path
        from submeter.store import database
        connection = database.writer(Path(sys.argv[1]))
        connection.execute("PRAGMA cache_size = 1")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute('UPDATE "index" SET total = 0')
        connection.execute("DELETE FROM interval")
        os.kill(os.getpid(), signal.SIGKILL)
    """
    ended = subprocess.run([sys.executable, "-c", textwrap.dedent(program), str(path)], check=False)
    assert ended.returncode == -signal.SIGKILL
    store = opened(path)
    assert store.saved_indexes()[("main", ENERGY)] == index(1000)
    assert store.last_interval("main") == interval(0)
    asyncio.run(store.close())


async def test_the_same_key_signs_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    for number in range(3):
        store = opened(path)
        await store.commit(evidence(number))
        await store.close()
    assert len(rows(path, "SELECT * FROM key")) == 1
    assert rows(path, "SELECT seq, event FROM audit") == [
        (1, "site-key"),
        *((number, "write") for number in (2, 3, 4)),
    ]


async def test_an_index_without_a_column_fails_as_a_whole(tmp_path: Path) -> None:
    store = opened(tmp_path / "s.db")
    strange = interval(0)._replace(indexes={"Other": (1, 2)})
    with pytest.raises(StoreError, match="Other_start"):
        await store.commit(Page(indexes=[index(1)], intervals=[strange]))
    assert store.saved_indexes() == {}
    assert len(INDEXES) == 4
    await store.close()
