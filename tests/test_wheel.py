"""The wheel has all that the program needs, far from any checkout."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tooling.program import CHECKOUT


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=CHECKOUT,
        check=True,
        capture_output=True,
    )
    (wheel,) = folder.glob("submeter-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def submeter(installed: Path, *arguments: str) -> str:
    return subprocess.run(
        [sys.executable, "-m", "submeter", *arguments],
        cwd=installed,
        env=os.environ | {"PYTHONPATH": str(installed)},
        check=True,
        capture_output=True,
        text=True,
    ).stdout


def test_maps_are_in_the_wheel(installed: Path) -> None:
    ours = {path.relative_to(CHECKOUT) for path in (CHECKOUT / "pointmaps").rglob("*.yaml")}
    theirs = {
        path.relative_to(installed / "submeter")
        for path in (installed / "submeter" / "pointmaps").rglob("*.yaml")
    }
    assert theirs == ours
    assert not list(installed.rglob("test_*"))


def test_it_runs_from_the_wheel(installed: Path) -> None:
    code = "import submeter; print(submeter.__file__)"
    where = subprocess.run(
        [sys.executable, "-c", code],
        cwd=installed,
        env=os.environ | {"PYTHONPATH": str(installed)},
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert where.startswith(str(installed))
    assert "| 30001 |" in submeter(installed, "map", "standard")
    assert submeter(installed, "--version").startswith("submeter ")
