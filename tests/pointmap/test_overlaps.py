"""Values that stand in each other's way."""

from pathlib import Path

import pytest

from tooling.small_map import faults, read

V31 = "point: Voltage_L3_L1, at: HR 0x000A, type: int32"
CODE = "constant: 341, at: HR 0x000B, type: uint16, count: 1"


@pytest.mark.parametrize(
    ("first", "second", "head"),
    [
        (V31, CODE, "shared: true"),
        (CODE, V31, "shared: true"),
        (CODE, CODE.replace("count: 1", "count: 2"), "shared: false"),
        (V31, V31.replace("HR", "IR"), "shared: false"),
        (V31, V31.replace("A,", "C,"), "shared: true"),
    ],
)
def test_what_may_stand_together(tmp_path: Path, first: str, second: str, head: str) -> None:
    assert len(read(tmp_path, first, second, head=head).registers) == 2


@pytest.mark.parametrize(
    ("first", "second", "head", "expected"),
    [
        (
            V31,
            CODE.replace(", count: 1", ""),
            "shared: false",
            "5:27: 341 at HR 0x000B overlaps Voltage_L3_L1 at HR 0x000A; move one",
        ),
        (
            V31,
            V31.replace("HR", "IR"),
            "shared: true",
            "5:34: Voltage_L3_L1 at IR 0x000A overlaps Voltage_L3_L1 at HR 0x000A; move one",
        ),
        (
            CODE,
            CODE.replace("341", "342"),
            "shared: false",
            "5:27: 342 at HR 0x000B overlaps 341 at HR 0x000B, which has the same 'count'; ",
        ),
        (
            CODE,
            CODE.replace("341", "342").replace("HR", "IR"),
            "shared: true",
            "5:27: 342 at IR 0x000B overlaps 341 at HR 0x000B, which has the same 'count'; ",
        ),
    ],
)
def test_what_may_not(tmp_path: Path, first: str, second: str, head: str, expected: str) -> None:
    (found,) = faults(tmp_path, first, second, head=head)
    assert found.startswith(expected)


def test_a_register_stays_in_the_table_that_it_is_written_in(tmp_path: Path) -> None:
    found = read(tmp_path, V31, V31.replace("HR 0x000A", "IR 0x0020"), head="shared: true")
    assert [each.table.value for each in found.registers] == ["holding register", "input register"]
