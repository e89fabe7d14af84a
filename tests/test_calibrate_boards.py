"""Boards that several meters name, each in its way, and changes of several boards at once."""

import os
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from submeter.calibrate_command import calibrate
from submeter.calibration_circuit import Circuit
from submeter.config import load
from submeter.errors import ConfigError, SubmeterError, WriteRefusedError
from submeter.sources.board import found
from submeter.sources.rp2040.calibration_file import CalibrationFile, beside
from submeter.sources.rp2040.correction import NONE, BoardCorrection
from tooling.calibration_house import UID
from tooling.calibration_program import HouseProgram
from tooling.program import write

OTHER = "e66038b713000002"
TEXT = """
    site: Park
    store: {path: park.db}
    meters:
      - name: flat
        unit_id: 2
        sources: [{rp2040: {FLAT, clamps: {L1: 1}, clamp: {current: 60}}}]
      - name: shop
        unit_id: 3
        sources: [{rp2040: {SHOP, clamps: {L1: 2}, clamp: {current: 60}}}]
      - name: lift
        unit_id: 4
        sealed: true
        sources: [{rp2040: {LIFT, clamps: {L1: 3}, clamp: {current: 60}, voltage: {mains: 240}}}]
    modbus: {tcp: {host: 127.0.0.1, port: 1502}}
"""


@pytest.fixture
def file(tmp_path: Path) -> CalibrationFile:
    return CalibrationFile(beside(tmp_path / "park.db"))


@pytest.fixture
def port(tmp_path: Path) -> Path:
    """Return another name of the port `tmp_path / "node"`."""
    (tmp_path / "node").touch()
    (tmp_path / "by-id").symlink_to(tmp_path / "node")
    return tmp_path / "by-id"


def config(tmp_path: Path, flat: str, lift: str, shop: str = "board: abcd") -> Path:
    text = TEXT.replace("FLAT", flat).replace("LIFT", lift).replace("SHOP", shop)
    return write(tmp_path / "config.yaml", text)


def circuit(path: Path, *names: str) -> Circuit:
    return Circuit(load(path).config, names)


def undo(path: Path) -> Result:
    arguments = ["undo", str(path), "flat", "--yes"]
    return CliRunner().invoke(calibrate, arguments, env={"COLUMNS": "200"})


def store(file: CalibrationFile, *uids: str) -> None:
    for uid in uids:
        how = "flat + shop against main, 30 min"
        file.append(uid, BoardCorrection(voltage=1.1), how, 1e9, "me", instead_of=NONE)


def test_two_names_of_one_port_are_one_board(tmp_path: Path, port: Path) -> None:
    path = config(tmp_path, f"port: {port}", f"port: {os.path.realpath(port)}")
    with pytest.raises(WriteRefusedError, match="meter 'lift' is sealed"):
        circuit(path, "flat").refuse_sealed()
    circuit(path, "shop").refuse_sealed()
    with pytest.raises(ConfigError, match=r"share board /.*/node, and differ in 'voltage'"):
        circuit(path, "flat", "lift")


def test_a_number_and_a_port_are_one_board_where_a_third_meter_says_so(
    tmp_path: Path, port: Path
) -> None:
    shop = f"board: {UID.upper()}, port: {port}"
    path = config(tmp_path, f"board: {UID}", f"port: {tmp_path}/node", shop)
    with pytest.raises(WriteRefusedError, match="meter 'lift' is sealed"):
        circuit(path, "flat").refuse_sealed()


@pytest.mark.parametrize("flat", [f"board: {UID}", f'port: "board:{UID}"'])
def test_a_number_and_a_port_are_one_board_where_it_is_plugged_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flat: str
) -> None:
    (tmp_path / "node").touch()
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / f"usb-x_{UID}-if00").symlink_to(tmp_path / "node")
    path = config(tmp_path, flat, f"port: {tmp_path}/node")
    circuit(path, "flat").refuse_sealed()
    monkeypatch.setattr(found, "BY_ID", tmp_path / "links")
    with pytest.raises(WriteRefusedError, match="meter 'lift' is sealed"):
        circuit(path, "flat").refuse_sealed()


def test_a_board_that_is_taken_back_too_is_known_by_its_port(tmp_path: Path, port: Path) -> None:
    shop = f"board: {OTHER}, port: {port}"
    made = circuit(config(tmp_path, f"board: {UID}", f"port: {tmp_path}/node", shop), "flat")
    made.refuse_sealed()
    with pytest.raises(WriteRefusedError, match="meter 'lift' is sealed"):
        made.refuse_sealed([OTHER])


@pytest.mark.parametrize("flat", ["port: /dev/ttyACM0", f"board: {UID}"])
def test_what_only_the_program_knows_to_be_sealed_is_not_taken_back(
    tmp_path: Path, file: CalibrationFile, monkeypatch: pytest.MonkeyPatch, flat: str
) -> None:
    program = HouseProgram(file)
    program.meters, program.sealed = {"flat": (1,)}, ["lift"]
    program.install(monkeypatch)
    store(file, UID)
    result = undo(config(tmp_path, flat, "port: /dev/serial/by-id/x"))
    assert (result.exit_code, result.stderr.count("meter 'lift' is sealed")) == (1, 1)
    assert file.current(UID).voltage == 1.1
    program.sealed = []
    assert undo(tmp_path / "config.yaml").exit_code == 0
    assert file.current(UID) == NONE


def test_what_is_sealed_is_known_before_all_boards_are(
    tmp_path: Path, file: CalibrationFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = HouseProgram(file)
    program.told = {"at": 1.0, "begun": 0.0, "meter": "flat", "sealed": ["lift"], "boards": []}
    program.install(monkeypatch)
    store(file, UID)
    assert "'lift' is sealed" in undo(config(tmp_path, f"board: {UID}", "port: /dev/x")).stderr


@pytest.mark.parametrize(
    ("fails", "message"),
    [
        (UID, "the disk is full; nothing was taken back\n"),
        (OTHER, f"the disk is full; it is taken back for board {UID}, not for board {OTHER}\n"),
    ],
)
def test_the_second_board_fails(
    tmp_path: Path,
    file: CalibrationFile,
    monkeypatch: pytest.MonkeyPatch,
    fails: str,
    message: str,
) -> None:
    store(file, UID, OTHER)
    whole = CalibrationFile.undo

    def undo_(self: CalibrationFile, uid: str, *rest: Any) -> object:
        if uid == fails:
            raise SubmeterError("the disk is full")
        return whole(self, uid, *rest)

    monkeypatch.setattr(CalibrationFile, "undo", undo_)
    result = undo(config(tmp_path, f"board: {UID}", "board: cdef", f"board: {OTHER}"))
    assert (result.exit_code, result.stderr) == (1, message)
