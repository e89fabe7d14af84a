"""`submeter calibrate`: what it stores goes with the ratings of the clamps."""

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from submeter.calibrate_command import calibrate
from submeter.sources.rp2040.calibration_file import CalibrationFile, beside
from submeter.sources.rp2040.correction import NONE, BoardCorrection, ClampCorrection
from tooling.calibration_house import UID
from tooling.calibration_program import HouseProgram
from tooling.program import write

TEXT = f"""
    site: Park
    store: {{path: park.db}}
    meters:
      - name: clamps
        unit_id: 2
        sources: [rp2040: {{board: {UID}, clamps: {{L1: 1, L2: 2, L3: 3}}, clamp: {{current: 60}}}}]
    modbus: {{tcp: {{host: 127.0.0.1, port: 1502}}}}
"""
CODE = 0.05  # A, of `HouseProgram`
OLD = ClampCorrection(1.2, 175.0, 1.4, 0.3, -0.2, amperes=CODE / 2)
BEFORE = BoardCorrection(clamps=(OLD, OLD, *NONE.clamps[2:]))
Run = Callable[..., Result]


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CalibrationFile:
    found = CalibrationFile(beside(tmp_path / "park.db"))
    program = HouseProgram(found)
    program.load, program.amperes = [2300 + 160j, 1j, 2j], [10.0, 0.0, 0.0]
    program.install(monkeypatch)
    return found


@pytest.fixture
def run(tmp_path: Path) -> Run:
    path = write(tmp_path / "config.yaml", TEXT)

    def run_(what: str, *options: str) -> Result:
        return CliRunner().invoke(
            calibrate, [what, str(path), "clamps", *options], env={"COLUMNS": "200"}
        )

    return run_


@pytest.mark.parametrize(
    ("arguments", "by_current"),
    [
        (["resistive"], False),
        (["known", "--power", "2415"], False),
        (["known", "--current", "10.5"], True),
    ],
)
def test_the_rating_is_stored_with_what_was_found(
    run: Run, file: CalibrationFile, arguments: list[str], by_current: bool
) -> None:
    assert run(*arguments, "--yes").exit_code == 0
    found = file.current(UID).clamps
    assert (found[0].amperes, found[0].by_current) == (CODE, by_current)
    assert found[1:] == NONE.clamps[1:]


def test_a_current_that_is_known_stays_true(run: Run, file: CalibrationFile) -> None:
    assert run("known", "--current", "10.5", "--clamp", "L1", "--yes").exit_code == 0
    assert run("known", "--voltage", "234.6", "--yes").exit_code == 0
    found = file.current(UID)
    assert found.voltage == pytest.approx(1.02)
    assert found.clamps[0].gain == pytest.approx(1.05, rel=1e-3)


def test_the_calibration_of_another_clamp_is_told_and_kept(run: Run, file: CalibrationFile) -> None:
    file.append(UID, BEFORE, "known", 1e9, "nobody", instead_of=NONE)
    assert run("show").output.count("does not count: it was made where a code stood for 0.025") == 2
    assert run("known", "--power", "2415", "--clamp", "L1", "--yes").exit_code == 0
    found = file.current(UID).clamps
    assert found[0] == ClampCorrection(found[0].gain, 0.0, amperes=CODE)
    assert found[0].gain == pytest.approx(1.05)
    assert found[1] == OLD
    assert run("show").output.count("does not count") == 1
    assert run("undo", "--yes").exit_code == 0
    assert file.current(UID) == BEFORE
