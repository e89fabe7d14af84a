"""Clamps of a running program are calibrated, at a simulated board."""

import re
from pathlib import Path

from typer.testing import CliRunner

from submeter import explain_command
from submeter.calibrate_command import calibrate
from submeter.calibration_session import Session
from submeter.config import load
from tooling.free_port import free_port
from tooling.program import eventually, running, write

TEXT = """
    site: Park
    store: {path: park.db}
    meters:
      - {name: main, unit_id: 1, sources: [simulated: {seed: 1}]}
      - name: heater
        unit_id: 2
        sources:
          - rp2040:
              port: "simulated:steady"
              clamps: {L1: 1}
              clamp: {current: 100}
              snapshot: 0
    modbus: {tcp: {host: 127.0.0.1, port: PORT}}
"""


def test_a_known_power_counts_at_once_and_can_be_undone(tmp_path: Path) -> None:
    path = write(tmp_path / "config.yaml", TEXT.replace("PORT", str(free_port())))
    loaded = load(path)

    def shows(power: float) -> bool:
        text = explain_command.text(loaded, "heater", "Active_Power_Total")
        found = re.search(r"value: +([0-9.]+) kW", text)
        return found is not None and abs(float(found[1]) / power - 1) < 0.002

    def run(*arguments: str) -> str:
        result = CliRunner().invoke(calibrate, [*arguments], env={"COLUMNS": "200"})
        assert result.exit_code == 0, result.output
        return result.output

    with running(path, tmp_path / "log") as program:
        eventually(lambda: shows(4.6))
        session = Session(loaded.store_path, {"heater": 1}, "main")
        told = session.ask()
        assert told.reference is not None
        assert told.reference["Active_Energy_Import"].step
        (board,) = told.boards
        known = run("known", str(path), "heater", "--power", "4830", "--seconds", "10", "--yes")
        assert f"{board.uid} clamp 1 (L1)" in known
        assert "stored, and in use" in known
        eventually(lambda: shows(4.83))
        assert "taken back" in run("undo", str(path), "heater", "--yes")
        eventually(lambda: shows(4.6))
        program.wait_for_log(f"event=calibration_changed board={board.uid}")
        assert "known 4830 W, clamp 1" in run("show", str(path), "heater")
        assert program.stop() == 0
    assert "event=calibration_damaged" not in program.log
