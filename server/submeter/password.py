"""`submeter settings passwd`: asks for an unlock code and returns its hash."""

import getpass
import sys

from submeter.errors import ConfigError
from submeter.meter import unlock_code


def ask(from_stdin: bool) -> str:
    """Return the line for the configuration; the code is never shown. Raises ConfigError.

    It is asked for twice on the terminal, or is the first line of standard input.
    """
    code = _line() if from_stdin else _typed()
    try:
        return f"unlock: {unlock_code.hashed(code)}"
    except ValueError as error:
        raise ConfigError(str(error)) from None


def _line() -> str:
    line = sys.stdin.buffer.readline(4 * unlock_code.LONGEST)
    return line.decode("utf-8", "replace").rstrip("\r\n")


def _typed() -> str:
    if not sys.stdin.isatty():
        raise ConfigError("there is no terminal to ask on; give the code with --stdin")
    code = getpass.getpass("Unlock code: ")
    if problem := unlock_code.complaint(code):
        raise ConfigError(problem)
    if getpass.getpass("Once more: ") != code:
        raise ConfigError("the two codes differ; nothing was made")
    return code
