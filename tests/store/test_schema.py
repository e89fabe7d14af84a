import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from store.pages import ENERGY, POINTS, evidence, filled, index, interval, opened, sample
from submeter.errors import StoreError
from submeter.meter.point import Point
from submeter.store import history, schema
from submeter.store.page import Page
from submeter.store.store import Store
from submeter.store.verify import Verification

Step = Callable[[sqlite3.Connection], None]


def version(path: Path) -> int:
    connection = sqlite3.connect(path)
    (found,) = connection.execute("PRAGMA user_version").fetchone()
    connection.close()
    return int(found)


def another(name: str, kind: str) -> Point:
    return next(each for each in POINTS if each.kind == kind).model_copy(update={"name": name})


async def test_an_older_file_is_brought_up_to_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "s.db"
    await filled(path, 2)
    assert version(path) == 1

    def second(connection: sqlite3.Connection) -> None:
        connection.execute("ALTER TABLE note ADD COLUMN since INTEGER")

    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, second))
    with pytest.raises(StoreError, match=r"older submeter .* start this one once"):
        list(Verification(path).faults())
    store = opened(path)
    assert store.saved_indexes()[("main", ENERGY)] == index(2000)
    await store.close()
    assert version(path) == 2
    assert list(Verification(path).faults()) == []


async def test_a_migration_that_fails_leaves_the_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "s.db"
    await filled(path, 1)
    before = path.read_bytes()

    def second(connection: sqlite3.Connection) -> None:
        connection.execute("DROP TABLE note")
        connection.execute("DROP TABLE no_such_table")

    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, second))
    store = Store.open(path, POINTS)
    assert store.trouble
    assert "no_such_table" in store.trouble
    with pytest.raises(StoreError):
        await store.commit(Page())
    await store.close()
    assert path.read_bytes() == before


def test_a_file_of_version_0_gets_the_tables(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    connection = sqlite3.connect(path)
    connection.execute("VACUUM")
    connection.close()
    assert version(path) == 0
    connection = sqlite3.connect(path, isolation_level=None)
    schema.prepare(connection, path, POINTS)
    assert schema.examine(connection, path) == schema.version()
    connection.close()


@pytest.mark.parametrize("newer", [2, 99])
async def test_a_newer_file_is_not_touched(tmp_path: Path, newer: int) -> None:
    path = tmp_path / "s.db"
    await filled(path, 1)
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {newer}")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match=rf"newer submeter \(store version {newer}"):
        Store.open(path, POINTS)
    assert path.read_bytes() == before


def test_a_database_of_another_program_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE recipes (name)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"another program; choose another store\.path"):
        Store.open(path, POINTS)
    assert path.read_bytes() == before


async def test_a_point_that_is_new_gets_its_columns(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    await filled(path, 1)
    more = [*POINTS, another('THD "L1"', "analog"), another("Energy_Gas", "index")]
    store = Store.open(path, more)
    assert store.trouble is None
    row = sample(0)._replace(values={'THD "L1"': 2.5, "Energy_Gas": 7, ENERGY: 3})
    later = interval(1)
    later = later._replace(indexes={**later.indexes, "Energy_Gas": (None, 7)})
    await store.commit(Page(samples=[row], intervals=[later], indexes=[index(2000)]))
    await store.commit(Page(indexes=[index(7)._replace(point="Energy_Gas"), index(2000, "other")]))
    await store.close()
    (kept,) = history.samples(path, "main", row.at, row.at + 1, ['THD "L1"', "Energy_Gas"])
    assert kept.values == (2.5, 7)
    assert list(history.intervals(path, "main", later.start, later.end)) == [later]
    assert list(Verification(path).faults()) == []
    # A list without them again: the columns stay, and nothing is written into them.
    store = opened(path)
    await store.commit(evidence(2))
    await store.close()
