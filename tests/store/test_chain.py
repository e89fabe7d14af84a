import json

from hypothesis import given
from hypothesis import strategies as st

from submeter.store.chain import BEGINNING, canonical, link
from submeter.store.database import Cell

CELL = st.none() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5)
ROW = st.dictionaries(st.text(max_size=3), CELL, max_size=4)


def test_the_bytes_of_a_row_are_as_documented() -> None:
    row: dict[str, Cell] = {"meter": "é", "at": 12, "mean": 0.1, "none": None, "hash": b"x"}
    assert (
        canonical("audit", row)
        == b'["audit",[["at",12],["mean",["0x1.999999999999ap-4"]],["meter","\\u00e9"]]]'
    )


def meaning(row: dict[str, Cell]) -> dict[str, tuple[type, str]]:
    return {
        name: (type(value), value.hex() if isinstance(value, float) else str(value))
        for name, value in row.items()
        if value is not None and name not in ("hash", "signature")
    }


@given(ROW, ROW)
def test_two_rows_have_the_same_bytes_only_if_they_say_the_same(
    one: dict[str, Cell], two: dict[str, Cell]
) -> None:
    same = canonical("t", one) == canonical("t", two)
    assert same == (meaning(one) == meaning(two))


def test_one_and_one_point_nought_and_the_text_differ() -> None:
    values: tuple[Cell, ...] = (1, 1.0, "1", "0x1.0000000000000p+0")
    assert len({canonical("t", {"a": each}) for each in values}) == 4


@given(ROW)
def test_the_hash_depends_on_the_table_and_on_what_was_before(row: dict[str, Cell]) -> None:
    found = {link(BEGINNING, "a", row), link(BEGINNING, "b", row), link(b"1" * 32, "a", row)}
    assert len(found) == 3
    assert json.loads(canonical("a", row))[0] == "a"
