"""Checked values of what a board says: nothing that comes from a line is trusted."""

from collections.abc import Mapping
from typing import Any

from submeter.errors import FrameError

MOST = 1 << 80
"""No count of a board comes near it."""
LONGEST_NAME = 64


def whole(content: Mapping[str, Any], key: str, least: int = 0, most: int = MOST) -> int:
    """Return the whole number at `key`, `least` to `most`; raises FrameError."""
    return number(content.get(key), key, least, most)


def number(said: object, key: str, least: int, most: int) -> int:
    """Return `said` if it is a whole number, `least` to `most`; raises FrameError."""
    if type(said) is not int or not least <= said <= most:
        raise FrameError(f"'{key}' is no whole number from {least} to {most}")
    return said


def wholes(
    content: Mapping[str, Any], key: str, count: int | None, least: int = 0, most: int = MOST
) -> tuple[int, ...]:
    """Return the `count` whole numbers at `key`, or up to 64 of them; raises FrameError."""
    said = content.get(key)
    if not isinstance(said, list) or len(said) > 64 or count not in (None, len(said)):
        raise FrameError(f"'{key}' is no list of {count or 'up to 64'} numbers")
    return tuple(number(each, key, least, most) for each in said)


def name(content: Mapping[str, Any], key: str) -> str:
    """Return the name at `key`: 1 to 64 printable ASCII characters, or a whole number as such.

    Raises FrameError.
    """
    said = content.get(key)
    if type(said) is int:
        said = str(number(said, key, 0, MOST))
    if not isinstance(said, str) or not 1 <= len(said) <= LONGEST_NAME:
        raise FrameError(f"'{key}' is no name")
    if not (said.isascii() and said.isprintable()):
        raise FrameError(f"'{key}' is no name")
    return said
