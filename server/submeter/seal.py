"""The seal of a certified meter: whether anything that moves its index was changed since."""

import hashlib
import json
from typing import Any

from submeter.config import MeterEntry

_SEALED = {"sources", "calculated", "priority", "initial_index", "rating", "sealed"}
_RATINGS = ("CT_Primary_Rating", "CT_Secondary_Rating")


def fingerprint(entry: MeterEntry) -> str:
    """Return a digest of everything in `entry` that moves an index."""
    kept = entry.model_dump(include=_SEALED)
    kept["ratings"] = {name: entry.settings.get(name) for name in _RATINGS}
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()


def inspect(entry: MeterEntry, note: str | None) -> tuple[bool, str | None]:
    """Return whether the seal of `entry` is intact, and the note to keep about it.

    `note` is what was kept before. A seal is set when a certificate is first named; what is broken
    stays broken until the configuration names another certificate.
    """
    if entry.mid is None:
        return False, None
    now = fingerprint(entry)
    before = _read(note, entry.mid.number)
    if before is None or before["certificate"] != entry.mid.number:
        before = {"certificate": entry.mid.number, "fingerprint": now, "intact": True}
    intact = before["intact"] and before["fingerprint"] == now
    return intact, json.dumps(before | {"intact": intact}, sort_keys=True)


def _read(note: str | None, certificate: str) -> dict[str, Any] | None:
    """Return what a note says; one that makes no sense says that the seal is broken."""
    if note is None:
        return None
    try:
        before = json.loads(note)
        return {key: before[key] for key in ("certificate", "fingerprint", "intact")}
    except (ValueError, KeyError, TypeError):
        return {"certificate": certificate, "fingerprint": None, "intact": False}
