import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from store.pages import POINTS, entry, index, interval
from submeter.store import key, schema
from submeter.store.chain import index_bytes
from submeter.store.page import Page
from submeter.store.write import Writer


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(tmp_path / "s.db", isolation_level=None)) as made:
        schema.prepare(made, tmp_path / "s.db", POINTS)
        yield made


@pytest.fixture
def writer(connection: sqlite3.Connection, tmp_path: Path) -> Writer:
    signer = key.load_or_make(tmp_path / "s.db")
    made = Writer(connection, [each.name for each in POINTS], signer)
    made.introduce()
    return made


def test_an_index_is_signed_as_it_stands(
    connection: sqlite3.Connection, writer: Writer, tmp_path: Path
) -> None:
    for total in (5, 6):
        writer.write(Page(indexes=[index(total)]))
    ((signature,),) = connection.execute('SELECT signature FROM "index"').fetchall()
    public = key.load_or_make(tmp_path / "s.db").public
    assert key.good(public, signature, index_bytes(index(6)))
    assert not key.good(public, signature, index_bytes(index(5)))


def test_a_key_is_introduced_once(connection: sqlite3.Connection, writer: Writer) -> None:
    writer.introduce()
    assert connection.execute("SELECT event FROM audit").fetchall() == [("site-key",)]


def test_a_page_is_written_as_a_whole(connection: sqlite3.Connection, writer: Writer) -> None:
    before = list(connection.iterdump())
    with pytest.raises(OverflowError):
        writer.write(
            Page([index(1)], intervals=[interval(0)], audits=[entry(0)._replace(at=1 << 70)])
        )
    assert list(connection.iterdump()) == before
    writer.write(Page([index(1)], intervals=[interval(0)], audits=[entry(0)]))
    assert list(connection.iterdump()) != before
