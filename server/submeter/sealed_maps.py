"""What of the maps of a source makes an index."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, Protocol

from pydantic import BaseModel

from submeter.config import SourceEntry
from submeter.pointmap import meter_map, points, source_map
from submeter.pointmap.meter_map import MeterMap
from submeter.pointmap.source_map import SourceMap
from submeter.sources.dlms.settings import DlmsSettings
from submeter.sources.mbus.settings import MbusSettings
from submeter.sources.modbus_meter.settings import ModbusMeterSettings
from submeter.sources.optical.settings import OpticalSettings
from submeter.sources.tic.settings import TicSettings

_REJECTING = ("pattern", "smallest", "largest")
"""Of a label: what only makes damage of more; a later version may know more damage."""


class SealedMap(Protocol):
    """A map as a seal sees it."""

    def indexes(self) -> set[str]:
        """Return the index points that it gives."""

    def kept(self, indexes: Collection[str]) -> dict[str, Any]:
        """Return, as plain data, what makes those of `indexes` that it gives.

        Other points may be added to a map without an index being another.
        """


def of(source: SourceEntry, own_maps: Sequence[Path]) -> dict[str, SealedMap]:
    """Return the maps of `source` by their role; raises ConfigError if one is missing."""
    match source.settings:
        case TicSettings(maps=maps, options=options):
            names = maps.model_dump()
            loaded = {n: source_map.load(names[n], options, own_maps) for n in names}
            return {name: _OfInstrument(each) for name, each in loaded.items()}
        case DlmsSettings() | OpticalSettings() | MbusSettings() as settings:
            loaded_map = source_map.load(settings.map, settings.options, own_maps)
            return {"map": _OfInstrument(loaded_map)}
        case ModbusMeterSettings() as settings:
            return {"map": _OfMeter(meter_map.load(settings.map, own_maps, settings.constants))}
        case _:
            return {}


class _OfInstrument:
    """The index rules of a source map, their labels, the identity and the largest power."""

    def __init__(self, loaded: SourceMap) -> None:
        self._map = loaded

    def indexes(self) -> set[str]:
        every = points.all_points()
        return {name for name in self._map.rules if every[name].kind == "index"}

    def kept(self, indexes: Collection[str]) -> dict[str, Any]:
        found = self._map
        rules = {n: each for n, each in found.rules.items() if n in indexes}
        used = {
            label
            for each in rules.values()
            for rule in each
            for label in (*rule.labels, *rule.past, *rule.when, *rule.unless)
        }
        return {
            "points": {n: [_dump(rule) for rule in each] for n, each in rules.items()},
            "labels": {n: _dump(found.labels[n], _REJECTING) for n in used},
            "identity": found.identity,
            "largest_power": found.largest_power,
        }


class _OfMeter:
    """The registers of the indexes in a meter map."""

    def __init__(self, loaded: MeterMap) -> None:
        self._map = loaded

    def indexes(self) -> set[str]:
        return {p.name for each in self._map.registers for p in each.points if p.kind == "index"}

    def kept(self, indexes: Collection[str]) -> dict[str, Any]:
        kept = [
            [each.at, each.type, each.unit, str(each.scale), str(each.offset), each.order]
            + [repr(each.scaled_by), repr(each.accept)]
            + [point.name for point in each.points]
            for each in self._map.registers
            if any(point.name in indexes for point in each.points)
        ]
        return {"registers": kept}


def _dump(model: BaseModel, without: Collection[str] = ()) -> dict[str, Any]:
    return model.model_dump(exclude=set(without), exclude_defaults=True)
