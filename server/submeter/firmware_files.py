"""The firmware of a board, as it is shipped: in the package, or in a checkout."""

import ast
from pathlib import Path

import submeter
from submeter.errors import ConfigError

MAIN = "main.py"
FOLDERS = ("core", "hal_rp2")
"""The folders of the firmware that a board gets, besides MAIN."""
_VERSION = "core/version.py"


def folder() -> Path:
    """Return the folder `firmware` of this installation or checkout; raises ConfigError."""
    package = Path(submeter.__file__).resolve().parent
    for found in (package / "firmware", package.parents[1] / "firmware"):
        if (found / MAIN).is_file():
            return found
    raise ConfigError(f"{package}: the folder 'firmware' is missing; install submeter again")


def sources() -> dict[str, Path]:
    """Return the files of a board: their names there, with folder, and where they are here."""
    root = folder()
    found = [root / MAIN]
    for name in FOLDERS:
        found += sorted((root / name).glob("*.py"))
    return {path.relative_to(root).as_posix(): path for path in found}


def version() -> str:
    """Return the version of the firmware that is shipped."""
    path = folder() / _VERSION
    for line in ast.parse(path.read_text()).body:
        match line:
            case ast.Assign([ast.Name("FIRMWARE")], ast.Constant(str(told))):
                return told
    raise ConfigError(f"{path}: the version is missing; install submeter again")
