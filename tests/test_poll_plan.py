"""Which registers are read of a meter, and in which requests."""

from pathlib import Path

import pytest

from submeter import poll_plan
from submeter.pointmap import meter_map, points
from submeter.poll_plan import Request, Span
from tooling import small_map

VOLTAGE = points.all_points()["Voltage_L1_N"]
ENERGY = points.all_points()["Active_Energy_Import"]
FACTOR = points.all_points()["Power_Factor_L1"]
V = "point: Voltage_L1_N, at:"
E = "point: Active_Energy_Import, at:"


@pytest.mark.parametrize(
    ("entries", "head", "at"),
    [
        ([f"{V} HR 1, type: int16", f"{V} HR 3, type: float32"], "shared: false", "HR 3"),
        ([f"{V} HR 1, type: float32, count: 2", f"{V} HR 9, type: int16"], "shared: false", "HR 9"),
        ([f"{V} HR 1, type: float32", f"{V} IR 3, type: int16"], "functions: [4]", "IR 3"),
        ([f"{V} HR 1, type: float32"], "shared: true\n  functions: [4]", "HR 1"),
        (["mean: [Voltage_L1_N], at: HR 1, type: float32"], "shared: false", None),
        ([f"{V} HR 1, type: float32"], "functions: [4]", None),
    ],
)
def test_the_best_register_of_a_voltage(
    tmp_path: Path, entries: list[str], head: str, at: str | None
) -> None:
    found = poll_plan.best(small_map.read(tmp_path, *entries, head=head), VOLTAGE)
    assert (found.at if found else None) == at


def test_an_index_is_rather_read_as_an_integer(tmp_path: Path) -> None:
    entries = [f"{E} HR 1, type: int32, unit: Wh", f"{E} HR 5, type: float64"]
    found = poll_plan.best(small_map.read(tmp_path, *entries), ENERGY)
    assert found
    assert found.at == "HR 1"
    found = poll_plan.best(meter_map.load("standard"), ENERGY)
    assert found
    assert found.at == "30101"


def test_a_power_factor_in_quadrants_is_not_read(tmp_path: Path) -> None:
    entry = "point: Power_Factor_L1, at: HR 1, type: float32, reactive: Reactive_Power_Total"
    found = small_map.read(tmp_path, f"{entry}, factor: four-quadrant")
    assert poll_plan.best(found, FACTOR) is None


def test_where_to_read(tmp_path: Path) -> None:
    loaded = small_map.read(tmp_path, f"{V} IR 5, type: float32", head="shared: true")
    assert poll_plan.span(loaded, loaded.registers[0]) == Span(4, 4, 2)
    assert poll_plan.validity(loaded) == []
    assert poll_plan.validity(meter_map.load("standard")) == [Span(2, 1000, 297)]


@pytest.mark.parametrize(
    ("holes", "spans", "expected"),
    [
        ("zero", [(3, 0, 2), (3, 34, 2)], [(3, 0, 36)]),
        ("zero", [(3, 0, 2), (3, 35, 2)], [(3, 0, 2), (3, 35, 2)]),
        ("refuse", [(3, 4, 2), (3, 0, 4)], [(3, 0, 6)]),
        ("refuse", [(3, 0, 2), (3, 3, 2)], [(3, 0, 2), (3, 3, 2)]),
        ("zero", [(3, 0, 2), (4, 2, 2)], [(3, 0, 2), (4, 2, 2)]),
        ("zero", [(3, 0, 100), (3, 100, 25)], [(3, 0, 125)]),
        ("zero", [(3, 0, 100), (3, 100, 26)], [(3, 0, 100), (3, 100, 26)]),
        ("zero", [(2, 0, 1000), (2, 1000, 1000)], [(2, 0, 2000)]),
        ("zero", [(2, 0, 1000), (2, 1000, 1001)], [(2, 0, 1000), (2, 1000, 1001)]),
        ("zero", [(3, 0, 2), (3, 0, 2)], [(3, 0, 2)]),
        ("zero", [], []),
    ],
)
def test_requests(
    tmp_path: Path,
    holes: str,
    spans: list[tuple[int, int, int]],
    expected: list[tuple[int, int, int]],
) -> None:
    loaded = small_map.read(tmp_path, f"{V} HR 1, type: float32", head=f"holes: {holes}")
    found: list[Request] = list(poll_plan.requests(loaded, [Span(*each) for each in spans]))
    assert [tuple(each.whole) for each in found] == expected
    assert sorted(value for each in found for value in each.values) == sorted(
        {Span(*each) for each in spans}
    )
