"""The seal of a certified meter: whether anything that moves its index was changed since."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from submeter import sealed_maps
from submeter.config import MeterEntry, SourceEntry
from submeter.pointmap import points

_RATINGS = ("CT_Primary_Rating", "CT_Secondary_Rating")
# Of a source: where its bytes come from and how it is asked, which moves no index, and what the
# maps stand for, which is told apart.
_PLAIN = (
    *("port", "tcp", "baudrate", "format", "parity", "stop_bits", "maps", "map", "options", "keys"),
    *("period", "timeout", "retries", "pause", "reset", "telegrams", "wake", "switch", "client"),
    *("mode", "timezone", "check_counter", "meter", "power", "idle", "stuck"),
)
_LEFT_OUT: Any = {**dict.fromkeys(_PLAIN, True), "board": {"port"}}
_ROLES = ("historique", "standard", "map")  # those of later versions are among the others
_STANDARD = frozenset(n for n, each in points.standard().items() if each.kind == "index")


class Print(NamedTuple):
    """What moves the indexes of a meter: a digest of the standard ones, and of each other one."""

    whole: str
    others: Mapping[str, str]


def fingerprint(entry: MeterEntry, own_maps: Sequence[Path] = ()) -> Print:
    """Return the digests of everything that moves an index of the meter `entry`.

    What has its default value does not count, nor does an index that is new beside the standard
    ones, so that nothing that is new in a later version breaks a seal. `own_maps` are the user's
    folders of maps; raises ConfigError if a map is missing.
    """
    kept = {
        "sources": [_source(source, own_maps) for source in entry.sources],
        "ratings": {n: entry.settings[n] for n in _RATINGS if n in entry.settings},
        "power": entry.rating.power,
        **entry.model_dump(include={"initial_index", "sealed"}, exclude_defaults=True),
    }
    others = {}
    for number, source in enumerate(entry.sources):
        for role, each in sealed_maps.of(source, own_maps).items():
            for point in each.indexes() - (_STANDARD if role in _ROLES else set()):
                others[f"{number}/{role}/{point}"] = _digest(each.kept({point}))
    return Print(_digest(kept), others)


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
        before = {"certificate": entry.mid.number, "fingerprint": now.whole, "intact": True}
        before["others"] = {}
    others = before["others"]
    same = all(now.others.get(each) == digest for each, digest in others.items())
    intact = before["intact"] and before["fingerprint"] == now.whole and same
    after = before | {"intact": intact, "others": {**now.others, **others}}
    return intact, json.dumps(after, sort_keys=True)


def _source(source: SourceEntry, own_maps: Sequence[Path]) -> dict[str, Any]:
    settings = source.settings
    kept: dict[str, Any] = {"kind": source.kind}
    if settings is not None:
        kept |= settings.model_dump(exclude=_LEFT_OUT, exclude_defaults=True)
    maps = sealed_maps.of(source, own_maps)
    return kept | {key: _digest(maps[key].kept(_STANDARD)) for key in _ROLES if key in maps}


def _digest(kept: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()


def _read(note: str | None, certificate: str) -> dict[str, Any] | None:
    """Return what a note says; one that makes no sense says that the seal is broken."""
    if note is None:
        return None
    try:
        before = json.loads(note)
        kept = {key: before[key] for key in ("certificate", "fingerprint", "intact")}
        return kept | {"others": dict(before.get("others", {}))}
    except (ValueError, KeyError, TypeError):
        return {"certificate": certificate, "fingerprint": None, "intact": False, "others": {}}
