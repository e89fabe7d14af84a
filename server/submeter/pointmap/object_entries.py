"""The object list of a meter map: its entries, checked and turned into BACnet objects."""

import functools
from collections.abc import Iterator
from dataclasses import dataclass

from submeter import units, yamlfile
from submeter.errors import ConfigError
from submeter.meter.point import Point
from submeter.pointmap import folders, unrolled
from submeter.pointmap.lookup import Lookup
from submeter.pointmap.meter_file import BacnetEntries, MeterMapFile, ObjectEntry, ObjectType

_FITS: dict[ObjectType, tuple[str, ...]] = {
    "accumulator": ("index",),
    "analog-input": ("analog", "index"),
    "analog-output": ("analog",),
    "large-analog-value": ("analog", "index"),
    "binary-input": ("binary",),
    "binary-output": ("binary",),
    "multi-state-value": ("multistate",),
    "datetime-value": ("timestamp",),
}
_ANALOG = ("analog-input", "analog-output", "large-analog-value")


@dataclass(frozen=True, slots=True)
class BacnetObject:
    """A point's BACnet object; a reading's number times 10**`power` is in `unit`.

    `cov` is the COV increment of an analog object in `unit`, 0 for any change. `alarm` is the state
    of a binary input, a key of the point's states, that is reported as an alarm.
    """

    point: Point
    object: ObjectType
    instance: int
    name: str
    unit: str | None
    power: int
    cov: float = 0.0
    alarm: int | None = None

    def in_unit(self, number: float) -> float:
        """Return what is `number` in the point's own unit, in the object's."""
        return _in_unit(self.point, self.power, number)


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
    for loc, entry in unrolled.each(entries, unrolled.objects, ("bacnet", "objects"), lookup):
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
        cov = _cov(entry, point, power, (*loc, "cov"), lookup)
        alarm = _alarm(entry, point, (*loc, "alarm"), lookup)
        yield BacnetObject(point, entry.object, entry.instance, name, unit, power, cov, alarm)


def _cov(entry: ObjectEntry, point: Point, power: int, loc: yamlfile.Loc, lookup: Lookup) -> float:
    """Return the COV increment in the object's unit; 0 where the type of object has none."""
    if entry.object in _ANALOG:
        return _in_unit(point, power, point.cov) if entry.cov is None else entry.cov
    if entry.cov is not None:
        lookup.fault(loc, f"{entry.object} has no COV increment; remove 'cov'")
    return 0.0


def _alarm(entry: ObjectEntry, point: Point, loc: yamlfile.Loc, lookup: Lookup) -> int | None:
    if entry.alarm is None:
        return None
    if entry.object != "binary-input":
        lookup.fault(loc, f"{entry.object} reports no alarm, a binary-input can; remove 'alarm'")
        return None
    if entry.alarm not in point.states:
        possible = ", ".join(f"{state} ({text})" for state, text in point.states.items())
        lookup.fault(loc, f"{point.name} has no state {entry.alarm}; possible: {possible}")
        return None
    return entry.alarm


def _in_unit(point: Point, power: int, number: float) -> float:
    """Return `number` in the point's unit as one in the unit that `power` leads readings to."""
    counted = units.exponent(point.unit, point.counted_in) if point.unit and point.counted_in else 0
    return float(units.scale(number, power + (counted or 0)))
