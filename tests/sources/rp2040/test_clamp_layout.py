"""Which points meters with clamps have, and how far each can be trusted."""

from typing import Any

import pytest

from submeter.meter.reading import Quality
from submeter.pointmap import points
from submeter.sources.rp2040.layout import expected, indexes
from submeter.sources.rp2040.settings import Rp2040Settings
from tooling.clamp_records import IdealBoard, Load
from tooling.clamp_source import Bench

THREE = {phase: {"board": f"e66{phase}"} for phase in ("L1", "L2", "L3")}
PHASES = {"L1": 1, "L2": 2, "L3": 3}


def given(**keys: Any) -> dict[str, Quality]:
    said = keys if "boards" in keys else {"board": "e660", **keys}
    return expected(Rp2040Settings.model_validate(said))


def of(quality: Quality, found: dict[str, Quality]) -> set[str]:
    return {name for name, each in found.items() if each is quality}


@pytest.mark.parametrize(
    "keys",
    [{}, {"clamps": PHASES}, {"boards": THREE}, {"voltage": None, "clamps": {**PHASES, "N": 4}}],
)
def test_every_point_is_in_the_lists(keys: dict[str, Any]) -> None:
    known = points.all_points()
    found = given(**keys)
    assert found.keys() <= known.keys()
    counted = {name for name in found if known[name].kind == "index"}
    assert counted == set(indexes(Rp2040Settings.model_validate({"board": "e660", **keys})
                                  if "boards" not in keys
                                  else Rp2040Settings.model_validate(keys)))  # fmt: skip


def test_one_clamp_is_a_single_phase_that_is_measured() -> None:
    found = given(clamps={"L1": 2})
    assert of(Quality.MEASURED, found) == found.keys()
    assert {"Active_Power_L1", "Active_Power_Total", "Voltage_L1_N", "Current_L1"} <= found.keys()
    assert {"THD_Voltage_L1", "THD_Current_L1", "Current_Harmonic_25_L1"} <= found.keys()
    assert not [name for name in found if "L2" in name or "L3" in name]
    assert "Current_Neutral" not in found


def test_two_phases_by_the_voltage_of_another_are_estimated() -> None:
    found = given(clamps={**PHASES}, snapshot=0)
    powers = {"Active_Power", "Reactive_Power", "Apparent_Power", "Power_Factor"}
    wanted = {f"{power}_{name}" for power in powers for name in ("L2", "L3", "Total")}
    assert of(Quality.ESTIMATED, found) == wanted | {name for name in found if "_Energy_" in name}
    assert {"Voltage_L2_N", "Voltage_L3_N", "Voltage_L1_L2", "Voltage_Unbalance"}.isdisjoint(found)
    assert found["Active_Power_L1"] is found["Current_L3"] is Quality.MEASURED
    assert not [name for name in found if "Angle" in name or "THD" in name or "Harmonic" in name]


def test_the_voltage_may_be_that_of_another_phase() -> None:
    found = given(clamps=PHASES, voltage_at="L3")
    assert found["Voltage_L3_N"] is found["Active_Power_L3"] is Quality.MEASURED
    assert found["Active_Power_L1"] is Quality.ESTIMATED
    assert "Voltage_L1_N" not in found
    assert "THD_Voltage_L3" in found
    assert "THD_Voltage_L1" not in found


def test_three_boards_measure_all() -> None:
    found = given(boards=THREE)
    assert of(Quality.MEASURED, found) == found.keys()
    assert {"Voltage_L2_N", "THD_Voltage_L3", "Active_Power_L3", "Power_Factor_Total"} <= set(found)
    assert not [name for name in found if "Angle" in name]


def test_four_clamps_know_nothing_but_currents_and_a_guess() -> None:
    found = given(voltage=None, clamps={**PHASES, "N": 4}, snapshot=0)
    currents = {"Current_L1", "Current_L2", "Current_L3", "Current_Neutral"}
    assert of(Quality.MEASURED, found) == currents | {"Board_Overruns", "Board_Resets"}
    assert of(Quality.ESTIMATED, found) == {
        "Apparent_Power_L1", "Apparent_Power_L2", "Apparent_Power_L3", "Apparent_Power_Total",
        "Apparent_Energy_Import",
    }  # fmt: skip


async def shown(settings: dict[str, Any], *ideals: IdealBoard) -> dict[str, tuple[Any, str]]:
    """Return what a meter shows at last, of what it has."""
    bench = Bench({"clamp": {"current": 50}, **settings}, *ideals)
    async with bench.running():
        bench.live(6)
        assert bench.meter.readings.keys() >= bench.source.expected.keys()
        return {
            name: (reading.value, reading.quality.value)
            for name, reading in bench.meter.readings.items()
            if reading.value is not None
        }


async def test_a_meter_derives_no_voltage_that_was_not_measured() -> None:
    loads = (Load(10.0), Load(10.0, 60.0), Load(10.0, -30.0))
    ideal = IdealBoard(lags=(0, 40, 80), loads=loads)
    found = await shown({"board": "e660", "clamps": PHASES}, ideal)
    absent = (
        "Voltage_L2_N", "Voltage_L3_N", "Voltage_L1_L2", "Voltage_L2_L3", "Voltage_L3_L1",
        "Voltage_Unbalance", "Voltage_Unbalance_Alarm", "Reverse_Phase_Sequence",
        "Voltage_Angle_L2", "Voltage_Angle_L3", "Phase_Loss_L2", "Phase_Loss_L1",
    )  # fmt: skip
    assert not [name for name in absent if name in found]
    assert found["Current_L2"] == (pytest.approx(10, rel=1e-4), "measured")
    assert found["Active_Power_L1"] == (pytest.approx(2.3, rel=1e-4), "measured")


@pytest.mark.parametrize(("at", "lags"), [("L1", (0, 40, 80)), ("L2", (80, 0, 40))])
async def test_the_phases_are_by_the_voltage_as_it_would_be(
    at: str, lags: tuple[int, int, int]
) -> None:
    """Three equal loads on three equal phases show equal powers, whichever voltage is measured."""
    turn = {"L1": (0, -120, -240), "L2": (120, 0, -120)}[at]
    loads = tuple(Load(10.0, 30.0 - angle) for angle in turn)
    ideal = IdealBoard(lags=lags, loads=loads)
    found = await shown({"board": "e660", "clamps": PHASES, "voltage_at": at}, ideal)
    for phase in PHASES:
        quality = "measured" if phase == at else "estimated"
        assert found[f"Active_Power_{phase}"] == (pytest.approx(1.9919, rel=1e-3), quality)
        assert found[f"Reactive_Power_{phase}"] == (pytest.approx(1.15, rel=1e-3), quality)
    assert found["Active_Power_Total"] == (pytest.approx(3 * 1.9919, rel=1e-3), "estimated")
    assert found["Active_Energy_Import"][1] == found["Power_Factor_Total"][1] == "estimated"


async def test_a_meter_of_three_boards_shows_no_sequence() -> None:
    ideals = [
        IdealBoard(uid=f"e66{phase}", boot=phase, volts=volts, loads=[Load(10)] * 3)
        for phase, volts in (("l1", 230), ("l2", 220), ("l3", 240))
    ]
    found = await shown({"boards": THREE}, *ideals)
    assert found["Voltage_L2_N"] == (pytest.approx(220, rel=1e-4), "measured")
    assert found["Active_Power_Total"] == (pytest.approx(6.9, rel=1e-4), "measured")
    # By 120 degrees that are assumed.
    assert found["Voltage_L1_L2"][1] == "estimated"
    assert not {"Reverse_Phase_Sequence", "Voltage_Angle_L2"} & found.keys()


async def test_a_meter_without_voltage_shows_a_guess_of_va() -> None:
    ideal = IdealBoard(layout="4i", loads=(Load(10), Load(20), Load(0), Load(5)))
    settings = {"board": "e660", "voltage": None, "clamps": {**PHASES, "N": 4}, "nominal": 240}
    found = await shown(settings, ideal)
    assert found["Apparent_Power_L2"] == (pytest.approx(4.8, rel=1e-4), "estimated")
    assert found["Apparent_Power_Total"] == (pytest.approx(7.2, rel=1e-4), "estimated")
    assert found["Current_Neutral"] == (pytest.approx(5, rel=1e-3), "measured")
    assert found["Current_L3"] == (0, "measured")
    assert found["Apparent_Energy_Import"][1] == "estimated"
    for name in ("Active_Power_Total", "Power_Factor_Total", "Reactive_Power_Total", "Frequency",
                 "Active_Energy_Import", "Voltage_L1_N", "Energy_Direction"):  # fmt: skip
        assert name not in found


async def test_va_hours_are_those_of_the_time_that_passed() -> None:
    settings = {"board": "e660", "voltage": None, "clamps": {"L1": 1}, "clamp": {"current": 50}}
    bench = Bench(settings, IdealBoard(layout="4i", loads=(Load(10),) * 4))
    async with bench.running():
        bench.live(2)
        bench.live(8, lost=True)
        bench.live(1)
        assert bench.value("Apparent_Energy_Import") == pytest.approx(10 * 2300 / 3.6, abs=2)
