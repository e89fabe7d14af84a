"""`submeter calibrate auto` lives through a silence that is not too long, and heeds Ctrl-C."""

import os
import signal
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from submeter import calibration_session, calibration_watch, local_socket
from submeter.calibrate_command import calibrate
from submeter.calibration import fit as fitting
from submeter.sources.rp2040.calibration_file import CalibrationFile, beside
from tooling.calibration_house import UID, House
from tooling.calibration_program import HouseProgram
from tooling.program import write

TEXT = f"""
    site: Park
    store: {{path: park.db}}
    meters:
      - {{name: main, unit_id: 1, sources: [simulated: {{seed: 1}}]}}
      - name: clamps
        unit_id: 2
        sources:
          - rp2040: {{board: {UID}, clamps: {{L1: 1, L2: 2, L3: 3}}, clamp: {{current: 60}}}}
    modbus: {{tcp: {{host: 127.0.0.1, port: 1502}}}}
"""
Run = Callable[..., Result]
Ask = Callable[[Path, Mapping[str, Any]], dict[str, Any] | None]


@pytest.fixture
def file(tmp_path: Path) -> CalibrationFile:
    return CalibrationFile(beside(tmp_path / "park.db"))


@pytest.fixture
def program(file: CalibrationFile, monkeypatch: pytest.MonkeyPatch) -> HouseProgram:
    made = HouseProgram(file, House(38, hours=0.55))
    made.install(monkeypatch)
    monkeypatch.setattr(calibration_watch, "EVERY", 9000.0)
    return made


@pytest.fixture
def run(tmp_path: Path) -> Run:
    path = write(tmp_path / "config.yaml", TEXT)

    def run_(minutes: int = 30, said: str | None = None) -> Result:
        arguments = ["auto", str(path), "clamps", "--against", "main", "--minutes", str(minutes)]
        arguments.append("--yes")
        return CliRunner().invoke(calibrate, arguments, input=said, env={"COLUMNS": "200"})

    return run_


def near(program: HouseProgram, share: float = 0.008) -> bool:
    """Tell whether what is stored is the truth, but for a `share`."""
    assert program.house
    made, true = program.file.current(UID), program.house.factors
    return all(abs(made.factor(n) / true[n - 1] - 1) < share for n in (1, 2, 3))


def test_a_program_that_is_started_anew(run: Run, program: HouseProgram) -> None:
    program.down = range(900, 1070)
    result = run()
    assert result.exit_code == 0, result.output
    (told,) = [line for line in result.stderr.splitlines() if "no program runs" in line]
    assert told.endswith("start it with 'submeter run': for 5 s, waiting up to 180 s")
    assert result.stderr.count("heard again") == 1
    assert near(program)
    assert program.file.history(UID)[0].how == "against main, 27 min"


def test_a_cable_that_was_pulled(run: Run, program: HouseProgram) -> None:
    program.unplugged = range(900, 1060)
    result = run()
    assert result.exit_code == 0, result.output
    assert f"board {UID} is silent; is it plugged in?: for 5 s" in result.stderr
    assert near(program)


@pytest.mark.parametrize("what", ["down", "unplugged"])
def test_a_silence_that_is_too_long(run: Run, program: HouseProgram, what: str) -> None:
    setattr(program, what, range(500, 9000))
    result = run()
    assert result.exit_code == 1
    lost, nothing = result.stderr.splitlines()[-2:]
    assert "no program runs" in lost if what == "down" else f"board {UID} is silent" in lost
    assert nothing == "nothing is stored: too little was heard, 7.5 min of 9"
    assert program.now == pytest.approx(680, abs=2)
    assert not program.file.path.exists()


def test_what_was_heard_before_the_program_was_lost_is_judged(
    run: Run, program: HouseProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calibration_session, "TAKEN", 0.5)
    program.down = range(1900, 9000)
    result = run(60)
    assert result.exit_code == 0, result.output
    assert "judged by the 31 min before" in result.stdout
    assert "stored; the program does not answer: it uses it from its next start on" in result.stdout
    assert near(program)


def test_a_board_that_is_not_found_again_at_once(
    run: Run, program: HouseProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask(path: Path, question: Mapping[str, Any]) -> dict[str, Any] | None:
        told = program.ask(path, question)
        return {**told, "boards": []} if told and 910 <= program.now < 940 else told

    program.down = range(900, 910)
    monkeypatch.setattr(local_socket, "ask", ask)
    result = run()
    assert result.exit_code == 0, result.output
    assert result.stderr.count("waiting up to") == 1
    assert near(program)


def test_a_reference_that_falls_silent(
    run: Run, program: HouseProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask(path: Path, question: Mapping[str, Any]) -> dict[str, Any] | None:
        told = program.ask(path, question)
        return {**told, "reference": {"values": {}}} if told and program.now > 450 else told

    monkeypatch.setattr(local_socket, "ask", ask)
    result = run()
    assert result.exit_code == 1
    assert "each 5 minutes): see 'submeter explain': for 90 s" in result.stderr
    # The board was heard for longer.
    assert program.now == pytest.approx(750, abs=2)
    assert "too little was heard, 6.7 min of 9" in result.stderr


def test_a_reference_that_was_silent_in_between(
    run: Run, program: HouseProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask(path: Path, question: Mapping[str, Any]) -> dict[str, Any] | None:
        told = program.ask(path, question)
        silent = 200 < program.now < 480
        return {**told, "reference": {"values": {}}} if told and silent else told

    monkeypatch.setattr(local_socket, "ask", ask)
    result = run(13)
    assert result.exit_code == 1
    message = "nothing is stored: too little was heard, 8.3 min of 9"
    assert result.stderr.splitlines()[-1] == message


@pytest.fixture
def interrupted(program: HouseProgram, monkeypatch: pytest.MonkeyPatch) -> Iterator[set[int]]:
    """Yield the moments at which Ctrl-C is struck, and see that it means what it did before.

    One that is negative is when it is struck twice.
    """
    moments: set[int] = set()

    def ask(path: Path, question: Mapping[str, Any]) -> dict[str, Any] | None:
        now = int(program.now)
        for struck in {now, -now} & moments:
            moments.remove(struck)
            for _ in range(1 if struck > 0 else 2):
                os.kill(os.getpid(), signal.SIGINT)
        return program.ask(path, question)

    monkeypatch.setattr(local_socket, "ask", ask)
    before = signal.getsignal(signal.SIGINT)
    yield moments
    assert signal.getsignal(signal.SIGINT) is before


def test_the_first_ctrl_c_ends_it_early(
    run: Run, program: HouseProgram, interrupted: set[int]
) -> None:
    interrupted.add(1850)
    result = run(60, said="y\n")
    assert result.exit_code == 0, result.output
    assert "ended early" in result.stderr
    assert program.now < 1860
    assert near(program)


@pytest.mark.parametrize("said", [None, "\n"])
def test_ctrl_c_is_no_yes(
    run: Run, program: HouseProgram, interrupted: set[int], said: str | None
) -> None:
    interrupted.add(1850)
    result = run(60, said)
    assert "store these? [y/N]" in result.stdout
    nobody = "nobody answers; nothing was stored: a Ctrl-C is no yes"
    assert nobody in result.stderr if said is None else "nothing was changed" in result.stdout
    assert not program.file.path.exists()


def test_ctrl_c_after_too_little(run: Run, program: HouseProgram, interrupted: set[int]) -> None:
    interrupted.add(580)
    result = run(60, said="y\n")
    assert result.exit_code == 1
    message = "nothing is stored: too little was heard, 8.8 min of 9"
    assert result.stderr.splitlines()[-1] == message
    assert not program.file.path.exists()


def test_the_second_one_stops_it(
    run: Run, program: HouseProgram, interrupted: set[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fit(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGINT)

    interrupted.add(1850)
    monkeypatch.setattr(fitting, "fit", fit)
    result = run(60)
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1] == "interrupted; nothing was stored"
    assert not program.file.path.exists()


def test_twice_in_a_moment(run: Run, program: HouseProgram, interrupted: set[int]) -> None:
    interrupted.add(-1850)
    result = run(60)
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1] == "interrupted; nothing was stored"
    assert program.now < 1860


def test_ctrl_c_just_after_it_was_stored(
    run: Run, program: HouseProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask(path: Path, question: Mapping[str, Any]) -> dict[str, Any] | None:
        if program.file.path.exists():
            raise KeyboardInterrupt
        return program.ask(path, question)

    monkeypatch.setattr(local_socket, "ask", ask)
    result = run()
    assert result.exit_code == 1
    message = f"interrupted; it is stored for board {UID}; 'submeter calibrate undo' takes it back"
    assert result.stderr.splitlines()[-1] == message
    assert near(program)


@pytest.mark.parametrize("period", [120, 280])
def test_a_reference_that_is_read_seldom(
    run: Run, program: HouseProgram, monkeypatch: pytest.MonkeyPatch, period: int
) -> None:
    def ask(path: Path, question: Mapping[str, Any]) -> dict[str, Any] | None:
        told = program.ask(path, question)
        assert told
        for each in told["reference"]["values"].values():
            each["at"] -= each["at"] % period
        return told

    monkeypatch.setattr(local_socket, "ask", ask)
    result = run(30)
    assert "too little was heard" not in result.stderr
    assert "min or more" not in result.stderr
