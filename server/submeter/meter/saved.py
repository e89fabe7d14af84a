"""Takes values out of what was saved, or refuses it: nothing half understood is restored."""

import math
from collections.abc import Mapping
from typing import Any

Saved = Mapping[str, Any]


def whole(saved: Saved, key: str) -> int:
    """Return the integer at `key`, 0 or more; raises ValueError."""
    number = saved.get(key)
    if isinstance(number, bool) or not isinstance(number, int) or number < 0:
        raise ValueError(f"saved state: {key} is {number!r}, not a count")
    return number


def seconds(saved: Saved, key: str) -> float:
    """Return the finite number at `key`; raises ValueError."""
    number = saved.get(key)
    if isinstance(number, bool) or not isinstance(number, int | float) or not math.isfinite(number):
        raise ValueError(f"saved state: {key} is {number!r}, not seconds")
    return float(number)


def text(saved: Saved, key: str) -> str | None:
    """Return the string at `key`, None if there is none; raises ValueError."""
    string = saved.get(key)
    if string is not None and not isinstance(string, str):
        raise ValueError(f"saved state: {key} is {string!r}, not a text")
    return string


def table(saved: Saved, key: str) -> dict[str, Any]:
    """Return the mapping at `key`; raises ValueError."""
    entries = saved.get(key)
    if not isinstance(entries, dict):
        raise ValueError(f"saved state: {key} is {entries!r}, not a table")
    return entries


def tables(saved: Saved, key: str) -> list[dict[str, Any]]:
    """Return the list of mappings at `key`; raises ValueError."""
    entries = saved.get(key)
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ValueError(f"saved state: {key} is {entries!r}, not a list of tables")
    return entries


def pairs(saved: Saved, key: str) -> list[dict[str, Any]]:
    """Return the list of [total, utc] at `key` as mappings; raises ValueError."""
    entries = saved.get(key)
    if not isinstance(entries, list) or not all(
        isinstance(entry, list) and len(entry) == 2 for entry in entries
    ):
        raise ValueError(f"saved state: {key} is {entries!r}, not a list of pairs")
    return [{"total": total, "utc": utc} for total, utc in entries]
