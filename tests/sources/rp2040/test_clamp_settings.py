"""What the configuration may say of clamps."""

from typing import Any

import pytest
from pydantic import ValidationError

from submeter.sources.rp2040.settings import Rp2040Settings
from submeter.sources.rp2040.wiring import Around, wirings

UID = "e66038b713000001"
THREE = {
    phase: {"board": f"e66038b71300000{number}"} for number, phase in enumerate(("L1", "L2", "L3"))
}


def made(**keys: Any) -> Rp2040Settings:
    return Rp2040Settings.model_validate({"board": UID, **keys})


def test_a_board_is_enough() -> None:
    (wiring,) = wirings(made()).values()
    assert (wiring.layout, wiring.voltage_at, wiring.quarter) == ("v3i", "L1", 30)
    assert wiring.clamps == (Around(1, "L1", 0),)
    assert not wiring.estimated


@pytest.mark.parametrize(
    ("at", "hertz", "lags", "quarter"),
    [
        ("L1", 50, [0, 40, 80], 30),
        ("L2", 50, [80, 0, 40], 30),
        ("L3", 50, [40, 80, 0], 30),
        ("L1", 60, [0, 33, 67], 25),
    ],
)
def test_the_voltage_is_delayed_for_the_phases_that_follow(
    at: str, hertz: int, lags: list[int], quarter: int
) -> None:
    clamps = {"L1": 1, "L2": 2, "L3": 3}
    (wiring,) = wirings(made(clamps=clamps, voltage_at=at, frequency=hertz)).values()
    assert [wiring.lag(each) for each in wiring.clamps] == lags
    assert wiring.quarter == quarter
    assert wiring.estimated


def test_the_thirds_go_by_the_number_of_the_clamp() -> None:
    (wiring,) = wirings(made(clamps={"L1": 3, "L2": 1, "N": 2})).values()
    assert wiring.behind == (1, 0, 0)
    assert [each.conductor for each in wiring.phases] == ["L1", "L2"]
    assert [wiring.lag(each) for each in wiring.clamps if each.conductor == "N"] == [0]


def test_four_clamps_have_no_voltage() -> None:
    (wiring,) = wirings(made(voltage=None, clamps={"L1": 4, "N": 1})).values()
    assert (wiring.layout, wiring.voltage_at, wiring.estimated) == ("4i", None, True)


def test_pins_and_order_are_those_of_the_firmware() -> None:
    made(order=[3, 2, 1, 0], pins=[*range(8)], debounce=1000)
    made(pins=[25], debounce=1)
    three = {**THREE, "L2": {**THREE["L2"], "order": [3, 0, 1, 2]}}
    wired = wirings(Rp2040Settings.model_validate({"boards": three}))
    assert [wired[phase].order for phase in wired] == [None, (3, 0, 1, 2), None]


def test_each_of_three_boards_has_its_own_voltage() -> None:
    settings = Rp2040Settings.model_validate({"boards": THREE})
    wired = wirings(settings)
    assert list(wired) == ["L1", "L2", "L3"]
    for phase, wiring in wired.items():
        assert (wiring.voltage_at, wiring.estimated) == (phase, False)
        assert wiring.clamps == (Around(1, wiring.voltage_at, 0),)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"board": None}, "'board' is missing"),
        ({"clamps": {"L1": 4}}, "clamp 4 of L1 does not exist; 1 to 3"),
        ({"clamps": {"L1": 5}, "voltage": None}, "clamp 5 of L1 does not exist; 1 to 4"),
        ({"clamps": {"L1": 1, "L2": 1}}, "each number once"),
        ({"clamps": {"N": 1}}, "at least one of L1, L2 and L3"),
        ({"clamps": {}}, "at least one of L1, L2 and L3"),
        ({"clamp": {"around_secondary": True}}, "around a secondary has 'current'"),
        ({"voltage": None, "voltage_at": "L2"}, "'voltage_at' is of one board with a voltage"),
        ({"boards": THREE}, "'boards' stands alone"),
        ({"board": None, "boards": THREE, "voltage": None}, "has a voltage: remove"),
        ({"board": None, "boards": THREE, "voltage_at": "L1"}, "'voltage_at' is of one board"),
        ({"board": None, "boards": {"L1": {"board": UID}}}, "'boards' are three"),
        ({"board": None, "boards": {**THREE, "L3": {}}}, "has 'board', its unique number"),
        ({"board": None, "boards": {**THREE, "L3": {"board": UID.upper()}}}, "other one"),
        ({"board": None, "boards": {**THREE, "L3": {"board": "e66038b713000001"}}}, "other one"),
        ({"board": "e66 0"}, "String should match"),
        ({"board": 5044340310815419}, "the number of a board is a text: put it in quotes"),
        ({"board": 8e12345678901234}, "the number of a board is a text: put it in quotes"),
        ({"snapshot": 61}, "less than or equal to 60"),
        ({"order": [0, 1, 2]}, "Field required"),
        ({"order": [0, 1, 2, 2]}, "each number stands here once"),
        ({"order": [1, 2, 3, 4]}, "less than or equal to 3"),
        ({"order": "0123"}, "valid tuple"),
        ({"pins": [26]}, "less than or equal to 25"),
        ({"pins": [2, 2]}, "each number stands here once"),
        ({"pins": [*range(9)]}, "at most 8 items"),
        ({"debounce": 0}, "greater than or equal to 1"),
        ({"board": None, "boards": THREE, "order": [0, 1, 2, 3]}, "'order' is of one board"),
        ({"board": None, "boards": THREE, "pins": [2]}, "'pins' is of one board: remove it here"),
        ({"clamp": {"volts": 0}}, "greater than or equal to 0.001"),
        ({"creep": 0.2}, "less than or equal to 0.1"),
        ({"frequency": 55}, "50 or 60"),
        ({"clamps": {"L4": 1}}, "'L1', 'L2', 'L3' or 'N'"),
    ],
)
def test_what_makes_no_sense_is_refused(keys: dict[str, Any], told: str) -> None:
    keys = {key: each for key, each in {"board": UID, **keys}.items() if key != "board" or each}
    with pytest.raises(ValidationError) as error:
        Rp2040Settings.model_validate(keys)
    assert told in str(error.value)
