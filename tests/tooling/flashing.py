"""The command `submeter flash` in the process of a test, in a hurry."""

import pytest
import typer
from typer.testing import CliRunner

from submeter.flash import repl, talk
from submeter.flash_command import flash


def hurry(monkeypatch: pytest.MonkeyPatch, patience: float) -> None:
    """Let it wait for `patience` s only until somebody answers, and little for the rest."""
    monkeypatch.setattr(talk, "PATIENCE", patience)
    monkeypatch.setattr(talk, "RESTART", 8.0)
    monkeypatch.setattr(talk, "FAREWELL", 0.5)
    monkeypatch.setattr(repl, "QUIET", 0.2)


def flashed(*arguments: str) -> tuple[int, str]:
    """Return exit status and what the command says, on whichever stream."""
    app = typer.Typer()
    app.command()(flash)
    result = CliRunner().invoke(app, arguments)
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, result.output
