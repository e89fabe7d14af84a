"""`submeter calibrate auto --with`: clamps of several meters against the meter of all of them."""

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from submeter import calibration_watch
from submeter.calibrate_command import calibrate
from submeter.sources.rp2040.calibration_file import CalibrationFile, beside
from submeter.sources.rp2040.correction import NONE, BoardCorrection
from tooling.calibration_house import UID, House
from tooling.calibration_program import HouseProgram
from tooling.program import write

OTHER = "e66038b713000002"
TEXT = f"""
    site: Park
    store: {{path: park.db}}
    meters:
      - {{name: main, unit_id: 1, sources: [simulated: {{seed: 1}}]}}
      - name: flat
        unit_id: 2
        sources: [{{rp2040: {{board: {UID}, clamps: {{L1: 1}}, clamp: {{current: 60}}}}}}]
      - name: shop
        unit_id: 3
        sources: [{{rp2040: {{board: {UID.upper()}, clamps: {{L1: 2}}, clamp: {{current: 60}}}}}}]
      - name: lift
        unit_id: 4
        sealed: SEALED
        sources: [{{rp2040: {{board: {UID}, clamps: {{L1: 3}}, clamp: {{current: 60}}}}}}]
      - name: odd
        unit_id: 5
        sources: [{{rp2040: {{board: {UID}, clamp: {{current: 60}}, voltage: {{mains: 240}}}}}}]
      - name: barn
        unit_id: 6
        sources: [{{rp2040: {{board: {OTHER}, clamps: {{L1: 1}}, clamp: {{current: 60}}}}}}]
      - name: blind
        unit_id: 7
        sources:
          - rp2040: {{board: {OTHER}, clamps: {{L1: 1}}, clamp: {{current: 60}}, voltage: null}}
    modbus: {{tcp: {{host: 127.0.0.1, port: 1502}}}}
"""
Run = Callable[..., Result]


@pytest.fixture
def file(tmp_path: Path) -> CalibrationFile:
    return CalibrationFile(beside(tmp_path / "park.db"))


@pytest.fixture
def run(tmp_path: Path) -> Run:
    path = write(tmp_path / "config.yaml", TEXT.replace("SEALED", "false"))

    def run_(what: str, meter: str, *options: str) -> Result:
        arguments = [what, str(path), meter, *options]
        return CliRunner().invoke(calibrate, arguments, env={"COLUMNS": "200"})

    return run_


def auto(run: Run, meter: str, *others: str, against: str = "main") -> Result:
    options = [word for other in others for word in ("--with", other)]
    return run("auto", meter, *options, "--against", against, "--minutes", "30", "--yes")


def test_three_loads_at_one_board(
    run: Run, file: CalibrationFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = House(8, hours=0.55)
    program = HouseProgram(file, house)
    program.meters = {"flat": (1,), "shop": (2,), "lift": (3,)}
    program.install(monkeypatch)
    monkeypatch.setattr(calibration_watch, "EVERY", 900.0)
    result = auto(run, "flat", "shop", "lift")
    assert result.exit_code == 0, result.output
    assert f"{UID} clamp 2 (L1 of shop)" in result.output
    assert "(L1 of flat)" in result.output
    made = file.current(UID)
    for number in (1, 2, 3):
        assert abs(made.factor(number) / house.factors[number - 1] - 1) < 0.008
    assert made.voltage == pytest.approx(1.02, abs=0.002)
    (entry,) = file.history(UID)
    assert entry.how == "flat + shop + lift against main, 30 min"
    assert "taken back" in run("undo", "lift", "--yes").output
    assert file.current(UID) == NONE


@pytest.mark.parametrize(
    ("meters", "against", "status", "message"),
    [
        (("flat", "flat"), "main", 2, "meter 'flat' is named twice"),
        (("flat", "shop", "shop"), "main", 2, "meter 'shop' is named twice"),
        (("flat", "shpo"), "main", 2, "no meter is called 'shpo'; did you mean 'shop'?"),
        (("flat", "main"), "main", 2, "meter 'main' has no clamps: no source 'rp2040'"),
        (("flat",), "mian", 2, "no meter is called 'mian'; did you mean 'main'?"),
        (("flat",), "barn", 2, "meter 'barn' has no instrument but clamps: it is no reference"),
        (
            ("flat",),
            "main/",
            2,
            "meter 'main' has no source '' to compare with; known here: simulated",
        ),
        (
            ("flat", "shop"),
            "shop/tic",
            2,
            "meter 'shop' is the reference: no '--with shop'; if clamps of its own are meant, name "
            "it first",
        ),
        (
            ("flat", "odd"),
            "main",
            2,
            f"meters 'flat' and 'odd' share board {UID}, and differ in 'voltage': it has one "
            "transformer",
        ),
        (
            ("flat", "blind"),
            "main",
            1,
            "meter 'blind' has four clamps and no voltage: no energy to compare; use 'known "
            "--current'",
        ),
        (
            ("lift", "shop", "flat"),
            "main",
            2,
            f"meters 'lift' and 'shop' both have clamp 3 of board {UID}: name one of them",
        ),
    ],
)
def test_what_cannot_be_together(
    run: Run,
    file: CalibrationFile,
    monkeypatch: pytest.MonkeyPatch,
    meters: tuple[str, ...],
    against: str,
    status: int,
    message: str,
) -> None:
    program = HouseProgram(file)
    program.meters = {"lift": (3,), "shop": (2, 3), "flat": (1,)}
    program.install(monkeypatch)
    result = auto(run, *meters, against=against)
    assert (result.exit_code, result.stderr) == (status, message + "\n")


def test_a_sealed_meter_among_them(tmp_path: Path, run: Run, file: CalibrationFile) -> None:
    write(tmp_path / "config.yaml", TEXT.replace("SEALED", "true"))
    for meters in (("barn", "lift"), ("flat", "shop")):
        result = auto(run, *meters)
        assert result.exit_code == 1
        assert "meter 'lift' is sealed" in result.stderr


def store(file: CalibrationFile, uid: str, at: float, how: str) -> None:
    before = file.current(uid)
    file.append(uid, BoardCorrection(voltage=at / 1e9), how, at, "nobody", instead_of=before)


def test_boards_that_were_calibrated_together_are_undone_together(
    run: Run, file: CalibrationFile
) -> None:
    for uid in (UID, OTHER):
        store(file, uid, 1.1e9, "flat + barn against main, 30 min")
    result = run("undo", "barn", "--yes")
    assert f"of boards {OTHER}, {UID}" in result.output
    assert file.current(UID) == file.current(OTHER) == NONE


def test_what_came_later_at_another_board_stays(run: Run, file: CalibrationFile) -> None:
    for uid in (UID, OTHER):
        store(file, uid, 1.1e9, "flat + barn against main, 30 min")
    store(file, UID, 1.2e9, "known 230 V")
    assert run("undo", "barn", "--yes").exit_code == 0
    assert file.current(OTHER) == NONE
    assert file.current(UID).voltage == 1.2


def test_a_board_of_a_sealed_meter_is_not_undone_with_another_one(
    tmp_path: Path, run: Run, file: CalibrationFile
) -> None:
    write(tmp_path / "config.yaml", TEXT.replace("SEALED", "true"))
    for uid in (UID, OTHER):
        store(file, uid, 1.1e9, "flat + barn against main, 30 min")
    assert "meter 'lift' is sealed" in run("undo", "barn", "--yes").stderr
    assert file.current(OTHER).voltage == 1.1
