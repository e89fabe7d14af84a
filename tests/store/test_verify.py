import asyncio
import random
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store.pages import BEGIN, ENERGY, evidence, filled, index, interval, opened
from submeter.errors import ConfigError, StoreError
from submeter.store import key
from submeter.store.page import Page
from submeter.store.verify import Verification
from submeter.verify import show

COUNT = 6
CHAINED = ("interval", "audit")
SCAN = settings(max_examples=60, deadline=None)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with COUNT intervals of two meters and COUNT audit entries for each."""
    path = tmp_path_factory.mktemp("whole") / "s.db"
    asyncio.run(filled(path, COUNT))
    return path


@pytest.fixture
def copy(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(whole, tmp_path / "s.db"))


def faults(path: Path, *trusted: bytes) -> list[str]:
    return list(Verification(path, trusted).faults())


def change(path: Path, *statements: str) -> list[str]:
    """Return the faults once someone has run `statements` on the file."""
    connection = sqlite3.connect(path)
    for statement in statements:
        assert connection.execute(statement).rowcount
    connection.commit()
    connection.close()
    return faults(path)


def cells(path: Path) -> list[tuple[str, int, str, object]]:
    """Return every cell of the chained rows: table, seq, column, value."""
    connection = sqlite3.connect(path)
    found = []
    for table in CHAINED:
        cursor = connection.execute(f"SELECT * FROM {table} ORDER BY seq")
        names = [each[0] for each in cursor.description]
        found += [(table, row[0], name, v) for row in cursor for name, v in zip(names, row)]  # noqa: B905
    connection.close()
    return found


def altered(value: object, draw: Callable[[st.SearchStrategy[int]], int]) -> object:
    """Return `value` with one byte, bit or digit changed."""
    if value is None:
        return draw(st.integers(0, 9))
    if isinstance(value, bytes):
        place = draw(st.integers(0, len(value) - 1))
        flip = draw(st.integers(1, 255))
        return value[:place] + bytes([value[place] ^ flip]) + value[place + 1 :]
    if isinstance(value, str):
        place = draw(st.integers(0, len(value)))
        return value[:place] + "~" + value[place + 1 :]
    if isinstance(value, float):
        return value + 2.0 ** draw(st.integers(-40, 3))
    assert isinstance(value, int)
    return value ^ (1 << draw(st.integers(0, 40)))


def test_a_whole_store_is_good(whole: Path) -> None:
    verification = Verification(whole)
    assert list(verification.faults()) == []
    assert verification.rows == {"interval": 2 * COUNT, "audit": 2 * COUNT + 1}
    assert verification.keys == [key.load_or_make(whole).public]
    assert faults(whole, *verification.keys) == []


@SCAN
@given(st.data())
def test_any_changed_cell_is_found(whole: Path, data: st.DataObject) -> None:
    table, seq, column, value = data.draw(st.sampled_from(cells(whole)))
    other = altered(value, data.draw)
    path = Path(shutil.copy(whole, whole.with_name("changed.db")))
    connection = sqlite3.connect(path)
    try:
        connection.execute(f'UPDATE {table} SET "{column}" = ? WHERE seq = ?', (other, seq))
    except sqlite3.IntegrityError:
        return
    finally:
        connection.commit()
        connection.close()
    found = faults(path)
    assert any(line.startswith(f"{table} row ") for line in found), (table, seq, column, found)


@pytest.mark.parametrize("table", CHAINED)
@pytest.mark.parametrize("seq", range(1, 2 * COUNT + 1))
def test_any_removed_row_is_found(copy: Path, table: str, seq: int) -> None:
    found = change(copy, f"DELETE FROM {table} WHERE seq = {seq}")
    assert any(table in line for line in found)
    if seq < 2 * COUNT:
        closed = change(copy, f"UPDATE {table} SET seq = seq - 1 WHERE seq > {seq}")
        assert any(table in line for line in closed)


@pytest.mark.parametrize("table", CHAINED)
@pytest.mark.parametrize("left", [0, 1, 2 * COUNT - 1])
def test_removed_last_rows_are_found(copy: Path, table: str, left: int) -> None:
    total = 2 * COUNT + (table == "audit")
    found = change(copy, f"DELETE FROM {table} WHERE seq > {left}")
    assert f"{table}: {total} rows were written and {left} are there" in found
    again = change(copy, f"UPDATE head SET count = {left} WHERE chain = '{table}'")
    assert f"{table}: the signature of the end of the chain is not by the site's key" in again


@pytest.mark.parametrize("table", CHAINED)
def test_a_removed_head_is_found(copy: Path, table: str) -> None:
    found = change(copy, f"DELETE FROM head WHERE chain = '{table}'")
    assert found == [f"{table}: the end of the chain is not recorded; it was removed"]


@SCAN
@given(st.sampled_from(CHAINED), st.permutations(range(1, 2 * COUNT + 1)))
def test_any_other_order_is_found(whole: Path, table: str, order: list[int]) -> None:
    if order == sorted(order):
        return
    path = Path(shutil.copy(whole, whole.with_name("moved.db")))
    connection = sqlite3.connect(path)
    for old, new in enumerate(order, 1):
        connection.execute(f"UPDATE {table} SET seq = ? WHERE seq = ?", (-new, old))
    connection.execute(f"UPDATE {table} SET seq = -seq WHERE seq < 0")
    connection.commit()
    connection.close()
    assert any(line.startswith(f"{table} row ") for line in faults(path))


@pytest.mark.parametrize("what", ["head", "audit", "interval"])
async def test_a_hand_in_the_file_shows_for_ever_and_stops_nobody(copy: Path, what: str) -> None:
    assert change(copy, f"DELETE FROM {what} WHERE {'seq > 3' if what in CHAINED else 'true'}")
    store = opened(copy)
    await store.commit(evidence(COUNT))
    await store.commit(evidence(COUNT, "other"))
    await store.close()
    assert faults(copy)


def test_flipped_bytes_of_the_file_change_no_evidence_unseen(whole: Path, tmp_path: Path) -> None:
    clean = cells(whole)
    good = whole.read_bytes()
    chance = random.Random(20261121)
    path = tmp_path / "s.db"
    unseen = 0
    for _ in range(300):
        data = bytearray(good)
        data[chance.randrange(len(data))] ^= chance.randrange(1, 256)
        path.write_bytes(data)
        try:
            found = faults(path)
        except StoreError:
            continue
        if not found:
            unseen += 1
            assert cells(path) == clean
    assert 0 < unseen < 290, "free space is not covered, all else is"


def test_a_renamed_column_without_a_value_is_found(copy: Path) -> None:
    connection = sqlite3.connect(copy)
    connection.execute("ALTER TABLE interval RENAME Reactive_Energy_Import_end TO Other_end")
    connection.close()
    assert faults(copy) == [
        f"structure: column {name} of interval was renamed, removed or added"
        for name in ("Other_end", "Reactive_Energy_Import_start")
    ]


def test_a_changed_end_is_found(copy: Path) -> None:
    found = change(copy, "UPDATE head SET hash = zeroblob(32) WHERE chain = 'audit'")
    assert found == [
        "audit: the last row is not the one that was written last",
        "audit: the signature of the end of the chain is not by the site's key",
    ]


def test_it_says_where(copy: Path) -> None:
    found = change(copy, "UPDATE interval SET quality = 'Measured' WHERE seq = 5")
    assert found == [
        "interval row 5 (meter main, 2026-09-21 14:45 UTC): its hash does not fit; it was changed, "
        "or the row before it is another"
    ]
    assert interval(2).start == BEGIN + 1800


def test_rows_signed_by_a_stranger(copy: Path, tmp_path: Path) -> None:
    stranger = key.load_or_make(tmp_path / "other.db")
    found = faults(copy, stranger.public)
    assert len(found) == 4 * COUNT + 1 + len(CHAINED) + len(("main", "other"))
    assert all("by the site's key" in line for line in found)


async def test_a_new_key_is_named_and_both_are_needed(copy: Path) -> None:
    first = key.place(copy)
    assert not first.exists()
    store = opened(copy)
    await store.commit(evidence(COUNT))
    await store.commit(evidence(COUNT, "other"))
    await store.close()
    verification = Verification(copy)
    assert list(verification.faults()) == []
    assert len(verification.keys) == 2
    assert faults(copy, verification.keys[0])
    assert faults(copy, verification.keys[1])
    assert faults(copy, *verification.keys) == []


async def written(path: Path, *pages: Page) -> list[str]:
    """Return the faults of a store into which `pages` were written with its own key."""
    store = opened(path)
    for each in pages:
        await store.commit(each)
    found = faults(path)
    await store.close()
    return found


async def test_a_gap_between_intervals(tmp_path: Path) -> None:
    (found,) = await written(
        tmp_path / "s.db",
        evidence(0),
        Page(intervals=[interval(2)._replace(indexes=interval(1).indexes)], indexes=[index(2000)]),
    )
    assert "row 2 (meter main" in found
    assert found.endswith("the interval before it ended +900 s from its start")


@pytest.mark.parametrize(
    ("edges", "expected"),
    [
        ((1001, 2000), "starts at 1001, the interval before it ended at 1000"),
        ((None, 2000), "starts at None, the interval before it ended at 1000"),
        ((1000, 999), "falls from 1000 to 999"),
        ((1000, None), "falls from 1000 to None"),
    ],
)
async def test_energy_that_is_lost(
    tmp_path: Path, edges: tuple[int | None, int | None], expected: str
) -> None:
    second = interval(1)
    second = second._replace(indexes={**second.indexes, ENERGY: edges})
    (found,) = await written(
        tmp_path / "s.db", evidence(0), Page(intervals=[second], indexes=[index(2000)])
    )
    assert found.endswith(f"{ENERGY} {expected}")


async def test_an_interval_off_the_clock(tmp_path: Path) -> None:
    odd = interval(0)._replace(start=BEGIN + 1)
    (found,) = await written(tmp_path / "s.db", Page(intervals=[odd], indexes=[index(1000)]))
    assert "is no span of whole quarters of an hour" in found


async def test_an_index_below_its_last_interval(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    assert await written(path, evidence(0)) == []
    assert await written(path, Page(indexes=[index(999)])) == [
        f"index {ENERGY} (meter main): it is 999, and was 1000 before"
    ]
    assert change(path, 'DELETE FROM "index"') == [
        f"index {ENERGY} (meter main): it is None, and was 1000 before"
    ]


@pytest.mark.parametrize(
    "how",
    [
        "total = total + 1000000000",
        "total = NULL",
        "total = total + 0.5",
        "state = state || ' '",
        "state = CAST(state AS BLOB)",
        "meter = 'other'",
        "point = 'Active_Energy_Export'",
        "signature = zeroblob(64)",
        "signature = 'none'",
    ],
)
async def test_any_change_of_an_index_is_found(tmp_path: Path, how: str) -> None:
    path = tmp_path / "s.db"
    assert await written(path, Page(indexes=[index(1000)])) == []
    (found,) = change(path, f'UPDATE "index" SET {how}')
    assert found.startswith("index ")
    assert found.endswith(": it was changed, or is not signed by the site's key")


async def test_beside_a_running_writer_nothing_is_changed(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    store = opened(path)
    for number in range(3):
        await store.commit(evidence(number))
        before = path.read_bytes(), path.with_name("s.db-wal").read_bytes()
        assert faults(path) == []
        assert (path.read_bytes(), path.with_name("s.db-wal").read_bytes()) == before
    await store.close()


def test_what_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    path.write_bytes(b"no database" * 500)
    (found,) = faults(path)
    assert found.startswith("damaged: file is not a database")


def test_the_report(copy: Path, whole: Path, capsys: pytest.CaptureFixture[str]) -> None:
    public = key.load_or_make(whole).public.hex()
    assert show(copy, public)
    assert capsys.readouterr().out.splitlines()[-1] == (
        f"{copy}: good; {2 * COUNT} interval rows, {2 * COUNT + 1} audit rows; "
        f"signed by key {public}"
    )
    change(copy, "UPDATE audit SET who = 'nobody' WHERE seq = 3")
    assert not show(copy)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("audit row 3 (meter main, 2026-09-21 14:15 UTC): its hash")
    assert lines[1].startswith(f"{copy}: broken, faults: 1; ")


def test_the_report_of_what_is_not_there(tmp_path: Path, copy: Path) -> None:
    with pytest.raises(ConfigError, match="there is no such store"):
        show(tmp_path / "none.db")
    with pytest.raises(ConfigError, match="--key: 12 is no public key"):
        show(copy, "12")


def test_a_configuration_names_its_store(tmp_path: Path, copy: Path) -> None:
    config = tmp_path / "c.yaml"
    config.write_text(
        "site: s\nstore: {path: s.db}\nmodbus: {tcp: {port: 5020}}\nmeters:\n"
        "  - {name: main, unit_id: 1, map: standard, sources: [{simulated: {}}]}\n"
    )
    assert show(config)
