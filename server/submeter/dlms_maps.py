"""Which source map `submeter probe` proposes for a meter that pushes DLMS."""

from pathlib import Path

from submeter.pointmap import folders, source_map
from submeter.pointmap.obis_object import ObisObject

# What pairs leave out, the map must say: scalers and units are those of the utilities that use it.
_PAIRS = "obis-austria-pairs"


def fitting(layout: str, counts: set[int]) -> str | None:
    """Return the map for messages of `layout` with so many values; None for the usual one.

    A layout without codes is told by how many values its messages have: the shipped map that knows
    most of `counts` is taken, if there is one.
    """
    if layout == "pairs":
        return _PAIRS
    if layout != "positional":
        return None
    known = {path.stem: _counts(path.stem) for path in _shipped()}
    best = max(known, key=lambda name: len(known[name] & counts))
    return best if known[best] & counts else None


def _shipped() -> list[Path]:
    return sorted((folders.shipped() / "sources").glob("*.yaml"))


def _counts(name: str) -> set[int]:
    """Return how many values a message may have that a map takes by their places."""
    objects = source_map.load(name).labels.values()
    return {count for each in objects if isinstance(each, ObisObject) for count in each.counts}
