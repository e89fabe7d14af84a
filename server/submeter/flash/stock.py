"""What of the firmware is on a board, and what must be written and removed.

The list MANIFEST stands beside the files: {"fw": version, "files": [names]}. The start file goes
first and comes last, so that a board never starts a firmware that is there by half. Before anything
else is written the list names it, with no version: so it is ours, even if it is broken off.
"""

import hashlib
import itertools
import json
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import NamedTuple

from submeter.firmware_files import FOLDERS, MAIN
from submeter.flash.facts import ODD, plain, sensible
from submeter.flash.repl import Repl

MANIFEST = "firmware.json"
OURS = '"""Starts the firmware of submeter'
"""How the start file of each version begins."""


BEFORE = "main_before"
"""The name under which a start file of somebody else is kept, without its end."""


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
    answer = repl.run(_LIST.format(folders=FOLDERS, main=MAIN, before=BEFORE, manifest=MANIFEST))
    with sensible(answer):
        told = json.loads(answer)
        sizes = {str(name): int(size) for name, size in told["sizes"].items()}
        version, listed = _manifest(told["manifest"])
        return Stock(sizes, version, listed, _starts_ours(str(told["head"]), sizes.get(MAIN)))


def plan(files: dict[str, bytes], stock: Stock, there: dict[str, str]) -> Plan:
    """Return what is to be done; `there` are SHA-256 of files on the board."""
    write = [name for name, content in files.items() if there.get(name) != digest(content)]
    # Of two modules of one name the interpreter takes the source.
    twins = {str(PurePosixPath(name).with_suffix(end)) for name in files for end in (".py", ".mpy")}
    stale = (stock.listed | twins) & stock.sizes.keys() - files.keys()
    return Plan(tuple(write), tuple(sorted(stale)))


def manifest(version: str, files: Iterable[str]) -> bytes:
    """Return the content of MANIFEST; `version` is "" as long as not all is there."""
    return json.dumps({"fw": version, "files": sorted(files)}).encode()


def foreign(todo: Plan, stock: Stock) -> tuple[str, ...]:
    """Return modules of somebody else that would be written over or removed."""
    touched = {*todo.write, *todo.remove} - {MAIN}
    return tuple(sorted(touched & stock.sizes.keys() - stock.listed))


def free_name(stock: Stock) -> str:
    """Return a name under which a start file of somebody else can be kept."""
    names = (BEFORE + (f"_{count}" if count > 1 else "") + ".py" for count in itertools.count(1))
    return next(name for name in names if name not in stock.sizes)


def digest(content: bytes) -> str:
    """Return the SHA-256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def _starts_ours(head: str, size: int | None) -> bool:
    """Tell whether a start file is ours, or nobody's: one whose writing was broken off is, too."""
    half = size == len(head) and OURS.startswith(head)
    return size is None or half or head.startswith(OURS)


def _manifest(text: str) -> tuple[str | None, frozenset[str]]:
    """Return version and names of a manifest; a damaged one is none. Only names of ours count."""
    try:
        told = json.loads(text)
        names = frozenset(str(name) for name in told["files"])
        version = plain(told["fw"])
    except ODD:
        return None, frozenset()
    return version or None, frozenset(name for name in names if _is_ours(name))


def _is_ours(name: str) -> bool:
    path = PurePosixPath(name)
    return name == MAIN or (len(path.parts) == 2 and path.parts[0] in FOLDERS)


_LIST = """
import json, os
sizes = {{}}
for folder in ("",) + {folders!r}:
    try:
        for each in os.ilistdir(folder or "."):
            if each[1] == 0x8000 and (
                folder or each[0] == {main!r} or each[0].startswith({before!r})
            ):
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
