"""The seal of a certified meter: whether anything that moves its index was changed since."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from submeter.config import MeterEntry, SourceEntry
from submeter.pointmap import points, source_map
from submeter.pointmap.source_map import SourceMap
from submeter.sources.tic.settings import TicSettings

_RATINGS = ("CT_Primary_Rating", "CT_Secondary_Rating")
# Of a source: where its bytes come from, which moves no index, and what the maps stand for.
_LEFT_OUT = {"port", "baudrate", "format", "maps", "options"}


def fingerprint(entry: MeterEntry, own_maps: Sequence[Path] = ()) -> str:
    """Return a digest of everything that moves an index of the meter `entry`.

    What has its default value does not count, so that a key that is new in a later version breaks
    no seal. `own_maps` are the user's folders of maps; raises ConfigError if a map is missing.
    """
    kept = {
        "sources": [_source(source, own_maps) for source in entry.sources],
        "ratings": {n: entry.settings[n] for n in _RATINGS if n in entry.settings},
        "power": entry.rating.power,
        **entry.model_dump(include={"initial_index", "sealed"}, exclude_defaults=True),
    }
    return _digest(kept)


def inspect(
    entry: MeterEntry, note: str | None, own_maps: Sequence[Path] = ()
) -> tuple[bool, str | None]:
    """Return whether the seal of `entry` is intact, and the note to keep about it.

    `note` is what was kept before. A seal is set when a certificate is first named; what is broken
    stays broken until the configuration names another certificate.
    """
    if entry.mid is None:
        return False, None
    now = fingerprint(entry, own_maps)
    before = _read(note, entry.mid.number)
    if before is None or before["certificate"] != entry.mid.number:
        before = {"certificate": entry.mid.number, "fingerprint": now, "intact": True}
    intact = before["intact"] and before["fingerprint"] == now
    return intact, json.dumps(before | {"intact": intact}, sort_keys=True)


def _source(source: SourceEntry, own_maps: Sequence[Path]) -> dict[str, Any]:
    settings = source.settings
    kept: dict[str, Any] = {"kind": source.kind}
    if settings is not None:
        kept |= settings.model_dump(exclude=_LEFT_OUT, exclude_defaults=True)
    if isinstance(settings, TicSettings):
        for mode in ("historique", "standard"):
            name = getattr(settings.maps, mode)
            kept[mode] = _digest(_map(source_map.load(name, settings.options, own_maps)))
    return kept


def _map(source: SourceMap) -> dict[str, Any]:
    """Return what of a source map makes an index: its rules, their labels, the largest power.

    Other points may be added to a map without an index being another.
    """
    every = points.all_points()
    rules = {n: each for n, each in source.rules.items() if every[n].kind == "index"}
    used = {
        label
        for each in rules.values()
        for rule in each
        for label in (*rule.labels, *rule.when, *rule.unless)
    }
    return {
        "points": {n: [_dump(rule) for rule in each] for n, each in rules.items()},
        "labels": {n: _dump(source.labels[n]) for n in used},
        "identity": source.identity,
        "largest_power": source.largest_power,
    }


def _dump(model: BaseModel) -> dict[str, Any]:
    return model.model_dump(exclude_defaults=True)


def _digest(kept: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()


def _read(note: str | None, certificate: str) -> dict[str, Any] | None:
    """Return what a note says; one that makes no sense says that the seal is broken."""
    if note is None:
        return None
    try:
        before = json.loads(note)
        return {key: before[key] for key in ("certificate", "fingerprint", "intact")}
    except (ValueError, KeyError, TypeError):
        return {"certificate": certificate, "fingerprint": None, "intact": False}
