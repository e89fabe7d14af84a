"""`submeter calibrate`: what it prints, asks, stores and refuses."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from submeter import calibration_session, calibration_watch, local_socket
from submeter.calibrate_command import calibrate
from submeter.sources.rp2040.calibration_file import CalibrationFile, beside
from submeter.sources.rp2040.correction import NONE, BoardCorrection
from tooling.calibration_house import UID, House
from tooling.calibration_program import HouseProgram
from tooling.program import write

TEXT = f"""
    site: Park
    store: {{path: park.db}}
    meters:
      - name: main
        unit_id: 1
        sources: [simulated: {{seed: 1}}]
      - name: clamps
        unit_id: 2
        sealed: SEALED
        sources:
          - rp2040:
              board: {UID}
              clamps: {{L1: 1, L2: 2, L3: 3}}
              clamp: {{current: 60}}
    modbus: {{tcp: {{host: 127.0.0.1, port: 1502}}}}
"""
Run = Callable[..., Result]


@pytest.fixture
def file(tmp_path: Path) -> CalibrationFile:
    return CalibrationFile(beside(tmp_path / "park.db"))


@pytest.fixture
def program(file: CalibrationFile, monkeypatch: pytest.MonkeyPatch) -> HouseProgram:
    made = HouseProgram(file)
    made.load, made.amperes = [2300 + 160j, 1j, 2j], [10.0, 0.0, 0.0]
    made.install(monkeypatch)
    return made


@pytest.fixture
def run(tmp_path: Path) -> Run:
    path = write(tmp_path / "config.yaml", TEXT.replace("SEALED", "false"))

    def run_(what: str, *options: str, meter: str = "clamps", said: str | None = None) -> Result:
        arguments = [what, str(path), meter, *options]
        # As wide as a report needs.
        return CliRunner().invoke(calibrate, arguments, input=said, env={"COLUMNS": "200"})

    return run_


def test_against_an_index_in_half_an_hour(
    tmp_path: Path, run: Run, file: CalibrationFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = House(3, hours=0.55)
    HouseProgram(file, house).install(monkeypatch)
    monkeypatch.setattr(calibration_watch, "EVERY", 900.0)
    result = run("auto", "--against", "main", "--minutes", "30", "--yes")
    assert result.exit_code == 0, result.output
    assert "power over " in result.output
    assert "steps of the index; the reference is 1.5 s later than the clamps" in result.output
    assert "is reversed" in result.output
    assert "degrees" in result.output
    assert "stored, and in use" in result.output
    made = file.current(UID)
    for number in (1, 2, 3):
        assert abs(made.factor(number) / house.factors[number - 1] - 1) < 0.008
    assert made.voltage == pytest.approx(1.02, abs=0.002)
    assert [clamp.amperes for clamp in made.clamps] == [0.05, 0.05, 0.05, None]
    (entry,) = file.history(UID)
    assert entry.how == "against main, 30 min"


def test_against_too_little_nothing_is_stored(
    run: Run, file: CalibrationFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    HouseProgram(file, House(3, hours=0.2, appliances=1)).install(monkeypatch)
    monkeypatch.setattr(calibration_watch, "EVERY", 900.0)
    result = run("auto", "--against", "main", "--minutes", "10", "--yes")
    assert result.exit_code == 1
    assert "not sure, nothing is stored:" in result.stderr
    assert "clamp 1 (L1): the " in result.stderr
    assert not file.path.exists()


@pytest.mark.parametrize(
    ("meter", "options"),
    [
        ("clamps", ["--against", "\udcff"]),
        ("clamps", ["--against", "main/\udcff"]),
        ("clamps", ["--against", "main", "--with", "\udcff"]),
        ("clamps", ["--against", "main", "--set", "site=\udcff"]),
        ("\udcff", ["--against", "main"]),
    ],
)
def test_bytes_that_are_no_text(run: Run, meter: str, options: list[str]) -> None:
    """As Python hands over what a terminal in Latin-1 sends."""
    result = run("auto", *options, meter=meter)
    assert result.exit_code == 2
    assert "\\udcff' is no text in UTF-8\n" in result.stderr
    assert result.stderr.count("\n") == 1


def test_too_short_a_time(run: Run) -> None:
    result = run("auto", "--against", "main", "--minutes", "9.9")
    assert result.exit_code == 2
    assert "Invalid value for '--minutes'" in result.stderr


@pytest.mark.parametrize(
    "options", [["--power", "nan"], ["--current", "inf"], ["--voltage", "nan"]]
)
def test_what_is_no_number(run: Run, options: list[str]) -> None:
    result = run("known", *options)
    assert result.exit_code == 2
    assert f"Invalid value for '{options[0]}'" in result.stderr


def test_a_silent_reference(run: Run, program: HouseProgram) -> None:
    program._values = dict  # type: ignore[method-assign]
    result = run("auto", "--against", "main")
    assert (result.exit_code, result.stderr) == (
        1,
        "the reference is silent (it has to be read each 5 minutes): see 'submeter explain'\n",
    )


def test_no_load(run: Run, program: HouseProgram, file: CalibrationFile) -> None:
    program.load, program.amperes = [0.5j, 1j, 2j], [0.0, 0.0, 0.0]
    result = run("no-load", said="y\n")
    assert result.exit_code == 0, result.output
    assert "store these? [y/N]" in result.output
    made = file.current(UID)
    assert made.clamps[2].leak_reactive == pytest.approx(2)
    assert made.clamps[0].noise == pytest.approx(1.5, abs=0.05)
    assert made.clamps[3] == NONE.clamps[3]


def test_resistive_finds_the_clamp_with_the_load(
    run: Run, program: HouseProgram, file: CalibrationFile
) -> None:
    result = run("resistive", "--yes")
    assert result.exit_code == 0, result.output
    assert "clamp 1 (L1): 10.00 A, phase -3.98" in result.output
    assert file.current(UID).clamps[0].phase == pytest.approx(-3.98, abs=0.01)
    assert file.current(UID).clamps[1:] == NONE.clamps[1:]


def test_known_undo_and_show(run: Run, program: HouseProgram, file: CalibrationFile) -> None:
    assert run("known", "--power", "2415", "--clamp", "L1", "--yes").exit_code == 0
    assert file.current(UID).clamps[0].gain == pytest.approx(1.05)
    assert run("known", "--voltage", "234.6", "--yes").exit_code == 0
    assert file.current(UID).voltage == pytest.approx(1.02)
    shown = run("show").output
    assert "known 2415 W, clamp 1" in shown
    assert file.history(UID)[-1].how == "known 234.6 V"
    assert shown.count("in use") == 1
    assert "taken back" in run("undo", "--yes").output
    assert file.current(UID).voltage == 1
    assert file.current(UID).clamps[0].gain == pytest.approx(1.05)
    assert run("undo", "--yes").exit_code == 0
    assert file.current(UID) == NONE
    result = run("undo", "--yes")
    assert result.stderr == "there is no calibration that could be undone\n"
    assert run("show").output.count("undone") == 2


def test_who_says_no_changes_nothing(
    run: Run, program: HouseProgram, file: CalibrationFile
) -> None:
    assert "nothing was changed" in run("known", "--power", "2415", said="n\n").output
    assert not file.path.exists()
    result = run("known", "--power", "2415", said="")
    assert result.exit_code == 1
    assert "nobody answers; --yes does without asking" in result.stderr


def test_a_terminal_that_is_broken(
    run: Run, program: HouseProgram, file: CalibrationFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    def closed(question: str) -> str:
        raise RuntimeError("input(): lost sys.stdin")

    monkeypatch.setattr("builtins.input", closed)
    assert "nobody answers" in run("known", "--power", "2415").stderr
    monkeypatch.setattr("builtins.input", lambda question: b"\xff".decode())
    assert "nothing was changed" in run("known", "--power", "2415").output
    assert not file.path.exists()


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["known"], 2, "give what the other meter shows: --power, --voltage or --current"),
        (["resistive", "--clamp", "L9"], 2, "no clamp is called 'L9'; there are: L1, L2, L3"),
        (["resistive", "--clamp", "2"], 1, "the load is too small: clamp 2 (L2) sees 0.00 A"),
        (["no-load"], 1, "clamp 1 (L1) carries 10.00 A; take it off"),
        (["known", "--power", "9000"], 1, "would need the factor 3.91: are the ratings right?"),
    ],
)
def test_what_is_refused(
    run: Run,
    program: HouseProgram,
    file: CalibrationFile,
    arguments: list[str],
    status: int,
    message: str,
) -> None:
    result = run(*arguments, "--yes")
    assert result.exit_code == status
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
    assert not file.path.exists()


def test_two_clamps_with_a_load(run: Run, program: HouseProgram) -> None:
    program.amperes = [10.0, 9.0, 0.0]
    result = run("resistive", "--yes")
    assert (result.exit_code, result.stderr) == (
        2,
        "several clamps carry a current: name one with --clamp\n",
    )


def test_meters_that_have_none(run: Run, program: HouseProgram) -> None:
    result = run("show", meter="main")
    assert (result.exit_code, result.stderr) == (
        2,
        "meter 'main' has no clamps: no source 'rp2040'\n",
    )
    assert "did you mean 'clamps'" in run("show", meter="clamp").stderr


def test_no_program_runs(run: Run) -> None:
    result = run("resistive", "--yes")
    assert (result.exit_code, result.stderr) == (
        1,
        "no program runs with this store: start it with 'submeter run'\n",
    )


def test_a_program_that_ends_meanwhile(
    run: Run, program: HouseProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask(path: Path, question: Any) -> Any:
        return program.ask(path, question) if program.now < 60 else None

    monkeypatch.setattr(local_socket, "ask", ask)
    assert "no program runs with this store" in run("resistive", "--yes").stderr
    assert program.now == 62


def test_a_board_that_falls_silent(
    run: Run, program: HouseProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask(path: Path, question: Any) -> Any:
        return (program.ask(path, question) or {}) | {"at": 1200.0}

    monkeypatch.setattr(local_socket, "ask", ask)
    assert f"board {UID} is silent; is it plugged in?" in run("no-load", "--yes").stderr


def test_the_program_refuses(run: Run, program: HouseProgram) -> None:
    program.told = {"error": "no meter is called 'clamps'"}
    assert "the running program answers: no meter is" in run("resistive", "--yes").stderr


def test_no_board_was_heard(run: Run, program: HouseProgram) -> None:
    answer = program.ask(Path(), {"meter": "clamps", "with": [], "reference": None})
    program.told = {**(answer or {}), "boards": []}
    assert "0 of 1 boards were heard so far" in run("no-load", "--yes").stderr


def test_a_sealed_meter(
    tmp_path: Path, run: Run, program: HouseProgram, file: CalibrationFile
) -> None:
    write(tmp_path / "config.yaml", TEXT.replace("SEALED", "true"))
    for arguments in (
        ["known", "--power", "2415", "--yes"],
        ["auto", "--against", "main", "--yes"],
        ["undo", "--yes"],
    ):
        result = run(*arguments)
        assert result.exit_code == 1
        assert "meter 'clamps' is sealed" in result.stderr
    assert not file.path.exists()


def test_a_sealed_meter_at_the_same_board(
    run: Run, program: HouseProgram, file: CalibrationFile
) -> None:
    """Its clamp may be the same, and a calibration that is taken back may be its own."""
    program.sealed = ["tenant"]
    for told in (("--voltage", "234"), ("--power", "2415")):
        assert "meter 'tenant' is sealed" in run("known", *told, "--yes").stderr


def test_nothing_of_a_board_that_a_sealed_meter_shares_is_taken_back(
    tmp_path: Path, program: HouseProgram, file: CalibrationFile
) -> None:
    tenant = f"""
      - name: tenant
        unit_id: 9
        sealed: true
        sources: [{{rp2040: {{board: {UID}, clamps: {{L1: 3}}, clamp: {{current: 60}}}}}}]
    modbus:"""
    text = TEXT.replace("SEALED", "false").replace("\n    modbus:", tenant)
    path = write(tmp_path / "config.yaml", text)
    file.append(UID, BoardCorrection(voltage=1.02), "known", 1e9, "nobody", instead_of=NONE)
    result = CliRunner().invoke(calibrate, ["undo", str(path), "clamps", "--yes"])
    assert "meter 'tenant' is sealed" in result.stderr
    assert file.current(UID).voltage == 1.02


def test_a_damaged_file_is_not_overwritten(
    run: Run, program: HouseProgram, file: CalibrationFile
) -> None:
    file.path.write_text("{")
    result = run("known", "--power", "2415", "--yes")
    assert result.exit_code == 1
    assert "move it away" in result.stderr
    assert file.path.read_text() == "{"


def test_a_program_that_does_not_take_it_is_told(
    run: Run, program: HouseProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calibration_session, "TAKEN", 0.5)
    program.file = CalibrationFile(Path("/nowhere/x.json"))
    assert (
        "stored, but the program does not use it yet"
        in run("known", "--power", "2415", "--yes").output
    )
