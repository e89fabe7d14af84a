"""Brings a board to the firmware that is shipped, or tells which one it has."""

from pathlib import Path

from submeter import firmware_files
from submeter.errors import Condition, LinkError
from submeter.flash import facts, image, progress, stock, talk
from submeter.flash.facts import Facts
from submeter.flash.install import install
from submeter.flash.repl import Repl
from submeter.flash.talk import Running

# What failed before was another firmware, or is repaired: no reason to wait a minute.
_START = """
from hal_rp2.starts import Starts
starts = Starts()
starts.well()
starts.asked()
import machine
machine.reset()
"""


def update(path: Path, force: bool) -> str:
    """Install what is missing, and verify that it runs; return what was done.

    A firmware of our version that runs is left alone, unless `force`. Raises LinkError.
    """
    version = firmware_files.version()
    state = talk.ask(path)
    if isinstance(state, Running) and state.version == version and not force:
        return f"{path}: firmware {version} runs already (board {state.uid})"
    image.prepare()
    try:
        talk.stop(path, state)
        uid = state.uid if isinstance(state, Running) else ""
        done, board = _install(path, version, force, uid)
    except BaseException:
        # What ran there before runs on.
        talk.reset(path)
        raise
    running = talk.start(path)
    _prove_same(path, running.uid, board.uid)
    if running.version != version:
        message = f"the board at {path} says firmware {running.version} after it, not {version}"
        raise LinkError(message, Condition.OLD_FIRMWARE)
    return f"{path}: {done} (board {running.uid}){board.warning}"


def report(path: Path) -> str:
    """Return which firmware is there, without any change; raises LinkError."""
    ours = firmware_files.version()
    state = talk.ask(path)
    if state is None:
        message = f"nothing of ours answers at {path}; submeter flash {path} finds out more"
        raise LinkError(message, Condition.SILENT)
    if isinstance(state, Running):
        found, warning = f"firmware {state.version} runs (board {state.uid})", ""
    else:
        found, warning = _stopped(path)
    return f"{path}: {found}; the one to install is {ours}{warning}"


def _install(path: Path, version: str, force: bool, uid: str) -> tuple[str, Facts]:
    """Install what is missing, and start it; return what was done, and on what board.

    That must be the one with the number `uid`, if it is known.
    """
    with Repl(path, afresh=True) as repl:
        board = facts.parse(repl.run(facts.ASK))
        facts.prove(board, str(path))
        _prove_same(path, board.uid, uid)
        made = image.build(board.mpy)
        with progress.shown() as show:
            changed = install(repl, board, made, version, str(path), force, show)
        repl.leave(_START)
    if not changed:
        return f"firmware {version} was there, and runs now", board
    done = f"firmware {version} is installed ({made.form}) and runs on {board.interpreter}"
    return done, board


def _prove_same(path: Path, found: str, wanted: str) -> None:
    """Raise LinkError if another board came to the port; one without a number may be any."""
    if found and wanted and found.lower() != wanted.lower():
        message = f"at {path} is now board {found}, and not {wanted}: name the port again"
        raise LinkError(message, Condition.OTHER_METER)


def _stopped(path: Path) -> tuple[str, str]:
    """Return what is on a board that waits at its prompt, and a warning."""
    with Repl(path) as repl:
        board = facts.parse(repl.run(facts.ASK))
        there = stock.take(repl).version
        repl.prompt()
    found = f"firmware {there}, stopped" if there else "no firmware of ours"
    return f"{found}, {board.interpreter}, {board.machine}", board.warning
