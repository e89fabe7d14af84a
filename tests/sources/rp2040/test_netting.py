"""Import and export where one phase feeds in and another one takes."""

import json

import pytest

from submeter.sources.rp2040.measured import ClampValues, Measured
from submeter.sources.rp2040.netting import LONG, Netting
from submeter.sources.rp2040.settings import Conductor
from submeter.sources.rp2040.share import Line, Share
from submeter.sources.rp2040.wiring import Wiring

WIRING = Wiring("L1", (), 50)


def share(seconds: float, over: bool = False, **phases: tuple[complex, ...]) -> Share:
    """Return what a board counted in each quadrant, phase by phase."""
    names: dict[str, Conductor] = {"L1": "L1", "L2": "L2", "L3": "L3", "N": "N"}
    lines = tuple(
        Line(names[name], 0, ClampValues(1, 1, 1, 1, 1, each, over, abs(sum(each))))
        for name, each in phases.items()
    )
    return Share("u", WIRING, seconds, Measured(seconds, 230, 50, (), saturated=False), lines)


def test_one_phase_counts_as_its_quadrants_are() -> None:
    netting = Netting([""], alone=True)
    both = (3 + 1j, -2 + 0.5j, 0j, 0j)
    netting.add("", share(1, L1=both))
    assert netting.take().quadrants == both


def test_of_several_phases_the_sum_counts() -> None:
    netting = Netting([""], alone=False)
    solar, load, coil = (
        (0j, -2000 + 0j, 0j, 0j),
        (1500 + 100j, 0j, 0j, 0j),
        (0j, 0j, 0j, 100 - 400j),
    )
    netting.add("", share(1, L1=solar, L2=load, L3=coil))
    counted = netting.take()
    assert counted.quadrants == (0j, 0j, -400 - 300j, 0j)
    assert counted.apparent == 0  # it is exported


def test_what_flows_in_the_neutral_is_no_energy() -> None:
    netting = Netting([""], alone=False)
    netting.add("", share(1, L1=(5 + 0j, 0j, 0j, 0j), N=(7 + 0j, 0j, 0j, 0j)))
    assert netting.take().quadrants == (5 + 0j, 0j, 0j, 0j)


def test_over_a_long_time_the_quadrants_of_each_phase_count() -> None:
    solar, load = (10 + 0j, -2000 + 0j, 0j, 0j), (1500 + 100j, 0j, 0j, 0j)
    short, long = Netting([""], alone=False), Netting([""], alone=False)
    short.add("", share(LONG, L1=solar, L2=load))
    long.add("", share(LONG + 1, L1=solar, L2=load))
    assert short.take().quadrants == (0j, -490 + 100j, 0j, 0j)
    assert long.take().quadrants == (1510 + 100j, -2000 + 0j, 0j, 0j)


def test_the_longest_gap_of_any_board_decides() -> None:
    netting = Netting(["L1", "L2"], alone=False)
    netting.add("L1", share(LONG + 1, L1=(10 + 0j, 0j, 0j, 0j)))
    netting.add("L2", share(1, L2=(0j, -12 + 0j, 0j, 0j)))
    assert netting.take().quadrants == (10 + 0j, -12 + 0j, 0j, 0j)


def test_a_board_that_comes_late_is_missed_by_nothing() -> None:
    netting = Netting(["L1", "L2"], alone=False)
    take = (10 + 0j, 0j, 0j, 0j)
    for _ in range(3):
        netting.add("L1", share(1, L1=take))
    netting.add("L2", share(3, L2=(0j, -12 + 0j, 0j, 0j)))
    counted = netting.take()
    assert counted.quadrants == (18 + 0j, 0j, 0j, 0j)
    assert (counted.apparent, counted.estimated) == (42, False)
    assert netting.take() == ((0j,) * 4, 0.0, False)


def test_what_waits_long_is_long() -> None:
    netting = Netting(["L1", "L2"], alone=False)
    for _ in range(3):
        netting.add("L1", share(LONG / 2, L1=(10 + 0j, 0j, 0j, 0j)))
    netting.add("L2", share(1, L2=(0j, -12 + 0j, 0j, 0j)))
    assert netting.take().quadrants == (30 + 0j, -12 + 0j, 0j, 0j)


def test_an_estimate_that_waits_is_one_of_what_it_joins() -> None:
    netting, again = (Netting(["L1", "L2"], alone=False) for _ in range(2))
    netting.add("L1", share(1, over=True, L1=(10 + 0j, 0j, 0j, 0j)))
    netting.add("L1", share(1, L1=(10 + 0j, 0j, 0j, 0j)))
    again.restore(json.loads(json.dumps(netting.saved())))
    assert netting.take().estimated
    assert again.take().estimated
    assert not netting.take().estimated


def test_noise_about_no_active_power_is_no_export() -> None:
    netting = Netting([""], alone=True)
    netting.add("", share(1, L1=(0j, -0.1 + 100j, 0j, 0j)))
    assert netting.take().apparent == pytest.approx(100, abs=0.1)


def test_what_waits_outlasts_a_restart() -> None:
    before, after = (Netting(["L1", "L2"], alone=False) for _ in range(2))
    assert before.saved() == {}
    before.add("L1", share(1.5, L1=(0.1 + 0.2j, -0.3j, -1 - 1j, 7 + 0j)))
    after.restore(json.loads(json.dumps(before.saved())))
    assert after.saved() == before.saved()
    assert after.take() == before.take()
    before.add("L2", share(LONG, L2=(0j,) * 4))  # nothing flowed, for a long time
    after.restore(json.loads(json.dumps(before.saved())))
    assert after.saved() == before.saved() != {}


@pytest.mark.parametrize(
    "damaged",
    [1, [1.0] * 9, ["a"] * 10, [float("nan")] * 10 + [True], [1.0] * 9 + [-1.0, True], [True] * 11,
     [1.0] * 10, [1.0] * 11, [1.0] * 8 + [-1.0, 1.0, False]],
)  # fmt: skip
def test_damaged_memories_are_refused(damaged: object) -> None:
    with pytest.raises(ValueError, match="saved state"):
        Netting(["L1"], alone=True).restore({"L1": damaged})
