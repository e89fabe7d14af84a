from collections.abc import Sequence
from typing import Any

from store.pages import ENERGY, interval
from submeter.store import evidence
from submeter.store.continuity import Continuity


def faults(*rows: dict[str, Any]) -> Sequence[str]:
    continuity = Continuity()
    return [line for row in rows for line in continuity.faults(row)]


def row(number: int, meter: str = "main", **changed: object) -> dict[str, Any]:
    return evidence.interval_row(interval(number, meter)) | changed


def test_the_meters_are_looked_at_apart() -> None:
    assert faults(row(0), row(5, "other"), row(1), row(6, "other")) == []


def test_an_overlap_and_a_gap() -> None:
    (overlap,) = faults(row(0), row(1), row(1) | {f"{ENERGY}_start": 2000, f"{ENERGY}_end": 3000})
    assert overlap == "the interval before it ended -900 s from its start"
    (gap,) = faults(row(0), row(2) | {f"{ENERGY}_start": 1000})
    assert gap == "the interval before it ended +900 s from its start"


def test_energy_goes_on_where_it_stopped() -> None:
    (lost,) = faults(row(0), row(1) | {f"{ENERGY}_start": 1001})
    assert lost == f"{ENERGY} starts at 1001, the interval before it ended at 1000"
    (fall,) = faults(row(0) | {f"{ENERGY}_end": -1})
    assert fall == f"{ENERGY} falls from 0 to -1"


def test_a_row_that_says_nothing() -> None:
    assert faults(row(0) | {"start": "noon"}) == ["it says neither meter nor time"]
