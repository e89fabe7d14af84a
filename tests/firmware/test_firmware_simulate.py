"""What the simulated board makes of arguments and of a damaged file."""

import subprocess
import sys
from pathlib import Path

import pytest

from tooling.firmware import load
from tooling.repl_board import INTERPRETER

SIMULATE = Path(__file__).parents[2] / "firmware" / "simulate.py"


@pytest.mark.parametrize("interpreter", [sys.executable, INTERPRETER])
def test_wrong_arguments_tell_the_right_ones(interpreter: str | None) -> None:
    if interpreter is None:
        pytest.skip("MicroPython for this machine is missing")
    for wrong in (["--seed", "²"], ["--seed", "9" * 20], ["--uid", "x"], ["elsewhere"]):
        done = subprocess.run(
            [interpreter, str(SIMULATE), *wrong],
            capture_output=True, text=True, check=False, timeout=20, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        assert done.returncode == 2, done.stderr
        assert done.stderr.startswith("python firmware/simulate.py [household|")


@pytest.mark.parametrize("kept", ["[" * 100_000, "[1]", "null", '{"lags'])
def test_a_damaged_state_gives_the_usual_settings(kept: str, tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    state.write_text(kept)
    hal = load("hal_sim.hal").Hal.__new__(load("hal_sim.hal").Hal)
    hal._state, hal._profile, hal._kept = str(state), "currents", None
    assert hal.load() == {"layout": "4i"}
