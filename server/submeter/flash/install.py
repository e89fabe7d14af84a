"""Brings the files of a board up to date; what was broken off is repaired by doing it again."""

from submeter.errors import Condition, LinkError
from submeter.firmware_files import FOLDERS, MAIN
from submeter.flash import stock
from submeter.flash.facts import Facts
from submeter.flash.image import Image
from submeter.flash.progress import Progress
from submeter.flash.repl import Repl, full

BEFORE = "main_before.py"
"""The name under which a start file of somebody else is kept."""


def install(
    repl: Repl, facts: Facts, image: Image, version: str, port: str, force: bool, show: Progress
) -> bool:
    """Write what is not there yet, and verify it; False if all of it was there.

    Settings on the board stay. Raises LinkError; a start file that is not ours needs `force`.
    """
    there = stock.take(repl)
    if not there.start_is_ours and not force:
        message = (
            f"the board at {port} starts a program of somebody else (main.py); --force keeps it "
            f"as {BEFORE} and installs the firmware"
        )
        raise LinkError(message, Condition.REFUSED)
    todo = stock.plan(image.files, there, repl.hashes(sorted(image.files)))
    if not todo.write and not todo.remove and there.version == version:
        return False
    _prove_room(facts, image, there, todo, port)
    _put_away_start(repl, there)
    _make_folders(repl)
    for name in todo.remove:
        repl.run(f"import os\nos.remove({name!r})")
    rest = [name for name in todo.write if name != MAIN]
    show.total(sum(len(image.files[name]) for name in (*rest, MAIN)))
    for name in rest:
        _write(repl, name, image.files[name], show)
    _write(repl, stock.MANIFEST, stock.manifest(version, image.files), show)
    _write(repl, MAIN, image.files[MAIN], show)
    return True


def _prove_room(
    facts: Facts, image: Image, there: stock.Stock, todo: stock.Plan, port: str
) -> None:
    """Raise LinkError unless it fits; a file takes whole blocks."""
    gone = [there.sizes[name] for name in (*todo.write, *todo.remove) if name in there.sizes]
    new = [len(image.files[name]) for name in todo.write]
    needed = sum(size // facts.block + 2 for size in new)
    if (needed - sum(size // facts.block for size in gone)) * facts.block > facts.free:
        raise full(port)


def _put_away_start(repl: Repl, there: stock.Stock) -> None:
    if MAIN not in there.sizes:
        return
    if there.start_is_ours:
        repl.run(f"import os\nos.remove({MAIN!r})")
    else:
        repl.run(f"import os\nos.rename({MAIN!r}, {BEFORE!r})")


def _make_folders(repl: Repl) -> None:
    repl.run(
        f"import os\nfor name in {FOLDERS!r}:\n"
        f"    try:\n        os.mkdir(name)\n    except OSError:\n        pass"
    )


def _write(repl: Repl, name: str, content: bytes, show: Progress) -> None:
    """Write a file and read its SHA-256 back; raises LinkError."""
    show.file(name)
    repl.write(name, content, show.advance)
    if repl.hashes([name]).get(name) != stock.digest(content):
        message = f"{name} is not what was written: the board's flash may be worn out; try again"
        raise LinkError(message, Condition.REFUSED)
