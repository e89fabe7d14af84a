"""Texts as they are written into a line of YAML that a user is to paste."""

import re

_PLAIN = re.compile(r"[/A-Za-z][A-Za-z0-9/._:+-]*[A-Za-z0-9]")


def quoted(text: str) -> str:
    """Return `text` as a value within braces, in quotes where it needs them."""
    # A word may be a boolean or nothing at all; a port has more than letters.
    plain = _PLAIN.fullmatch(text) and not text.isalpha()
    return text if plain else "'" + text.replace("'", "''") + "'"
