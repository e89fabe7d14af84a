"""What a configuration changed since the last start, for the audit log."""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

SECRETS = {"unlock"}
MOST = 20


def snapshot(data: Any) -> str:
    """Return the configuration `data` as JSON in which secrets are digests."""
    return json.dumps(_without_secrets(data), sort_keys=True)


def between(before: str, after: str) -> list[str]:
    """Return the keys whose values differ between two snapshots, at most MOST of them."""
    old, new = (dict(_leaves(json.loads(text), "")) for text in (before, after))
    keys = sorted(key for key in old.keys() | new.keys() if old.get(key) != new.get(key))
    return keys if len(keys) <= MOST else [*keys[:MOST], f"and {len(keys) - MOST} more"]


def _without_secrets(data: Any) -> Any:
    if isinstance(data, dict):
        return {
            key: hashlib.sha256(str(value).encode()).hexdigest()
            if key in SECRETS
            else _without_secrets(value)
            for key, value in data.items()
        }
    return [_without_secrets(each) for each in data] if isinstance(data, list) else data


def _leaves(data: Any, path: str) -> Iterator[tuple[str, Any]]:
    items: Any = ()
    if isinstance(data, dict):
        items = data.items()
    elif isinstance(data, list):
        items = enumerate(data)
    else:
        yield path, data
    for key, value in items:
        yield from _leaves(value, f"{path}.{key}" if path else str(key))
