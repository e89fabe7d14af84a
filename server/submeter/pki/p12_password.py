"""The password of a PKCS 12 file: asked for, never shown."""

import getpass
import sys

from submeter.errors import ConfigError

SHORTEST, LONGEST = 8, 100  # characters


def ask(from_stdin: bool) -> str:
    """Return the password, asked for twice on the terminal or the first line of standard input.

    Raises ConfigError for one that is too short or too long, and where there is no terminal.
    """
    if from_stdin:
        line = sys.stdin.buffer.readline(4 * LONGEST + 2)
        return _checked(line.decode("utf-8", "replace").rstrip("\r\n"))
    if not sys.stdin.isatty():
        raise ConfigError("there is no terminal to ask on; give the password with --stdin")
    password = _checked(getpass.getpass("Password of the .p12 file: "))
    if getpass.getpass("Once more: ") != password:
        raise ConfigError("the two passwords differ; nothing was made")
    return password


def _checked(password: str) -> str:
    if not SHORTEST <= len(password) <= LONGEST or not password.isprintable():
        raise ConfigError(f"a password has {SHORTEST} to {LONGEST} printable characters")
    return password
