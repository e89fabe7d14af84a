"""The simulated household: repeatable, exact in its energies, consistent in its powers."""

import math
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from submeter.meter.formulas import apparent, power_factor
from submeter.pointmap import points
from submeter.sources.simulated.household import NO_ENERGY, POINTS, Energies, Household, State

SEEDS = st.integers(0, 2**32)
STARTS = st.integers(0, 86399)
ROOFS = st.sampled_from([0, 3000, 9000])
NOON = 12 * 3600


def run(household: Household, seconds: int) -> list[State]:
    return [household.step() for _ in range(seconds)]


@given(SEEDS, STARTS, ROOFS)
@settings(max_examples=10, deadline=None)
def test_same_arguments_same_series(seed: int, start: int, solar: int) -> None:
    assert run(Household(seed, start, solar), 200) == run(Household(seed, start, solar), 200)


def test_another_seed_is_another_series() -> None:
    assert run(Household(1), 50) != run(Household(2), 50)


@given(SEEDS, STARTS, ROOFS, st.integers(1, 1200))
@settings(max_examples=25, deadline=None)
def test_energies_are_the_integral_of_the_powers(
    seed: int, start: int, solar: int, seconds: int
) -> None:
    states = run(Household(seed, start, solar), seconds)
    active = [sum(state.active) for state in states]
    reactive = [sum(state.reactive) for state in states]
    assert states[-1].energies == Energies(
        active_import=sum(p for p in active if p > 0) * 1000 // 3600,
        active_export=sum(-p for p in active if p < 0) * 1000 // 3600,
        reactive_import=sum(q for q in reactive if q > 0) * 1000 // 3600,
        reactive_export=sum(-q for q in reactive if q < 0) * 1000 // 3600,
    )


def test_indexes_start_where_they_are_told_to_and_never_fall() -> None:
    initial = Energies(12_345_678_901, 234, 56_000, 7)
    states = run(Household(3, NOON, 3000, initial), 2000)
    plain = run(Household(3, NOON, 3000), 2000)
    assert states[-1].energies.active_import - plain[-1].energies.active_import == 12_345_678_901
    assert states[-1].energies.reactive_export - plain[-1].energies.reactive_export == 7
    for before, after in pairwise(states):
        for name in ("active_import", "active_export", "reactive_import", "reactive_export"):
            assert getattr(after.energies, name) >= getattr(before.energies, name)


@given(SEEDS, STARTS, ROOFS)
@settings(max_examples=25, deadline=None)
def test_numbers_agree_with_one_another(seed: int, start: int, solar: int) -> None:
    state = run(Household(seed, start, solar), 60)[-1]
    numbers = state.numbers()
    assert tuple(numbers) == POINTS
    p, q, s = (numbers[f"{kind}_Power_Total"] for kind in ("Active", "Reactive", "Apparent"))
    assert p * 1000 == pytest.approx(sum(state.active))
    assert s == pytest.approx(apparent(p, q))
    assert numbers["Power_Factor_Total"] == pytest.approx(power_factor(p, s))
    for phase in (1, 2, 3):
        volts, amperes = numbers[f"Voltage_L{phase}_N"], numbers[f"Current_L{phase}"]
        watts, factor = numbers[f"Active_Power_L{phase}"], numbers[f"Power_Factor_L{phase}"]
        assert math.copysign(1, factor) == math.copysign(1, watts)
        assert volts * amperes * factor / 1000 == pytest.approx(watts)
    assert numbers["Energy_Direction"] == (1 if p < 0 else 0)


def test_indexes_are_integers_of_thousandths() -> None:
    numbers = run(Household(1), 10)[-1].numbers()
    assert all(type(numbers[name]) is int for name in POINTS[:4])
    assert numbers["Active_Energy_Import"] > 0


def test_numbers_lie_in_the_ranges_of_the_list() -> None:
    listed = points.standard()
    ranges = {name: listed[name].range for name in POINTS}
    for state in run(Household(5, start=0), 86400)[::29]:
        for name, number in state.numbers().items():
            expected = ranges[name]
            if expected and listed[name].kind != "index":
                assert expected.min <= number <= expected.max, name


@pytest.mark.parametrize(
    ("active", "reactive", "amperes"),
    [
        ((2300, 0, 0), (0, 0, 0), 10),
        ((2300, 2300, 2300), (230, 230, 230), 0),
        ((2300, 2300, 0), (0, 0, 0), 10),
        ((2300, -2300, 0), (0, 0, 0), 10 * math.sqrt(3)),
        # L1 lags by 90 degrees, which leaves it 30 degrees ahead of L2
        ((0, 2300, 0), (2300, 0, 0), 20 * math.cos(math.radians(15))),
        ((0, 2300, 0), (-2300, 0, 0), 20 * math.sin(math.radians(15))),
    ],
)
def test_neutral_current_is_the_vector_sum(
    active: tuple[int, ...], reactive: tuple[int, ...], amperes: float
) -> None:
    state = State(active, reactive, (230.0, 230.0, 230.0), 50.0, 2.0, 10.0, NO_ENERGY)
    assert state.neutral_current == pytest.approx(amperes, abs=1e-9)


def test_a_phase_without_load_has_power_factor_one() -> None:
    state = State((0, 10, 10), (0, 0, 0), (230.0, 230.0, 230.0), 50.0, 2.0, 10.0, NO_ENERGY)
    assert state.numbers()["Power_Factor_L1"] == 1


def test_a_day_has_a_night_tariff_meals_and_no_export_without_a_roof() -> None:
    day = [state.active for state in run(Household(4), 86400)]
    assert min(sum(phases) for phases in day) > 0
    water = [phases[2] for phases in day]
    assert min(water[22 * 3600 + 1800 : 23 * 3600]) > 1800
    assert max(water[12 * 3600 : 22 * 3600]) < 1900
    assert max(phases[1] for phases in day[19 * 3600 : 20 * 3600]) > 2400
    assert 10_000 < sum(map(sum, day)) / 3600 < 60_000


def test_a_roof_exports_at_noon_and_not_at_night() -> None:
    noon, night = (
        run(Household(4, start, solar=6000), 60)[-1].numbers() for start in (NOON, NOON * 2)
    )
    assert noon["Active_Power_L1"] < -1
    assert noon["Energy_Direction"] == 1
    assert noon["Active_Energy_Export"] > 0
    assert night["Energy_Direction"] == 0
