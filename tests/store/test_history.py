from pathlib import Path

import pytest

from store.pages import BEGIN, ENERGY, filled, interval, opened, sample
from submeter.errors import StoreError
from submeter.store import history
from submeter.store.page import Page


async def test_a_span_of_one_meter(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    await filled(path, 6)
    found = history.intervals(path, "main", BEGIN + 900, BEGIN + 4 * 900)
    assert list(found) == [interval(1), interval(2), interval(3)]
    assert list(history.intervals(path, "nobody", 0, BEGIN * 2)) == []


async def test_samples_in_the_order_asked_for_beside_the_writer(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    store = opened(path)
    rows = [sample(number, meter) for number in range(5) for meter in ("a", "b")]
    await store.commit(Page(samples=[rows[0]._replace(instrument_time="H26"), *rows[1:]]))
    names = ["Frequency", "Power_Factor_Total", ENERGY]
    found = list(history.samples(path, "a", BEGIN, BEGIN + 120, names))
    assert found == [(BEGIN, "H26", (50.5, None, 0)), (BEGIN + 60, None, (50.5, None, 1))]
    with pytest.raises(StoreError, match="keeps no point Nothing"):
        list(history.samples(path, "a", 0, 1, ["Nothing"]))
    await store.close()


def test_there_is_no_store(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="see that it is there"):
        list(history.intervals(tmp_path / "s.db", "a", 0, 1))
