"""What the local socket answers is read, or refused as a whole."""

import copy
from pathlib import Path
from typing import Any

import pytest

from submeter.calibration import sample
from submeter.errors import NoAnswerError
from submeter.sources.rp2040.calibration_file import CalibrationFile
from submeter.sources.rp2040.correction import NONE
from tooling.calibration_house import House
from tooling.calibration_program import HouseProgram


@pytest.fixture
def told(tmp_path: Path) -> dict[str, Any]:
    program = HouseProgram(CalibrationFile(tmp_path / "x.json"), House(1, hours=0.1))
    told = program.ask(tmp_path, {"meter": "clamps", "with": [], "reference": "main"})
    assert told is not None
    return told


def test_all_of_it(told: dict[str, Any]) -> None:
    found = sample.read(told)
    assert found.meter == "clamps"
    assert [clamp.conductor for clamp in found.boards[0].clamps] == ["L1", "L2", "L3"]
    assert found.boards[0].correction == NONE
    assert found.reference is not None
    assert found.reference["Active_Energy_Import"].step == 1000


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("at", "x"),
        ("boards", 5),
        ("boards", [{}]),
        ("reference", {"values": 3}),
        ("sealed", None),
        ("begun", None),
    ],
)
def test_what_makes_no_sense(told: dict[str, Any], key: str, value: object) -> None:
    spoiled = copy.deepcopy(told) | {key: value}
    with pytest.raises(NoAnswerError, match="is it another version"):
        sample.read(spoiled)


def test_no_number_is_infinite(told: dict[str, Any]) -> None:
    told["boards"][0]["clamps"][1]["active"] = float("nan")
    with pytest.raises(NoAnswerError):
        sample.read(told)
