"""What of the firmware is on a board, and what must be written and removed.

The list MANIFEST stands beside the files: {"fw": version, "files": [names]}. The start file goes
first and comes last, so that a board never starts a firmware that is there by half.
"""

import hashlib
import json
from pathlib import PurePosixPath
from typing import NamedTuple

from submeter.firmware_files import FOLDERS, MAIN
from submeter.flash.repl import Repl

MANIFEST = "firmware.json"
OURS = '"""Starts the firmware of submeter'
"""How the start file of each version begins."""


class Stock(NamedTuple):
    """What is there: sizes by name, the manifest's version and names, and whose start file."""

    sizes: dict[str, int]
    version: str | None
    listed: frozenset[str]
    start_is_ours: bool


class Plan(NamedTuple):
    """What is to be written and removed, besides the start file and the manifest."""

    write: tuple[str, ...]
    remove: tuple[str, ...]


def take(repl: Repl) -> Stock:
    """Return what is on the board; raises LinkError."""
    told = json.loads(repl.run(_LIST.format(folders=FOLDERS, main=MAIN, manifest=MANIFEST)))
    sizes = {str(name): int(size) for name, size in told["sizes"].items()}
    version, listed = _manifest(told["manifest"])
    ours = str(told["head"]).startswith(OURS)
    return Stock(sizes, version, listed, ours or MAIN not in sizes)


def plan(files: dict[str, bytes], stock: Stock, there: dict[str, str]) -> Plan:
    """Return what is to be done; `there` are SHA-256 of files on the board."""
    write = [name for name, content in files.items() if there.get(name) != digest(content)]
    # Of two modules of one name the interpreter takes the source.
    twins = {str(PurePosixPath(name).with_suffix(end)) for name in files for end in (".py", ".mpy")}
    stale = (stock.listed | twins) & stock.sizes.keys() - files.keys()
    return Plan(tuple(write), tuple(sorted(stale)))


def manifest(version: str, files: dict[str, bytes]) -> bytes:
    """Return the content of MANIFEST."""
    return json.dumps({"fw": version, "files": sorted(files)}).encode()


def digest(content: bytes) -> str:
    """Return the SHA-256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def _manifest(text: str) -> tuple[str | None, frozenset[str]]:
    """Return version and names of a manifest; a damaged one is none. Only names of ours count."""
    try:
        told = json.loads(text)
        names = frozenset(str(name) for name in told["files"])
        version = str(told["fw"])
    except (ValueError, TypeError, KeyError):
        return None, frozenset()
    return version, frozenset(name for name in names if _is_ours(name))


def _is_ours(name: str) -> bool:
    path = PurePosixPath(name)
    return name == MAIN or (len(path.parts) == 2 and path.parts[0] in FOLDERS)


_LIST = """
import json, os
sizes = {{}}
for folder in ("",) + {folders!r}:
    try:
        for each in os.ilistdir(folder or "."):
            if each[1] == 0x8000 and (folder or each[0] == {main!r}):
                name = folder + "/" + each[0] if folder else each[0]
                sizes[name] = os.stat(name)[6]
    except OSError:
        pass
def read(name, most):
    try:
        with open(name) as f:
            return f.read(most)
    except (OSError, UnicodeError):
        return ""
print(json.dumps({{
    "sizes": sizes, "head": read({main!r}, 60), "manifest": read({manifest!r}, 4000),
}}))
"""
