import json
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from submeter.sources.rp2040.energy_count import POINTS, EnergyCount, together

EACH = (1000 + 20j, -3000 + 400j, -5000 - 600j, 7000 - 800j)  # Ws, a quadrant each


def counted(*taken: tuple[complex, ...], apparent: float | None = None) -> dict[str, int]:
    count = EnergyCount()
    for energies in taken:
        count.take(energies, apparent)
    return dict(count.counted)


def test_each_quadrant_has_its_indexes() -> None:
    assert counted(tuple(3.6 * each for each in EACH), apparent=36.0) == {
        "Active_Energy_Import": 8_000_000 // 1000,
        "Active_Energy_Export": 8_000_000 // 1000,
        "Reactive_Energy_Import": 420,
        "Reactive_Energy_Export": 1400,
        "Reactive_Energy_Q1": 20,
        "Reactive_Energy_Q2": 400,
        "Reactive_Energy_Q3": 600,
        "Reactive_Energy_Q4": 800,
        "Apparent_Energy_Import": 10,
    }


def test_a_watt_for_an_hour_is_a_watt_hour_although_each_second_is_less() -> None:
    # 1 W for 1 s is 0.277... mWh.
    assert counted(*[(1 + 0j, 0j, 0j, 0j)] * 3599)["Active_Energy_Import"] == 999
    assert counted(*[(1 + 0j, 0j, 0j, 0j)] * 3600)["Active_Energy_Import"] == 1000


def test_what_is_added_is_rounded_to_a_millionth_of_a_ws() -> None:
    count = EnergyCount()
    count.take((0.6e-6 + 1.4e-6j, 0j, 0j, 0j), 2.5000001)
    saved = count.saved()
    assert saved["Active_Energy_Import"] == saved["Reactive_Energy_Q1"] == 1
    assert saved["Apparent_Energy_Import"] == 2_500_000


def test_without_energies_only_what_is_apparent_counts() -> None:
    found = counted((), apparent=3600.0)
    assert found.pop("Apparent_Energy_Import") == 1000
    assert set(found.values()) == {0}


@given(st.lists(st.floats(0, 1e6), max_size=50))
def test_loses_nothing_and_never_falls(parts: list[float]) -> None:
    count, before = EnergyCount(), 0
    for each in parts:
        count.take((0j, complex(-each, each), 0j, 0j))
        now = count.counted["Active_Energy_Export"]
        assert now >= before
        before = now
    # Each addition is rounded to a millionth of a Ws.
    whole = sum((Fraction(each) for each in parts), Fraction()) / Fraction("3.6")
    assert abs(before - whole) <= 1 + len(parts) * Fraction("1e-3") / 3600
    assert count.counted["Reactive_Energy_Q2"] == before


def test_goes_on_where_it_was_saved() -> None:
    whole, first, second = EnergyCount(), EnergyCount(), EnergyCount()
    for number in range(100):
        energies = (complex(number / 7, 0.1), 0j, 0j, complex(0.3, -number / 9))
        whole.take(energies, number / 3)
        (first if number < 50 else second).take(energies, number / 3)
        if number == 49:
            second.restore(json.loads(json.dumps(first.saved())))
    assert second.saved() == whole.saved()
    assert second.counted == whole.counted


@pytest.mark.parametrize("wrong", [None, -1, 1.5, True, "7"])
def test_a_damaged_state_is_refused_whole(wrong: Any) -> None:
    count = EnergyCount()
    count.take(EACH, 7.0)
    before = count.saved()
    damaged = {**dict.fromkeys(POINTS, 5), POINTS[-1]: wrong}
    with pytest.raises(ValueError, match="Apparent_Energy_Import"):
        count.restore(damaged)
    with pytest.raises(ValueError, match="Active_Energy_Import"):
        count.restore({})
    assert count.saved() == before


def test_several_clamps_are_added_each_by_itself() -> None:
    first, second = (10 + 1j, 0j, 0j, 0j), (2j, 0j, -4 - 3j, 0j)
    assert together([first, second]) == (10 + 3j, 0, -4 - 3j, 0)
