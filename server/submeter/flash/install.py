"""Brings the files of a board up to date; what was broken off is repaired by doing it again."""

from submeter.errors import Condition, LinkError
from submeter.firmware_files import FOLDERS, MAIN
from submeter.flash import stock
from submeter.flash.facts import Facts, plain
from submeter.flash.image import Image
from submeter.flash.progress import Progress
from submeter.flash.repl import Repl, full


def install(
    repl: Repl, facts: Facts, image: Image, version: str, port: str, force: bool, show: Progress
) -> bool:
    """Write what is not there yet, and verify it; False if all of it was there.

    Settings on the board stay. Raises LinkError; what is not ours needs `force`. After a failure a
    start file of somebody else is back in its place, and one of ours is gone.
    """
    there = stock.take(repl)
    todo = stock.plan(image.files, there, repl.hashes(sorted(image.files)))
    if not force:
        _prove_ours(there, todo, port)
    if not todo.write and not todo.remove and there.version == version:
        return False
    _prove_room(facts, image, there, todo, port)
    _make_folders(repl)
    begun = stock.manifest("", there.listed | image.files.keys())
    repl.write(stock.MANIFEST, begun, lambda _: None)
    kept = None if there.start_is_ours else stock.free_name(there)
    try:
        _put_away_start(repl, there, kept)
        _replace(repl, image, todo, version, show)
    except BaseException as error:
        back = kept is not None and _put_back(repl, kept)
        if isinstance(error, KeyboardInterrupt):
            after = "starts its own program again" if back else "is stopped, run it again"
            raise LinkError(f"broken off: the board at {port} {after}", Condition.REFUSED) from None
        raise
    return True


def _prove_ours(there: stock.Stock, todo: stock.Plan, port: str) -> None:
    """Raise LinkError where something of somebody else would be replaced."""
    if not there.start_is_ours:
        message = (
            f"the board at {port} starts a program of somebody else (main.py); --force keeps it "
            f"as {stock.free_name(there)} and installs the firmware"
        )
        raise LinkError(message, Condition.REFUSED)
    foreign = stock.foreign(todo, there)
    if foreign:
        message = (
            f"the board at {port} has files of somebody else where the firmware goes "
            f"({plain(', '.join(foreign))}); --force replaces them"
        )
        raise LinkError(message, Condition.REFUSED)


def _replace(repl: Repl, image: Image, todo: stock.Plan, version: str, show: Progress) -> None:
    for name in todo.remove:
        repl.run(f"import os\nos.remove({name!r})")
    rest = [name for name in todo.write if name != MAIN]
    show.total(sum(len(image.files[name]) for name in (*rest, MAIN)))
    for name in rest:
        _write(repl, name, image.files[name], show)
    _write(repl, stock.MANIFEST, stock.manifest(version, image.files), show)
    _write(repl, MAIN, image.files[MAIN], show)


def _prove_room(
    facts: Facts, image: Image, there: stock.Stock, todo: stock.Plan, port: str
) -> None:
    """Raise LinkError unless it fits; a file takes whole blocks."""
    gone = [there.sizes[name] for name in (*todo.write, *todo.remove) if name in there.sizes]
    new = [len(image.files[name]) for name in todo.write]
    needed = sum(size // facts.block + 2 for size in new)
    if (needed - sum(size // facts.block + 1 for size in gone)) * facts.block > facts.free:
        raise full(port)


def _put_away_start(repl: Repl, there: stock.Stock, kept: str | None) -> None:
    """Take the start file away, or give it the name `kept`."""
    if MAIN not in there.sizes:
        return
    if kept is None:
        repl.run(f"import os\nos.remove({MAIN!r})")
    else:
        repl.run(f"import os\nos.rename({MAIN!r}, {kept!r})")


def _put_back(repl: Repl, kept: str) -> bool:
    """Give the start file of somebody else its name again; False if the board is gone.

    It has it still where the failure came before it was put away.
    """
    try:
        repl.again()
        repl.run(
            f"import os\nif {kept!r} in os.listdir():\n"
            f"    if {MAIN!r} in os.listdir():\n        os.remove({MAIN!r})\n"
            f"    os.rename({kept!r}, {MAIN!r})"
        )
    except LinkError:
        return False
    return True


def _make_folders(repl: Repl) -> None:
    repl.run(
        f"import os\nfor name in {FOLDERS!r}:\n"
        f"    try:\n        os.mkdir(name)\n    except OSError:\n        os.listdir(name)"
    )


def _write(repl: Repl, name: str, content: bytes, show: Progress) -> None:
    """Write a file and read its SHA-256 back; raises LinkError."""
    show.file(name)
    repl.write(name, content, show.advance)
    if repl.hashes([name]).get(name) != stock.digest(content):
        message = f"{name} is not what was written: the board's flash may be worn out; try again"
        raise LinkError(message, Condition.REFUSED)
