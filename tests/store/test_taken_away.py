"""What others take away from beside a store in use."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from store.journals import ENERGY, Bench, at
from store.pages import index, opened, trouble
from submeter.errors import StoreError
from submeter.store.file import log_of
from submeter.store.journal import Journal
from submeter.store.lock import place
from submeter.store.page import Page
from submeter.store.store import Store
from submeter.store.verify import Verification


async def test_a_log_that_is_removed_loses_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "s.db"
    store = opened(path)
    for total in (1, 2, 3):
        await store.commit(Page(indexes=[index(total)]))
    log_of(path).unlink()
    await store.commit(Page(indexes=[index(4)]))
    assert caplog.text.count("event=store_log_removed") == 1
    assert log_of(path).exists()
    copy = tmp_path / "copy.db"
    for end in ("", "-wal"):
        Path(f"{copy}{end}").write_bytes(Path(f"{path}{end}").read_bytes())
    with closing(sqlite3.connect(copy)) as connection:
        rows = connection.execute('SELECT total FROM "index"').fetchall()
    assert rows == [(4,)], "as after a kill"
    await store.close()
    assert list(Verification(path).faults()) == []


async def test_a_lock_that_is_removed_is_taken_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "s.db"
    store = opened(path)
    place(path).unlink()
    await store.commit(Page(indexes=[index(1)]))
    assert caplog.text.count("event=store_lock_removed") == 1
    with pytest.raises(StoreError, match="another submeter"):
        opened(path)
    await store.close()


async def test_who_lost_the_lock_to_another_writes_no_more(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    first = opened(path)
    await first.commit(Page(indexes=[index(1)]))
    place(path).unlink()
    second = opened(path)
    for _ in range(2):
        with pytest.raises(StoreError, match="another submeter"):
            await first.commit(Page(indexes=[index(2)]))
    assert "another submeter" in (trouble(first) or "")
    await second.commit(Page(indexes=[index(3)]))
    await second.close()
    await first.commit(Page(indexes=[index(4)]))
    await first.close()


async def test_requests_that_are_no_text_keep_nobody_waiting(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    store: Store = opened(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(
            "INSERT INTO request (at, who, action, meter, argument) "
            "VALUES (1, CAST(x'ff' AS TEXT), 'set', CAST(x'fe' AS TEXT), CAST(x'fd' AS TEXT))"
        )
        connection.commit()
    (request,) = await store.requests()
    assert request.argument is None
    assert trouble(store) is None
    await store.close()


async def test_a_disk_that_does_not_answer_is_told(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("submeter.store.journal.PATIENCE", 0.01)
    bench = Bench()
    await bench.run(0, 12)
    journal: Journal = bench.journal
    bench.disk.gate = asyncio.Event()
    commit = asyncio.ensure_future(journal.commit(at(13)))
    await asyncio.sleep(0.05)
    assert caplog.text.count("event=store_hangs") == 1
    assert bench.meter.readings["Meter_Error_Reason"].value == 1
    assert bench.meter.readings[ENERGY].value is not None
    bench.disk.gate.set()
    await commit
    assert bench.meter.readings["Meter_Error"].value == 0
