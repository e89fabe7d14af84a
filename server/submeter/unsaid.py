"""What messages do not repeat: keys and passwords that stand where they should not."""

import re
from collections.abc import Iterable
from typing import Any

HIDDEN = "..."
NAMES = frozenset({"keys", "password", "encryption", "authentication"})
"""Keys of the configuration whose values are secret, or are so by mistake."""

_KEY = re.compile(r"(?<![0-9A-Za-z])(?:0x)?[0-9A-Fa-f](?:[ :_-]?[0-9A-Fa-f]){31,}")


def has_key(text: str) -> bool:
    """Tell whether something in `text` looks like a key: 32 hex digits or more, also grouped."""
    return bool(_KEY.search(text))


def masked(text: str) -> str:
    """Return `text` without what looks like a key."""
    return _KEY.sub(HIDDEN, text)


def is_secret(path: Iterable[int | str]) -> bool:
    """Tell whether the value at `path` is one that no message repeats, or below one."""
    return any(step in NAMES for step in path)


def without(value: Any) -> Any:
    """Return plain data with every secret in it masked."""
    if isinstance(value, dict):
        return {
            masked(str(key)): HIDDEN if key in NAMES else without(inner)
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [without(each) for each in value]
    return masked(value) if isinstance(value, str) else value
