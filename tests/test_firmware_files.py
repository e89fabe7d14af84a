"""The firmware that is shipped is found, whole and with its version."""

from pathlib import Path

import pytest

import submeter
from submeter import firmware_files
from submeter.errors import ConfigError
from tooling.firmware import FOLDER, load


def test_the_version_is_that_of_the_firmware() -> None:
    assert firmware_files.version() == load("core.version").FIRMWARE


def test_a_board_gets_what_it_needs_and_no_simulation() -> None:
    assert firmware_files.folder() == FOLDER
    found = firmware_files.sources()
    assert {"main.py", "core/board.py", "hal_rp2/hal.py", "hal_rp2/__init__.py"} <= found.keys()
    assert {name.partition("/")[0] for name in found} == {"main.py", "core", "hal_rp2"}
    assert all(path == FOLDER / name for name, path in found.items())


def test_a_package_without_it_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(submeter, "__file__", str(tmp_path / "a" / "submeter" / "__init__.py"))
    with pytest.raises(ConfigError, match="the folder 'firmware' is missing; install submeter"):
        firmware_files.folder()
    root = tmp_path / "a" / "submeter" / "firmware"
    (root / "core").mkdir(parents=True)
    (root / "main.py").touch()
    (root / "core" / "version.py").write_text("LINES = 1\n")
    assert firmware_files.folder() == root
    with pytest.raises(ConfigError, match="the version is missing"):
        firmware_files.version()
