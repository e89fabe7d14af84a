"""The object list of a meter map: its entries, checked and turned into BACnet objects."""

import functools
from collections.abc import Iterator
from dataclasses import dataclass

from submeter import yamlfile
from submeter.errors import ConfigError
from submeter.meter.point import Point
from submeter.pointmap import folders
from submeter.pointmap.lookup import Lookup
from submeter.pointmap.meter_file import BacnetEntries, MeterMapFile, ObjectEntry, ObjectType

_FITS: dict[ObjectType, tuple[str, ...]] = {
    "accumulator": ("index",),
    "analog-input": ("analog", "index"),
    "analog-output": ("analog",),
    "binary-input": ("binary",),
    "binary-output": ("binary",),
    "multi-state-value": ("multistate",),
    "datetime-value": ("timestamp",),
}


@dataclass(frozen=True, slots=True)
class BacnetObject:
    """A point's BACnet object; a reading's number times 10**`power` is in `unit`."""

    point: Point
    object: ObjectType
    instance: int
    name: str
    unit: str | None
    power: int


def read(bacnet: BacnetEntries, lookup: Lookup) -> tuple[BacnetObject, ...]:
    """Return the objects of the map; `lookup` has the faults of those that are left out."""
    if isinstance(bacnet.objects, str):
        return _standard()
    return tuple(_objects(bacnet.objects, lookup))


@functools.cache
def _standard() -> tuple[BacnetObject, ...]:
    """Return the objects of the standard map of this installation."""
    document = yamlfile.load(folders.find("meters", "standard"))
    lookup = Lookup(document, {})
    objects = read(document.read_as(MeterMapFile).bacnet, lookup)
    if lookup.faults:
        raise ConfigError(*lookup.faults)
    return objects


def _objects(entries: list[ObjectEntry], lookup: Lookup) -> Iterator[BacnetObject]:
    instances: dict[tuple[str, int], str] = {}
    names: set[str] = set()
    for index, entry in enumerate(entries):
        loc = ("bacnet", "objects", index)
        point = lookup.point(entry.point, (*loc, "point"))
        if point is None:
            continue
        if point.kind not in _FITS[entry.object]:
            fits = ", ".join(name for name, kinds in _FITS.items() if point.kind in kinds)
            lookup.fault((*loc, "object"), f"{point.name} is no {entry.object}; possible: {fits}")
            continue
        unit, power = lookup.unit(entry.unit, point, (*loc, "unit"))
        name = entry.name or point.name
        if other := instances.get((entry.object, entry.instance)):
            message = f"{entry.object} {entry.instance} is {other} already; take another number"
            lookup.fault((*loc, "instance"), message)
        if name in names:
            lookup.fault((*loc, "point"), f"name '{name}' stands twice; give one a 'name'")
        instances[entry.object, entry.instance] = name
        names.add(name)
        yield BacnetObject(point, entry.object, entry.instance, name, unit, power)
