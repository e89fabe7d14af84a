"""A meter map: what a poller sees of each point, as Modbus registers and BACnet objects."""

import functools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from submeter import yamlfile
from submeter.errors import ConfigError
from submeter.meter.point import Point
from submeter.pointmap import address, folders, object_entries, overlaps, register_entries
from submeter.pointmap.lookup import Lookup, known
from submeter.pointmap.meter_file import (
    LAST_INSTANCE,
    IdentityTexts,
    MeterMapFile,
    ModbusEntries,
    ObjectType,
    WhenStale,
)
from submeter.pointmap.object_entries import BacnetObject
from submeter.pointmap.register import Absent, Flags, Register

__all__ = ["LAST_INSTANCE", "BacnetObject", "MeterMap", "ObjectType", "Register", "load", "read"]

FUNCTIONS = (1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 15, 16, 17, 22, 23, 43)
"""The Modbus functions that a meter can have (V1.1b3, 6)."""
_REGISTERS = (address.Table.HOLDING, address.Table.INPUT)


@dataclass(frozen=True, slots=True, eq=False)
class MeterMap:
    """A loaded and checked meter map; `points` are those of `points.all_points`, in that order.

    A map that was made for one meter, see `serving`, lacks extension points. `bits` has the place
    of the validity bit of every point, from 0: also of those that are not among `points`.

    `shared` means that functions 3 and 4 read the same registers: those of both tables. `functions`
    are the only ones that the meter has, None for all. `status` are the points of function 7, from
    bit 0 on. `constants` are those in force, with what the configuration changed.
    """

    name: str
    title: str
    document: str | None
    holes: Literal["zero", "refuse"]
    clipped: Literal["refuse", "serve"]
    shared: bool
    when_stale: WhenStale
    validity: address.Address | None
    bits: Mapping[str, int]
    functions: frozenset[int] | None
    status: tuple[Point, ...]
    identity: IdentityTexts
    constants: Mapping[str, int | float]
    points: tuple[Point, ...]
    registers: tuple[Register, ...]
    objects: tuple[BacnetObject, ...]

    def readers(self, table: address.Table) -> tuple[int, ...]:
        """Return the functions of this meter that read `table`, its own one first."""
        tables = [table]
        if self.shared and not table.bits:
            tables = [table, *(each for each in _REGISTERS if each is not table)]
        codes = [each.function for each in tables]
        return tuple(c for c in codes if self.functions is None or c in self.functions)

    def serving(self, names: Collection[str]) -> "MeterMap":
        """Return the map of a meter that has, of the extension points, only those in `names`.

        The others have no reading and no object. Their registers read as `when_stale` says of
        absent values, alone and in a block; their validity bits are 0. Equal wishes give one map.
        """
        lacking = {p.name for p in self.points if p.group == "extension" and p.name not in names}
        return _without(self, frozenset(lacking)) if lacking else self


@functools.lru_cache(maxsize=256)
def _without(whole: MeterMap, lacking: frozenset[str]) -> MeterMap:
    """Return `whole` without the points `lacking`."""
    return replace(
        whole,
        status=tuple(point for point in whole.status if point.name not in lacking),
        points=tuple(point for point in whole.points if point.name not in lacking),
        registers=tuple(_lacking(register, lacking) for register in whole.registers),
        objects=tuple(each for each in whole.objects if each.point.name not in lacking),
    )


def _lacking(register: Register, lacking: frozenset[str]) -> Register:
    """Return `register` as a meter has it that lacks these points."""
    missing = [point for point in register.points if point.name in lacking]
    if not missing:
        return register
    if isinstance(register.content, Flags):
        had = {bit: p for bit, p in register.content.points.items() if p.name not in lacking}
        return replace(register, content=Flags(had))
    return replace(register, content=Absent(missing[0].description), writable=False)


def load(
    name: str, own: Sequence[Path] = (), constants: Mapping[str, int | float] | None = None
) -> MeterMap:
    """Return the meter map `name`, first looked for in the folders `own`; otherwise as `read`."""
    return read(folders.find("meters", name, own), constants)


def read(path: Path, constants: Mapping[str, int | float] | None = None) -> MeterMap:
    """Return the meter map in the file `path`; raises ConfigError with one line for each fault.

    `constants` take the place of the map's own of the same name.
    """
    document = yamlfile.load(path)
    file = document.read_as(MeterMapFile)
    lookup = Lookup(document, _constants(path.stem, file.modbus.constants, constants or {}))
    meter_map = _read(path.stem, file, lookup)
    if lookup.faults:
        raise ConfigError(*lookup.faults)
    return meter_map


def _constants(
    name: str, own: Mapping[str, int | float], others: Mapping[str, int | float]
) -> Mapping[str, int | float]:
    """Return the constants of the map `name` with `others` in their place."""
    unknown = [other for other in others if other not in own]
    if unknown:
        message = "the map '{}' has no constant '{}'; {}"
        raise ConfigError(*(message.format(name, other, known(own, other)) for other in unknown))
    return {**own, **others}


def _read(name: str, file: MeterMapFile, lookup: Lookup) -> MeterMap:
    modbus = file.modbus
    registers = register_entries.read(modbus, lookup)
    validity = _validity(modbus.validity, lookup)
    overlaps.find(registers, validity, modbus.shared, lookup)
    return MeterMap(
        name=name,
        title=file.title,
        document=file.document,
        holes=modbus.holes,
        clipped=modbus.clipped,
        shared=modbus.shared,
        when_stale=modbus.when_stale,
        validity=validity,
        bits={name: place for place, name in enumerate(lookup.points)},
        functions=_functions(modbus, lookup),
        status=_status(modbus.status, lookup),
        identity=modbus.identity,
        constants=lookup.constants,
        points=tuple(lookup.points.values()),
        registers=tuple(register for _, register in registers),
        objects=object_entries.read(file.bacnet, lookup),
    )


def _validity(at: str | None, lookup: Lookup) -> address.Address | None:
    loc = ("modbus", "validity")
    found = lookup.address(at, loc) if at is not None else None
    if found and not found.table.bits:
        lookup.fault(loc, "the validity bits are no registers; write DI or Coil")
    return found


def _functions(modbus: ModbusEntries, lookup: Lookup) -> frozenset[int] | None:
    if modbus.functions is None:
        return None
    for index, function in enumerate(modbus.functions):
        if function not in FUNCTIONS:
            message = f"there is no function {function}; there are {', '.join(map(str, FUNCTIONS))}"
            lookup.fault(("modbus", "functions", index), message)
    return frozenset(modbus.functions)


def _status(names: Sequence[str], lookup: Lookup) -> tuple[Point, ...]:
    found = []
    for index, name in enumerate(names):
        loc = ("modbus", "status", index)
        point = lookup.point(name, loc)
        if point and len(point.states) != 2:
            lookup.fault(loc, f"{name} is no two-state point; the status has bits only")
        elif point:
            found.append(point)
    return tuple(found)
