"""A meter map: what a poller sees of each point, as Modbus registers and BACnet objects."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from submeter import units, yamlfile
from submeter.errors import ConfigError
from submeter.meter.point import Point
from submeter.pointmap import address, folders, points

RegisterType = Literal["float32", "uint32", "int64"]
ObjectType = Literal[
    "accumulator",
    "analog-input",
    "analog-output",
    "binary-input",
    "binary-output",
    "multi-state-value",
    "datetime-value",
]
At = Annotated[
    str,
    BeforeValidator(lambda value: str(value) if isinstance(value, int) else value),
    Field(
        description="As the trade writes it, from 1: 30001, 40001, HR 1001, DI 1, Coil 1",
        json_schema_extra={"type": ["string", "integer"]},
    ),
]

WORDS: dict[RegisterType, int] = {"float32": 2, "uint32": 2, "int64": 4}
_FITS: dict[ObjectType, tuple[str, ...]] = {
    "accumulator": ("index",),
    "analog-input": ("analog", "index"),
    "analog-output": ("analog",),
    "binary-input": ("binary",),
    "binary-output": ("binary",),
    "multi-state-value": ("multistate",),
    "datetime-value": ("timestamp",),
}
LAST_INSTANCE = 4194302  # ASHRAE 135, 12.1.1: 4194303 is the wildcard


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class RegisterEntry(_Strict):
    """One line of the register list."""

    point: str
    at: At
    type: RegisterType | None = Field(default=None, description="Of registers; bits have none")
    unit: str | None = Field(default=None, description="If not the point's own")


class Invalid(_Strict):
    """The bit patterns that stand for an unknown value."""

    float32: int = Field(default=0x7FC00000, ge=0, lt=1 << 32)
    uint32: int = Field(default=0xFFFFFFFF, ge=0, lt=1 << 32)
    int64: int = Field(default=0x8000000000000000, ge=0, lt=1 << 64)


class ModbusEntries(_Strict):
    """The Modbus half of a meter map."""

    holes: Literal["zero", "refuse"] = Field(
        default="zero",
        description="Undefined registers beside defined ones: read as 0, or exception 02",
    )
    clipped: Literal["refuse", "serve"] = Field(
        default="refuse", description="A read that cuts through a value: exception 02, or its words"
    )
    invalid: Invalid = Invalid()
    validity: At | None = Field(
        default=None, description="First of a row of bits, one a point, diagnostics last: 1=known"
    )
    registers: list[RegisterEntry]


class ObjectEntry(_Strict):
    """One line of the object list."""

    point: str
    object: ObjectType
    instance: int = Field(ge=0, le=LAST_INSTANCE)
    name: str | None = Field(default=None, description="If not the point's own", min_length=1)
    unit: str | None = Field(default=None, description="If not the point's own")


class BacnetEntries(_Strict):
    """The BACnet half of a meter map."""

    objects: list[ObjectEntry]


class MeterMapFile(_Strict):
    """A file of `pointmaps/meters/`."""

    title: str
    modbus: ModbusEntries
    bacnet: BacnetEntries


@dataclass(frozen=True, slots=True)
class Register:
    """A point's place in a Modbus table.

    `words` registers (1 bit if `type` is None) from wire address `wire` on, big-endian; a reading's
    number times 10**`power` is in `unit`.
    """

    point: Point
    at: str
    table: address.Table
    wire: int
    type: RegisterType | None
    unit: str | None
    power: int

    @property
    def words(self) -> int:
        """How many addresses the value takes."""
        return WORDS[self.type] if self.type else 1


@dataclass(frozen=True, slots=True)
class BacnetObject:
    """A point's BACnet object; a reading's number times 10**`power` is in `unit`."""

    point: Point
    object: ObjectType
    instance: int
    name: str
    unit: str | None
    power: int


@dataclass(frozen=True, slots=True)
class MeterMap:
    """A loaded and checked meter map; `points` are the standard ones, then the diagnostics."""

    name: str
    title: str
    holes: Literal["zero", "refuse"]
    clipped: Literal["refuse", "serve"]
    invalid: Invalid
    validity: address.Address | None
    points: tuple[Point, ...]
    registers: tuple[Register, ...]
    objects: tuple[BacnetObject, ...]


def load(name: str, own: Sequence[Path] = ()) -> MeterMap:
    """Return the meter map `name`; raises ConfigError with one line for each fault."""
    return read(folders.find("meters", name, own))


def read(path: Path) -> MeterMap:
    """Return the meter map in the file `path`; raises ConfigError."""
    document = yamlfile.load(path)
    file = document.read_as(MeterMapFile)
    reader = _Reader(document, file)
    meter_map = reader.read(path.stem)
    if reader.faults:
        raise ConfigError(*reader.faults)
    return meter_map


class _Reader:
    """Turns the file's entries into registers and objects, collecting faults."""

    def __init__(self, document: yamlfile.Document, file: MeterMapFile) -> None:
        self.document = document
        self.file = file
        self.list = points.all_points()
        self.faults: list[str] = []

    def read(self, name: str) -> MeterMap:
        modbus = self.file.modbus
        registers = list(self._registers())
        validity = self._address(modbus.validity, ("modbus", "validity"))
        if validity and not validity.table.bits:
            self._fault(
                ("modbus", "validity"), "the validity bits are no registers; write DI or Coil"
            )
        self._overlaps(registers, validity)
        objects = list(self._objects())
        return MeterMap(
            name=name,
            title=self.file.title,
            holes=modbus.holes,
            clipped=modbus.clipped,
            invalid=modbus.invalid,
            validity=validity,
            points=tuple(self.list.values()),
            registers=tuple(register for _, register in registers),
            objects=tuple(objects),
        )

    def _registers(self) -> Iterator[tuple[yamlfile.Loc, Register]]:
        for index, entry in enumerate(self.file.modbus.registers):
            loc = ("modbus", "registers", index)
            point = self._point(entry.point, loc)
            at = self._address(entry.at, (*loc, "at"))
            if point is None or at is None or not self._type_fits(entry, point, at.table, loc):
                continue
            unit, power = self._unit(entry.unit, point, loc)
            register = Register(point, entry.at, at.table, at.wire, entry.type, unit, power)
            if at.wire + register.words > 65536:
                message = f"{entry.type} at {entry.at} ends beyond 65536; lower the address"
                self._fault((*loc, "at"), message)
                continue
            yield loc, register

    def _type_fits(
        self, entry: RegisterEntry, point: Point, table: address.Table, loc: yamlfile.Loc
    ) -> bool:
        if table.bits and entry.type:
            self._fault((*loc, "type"), f"a {table} is one bit; remove 'type'")
        elif table.bits and len(point.states) != 2:
            self._fault((*loc, "at"), f"{point.name} is no two-state point; give it registers")
        elif not table.bits and not entry.type:
            self._fault(loc, f"a {table} needs a type; write {', '.join(WORDS)}")
        else:
            return True
        return False

    def _overlaps(
        self,
        registers: list[tuple[yamlfile.Loc, Register]],
        validity: address.Address | None,
    ) -> None:
        taken: dict[tuple[address.Table, int], str] = {}
        for loc, register in registers:
            cells = [(register.table, register.wire + n) for n in range(register.words)]
            others = [taken[cell] for cell in cells if cell in taken]
            if others:
                message = f"{register.point.name} at {register.at} overlaps {others[0]}; move one"
                self._fault((*loc, "at"), message)
            taken.update(dict.fromkeys(cells, f"{register.point.name} at {register.at}"))
        if validity is None:
            return
        if validity.wire + len(self.list) > 65536:
            message = "the validity bits end beyond 65536; lower the address"
            self._fault(("modbus", "validity"), message)
        for number in range(len(self.list)):
            if other := taken.get((validity.table, validity.wire + number)):
                self._fault(("modbus", "validity"), f"the validity bits overlap {other}; move one")
                return

    def _objects(self) -> Iterator[BacnetObject]:
        instances: dict[tuple[str, int], str] = {}
        names: set[str] = set()
        for index, entry in enumerate(self.file.bacnet.objects):
            loc = ("bacnet", "objects", index)
            point = self._point(entry.point, loc)
            if point is None:
                continue
            if point.kind not in _FITS[entry.object]:
                fits = ", ".join(name for name, kinds in _FITS.items() if point.kind in kinds)
                self._fault(
                    (*loc, "object"), f"{point.name} is no {entry.object}; possible: {fits}"
                )
                continue
            unit, power = self._unit(entry.unit, point, loc)
            name = entry.name or point.name
            if other := instances.get((entry.object, entry.instance)):
                message = f"{entry.object} {entry.instance} is {other} already; take another number"
                self._fault((*loc, "instance"), message)
            if name in names:
                self._fault((*loc, "point"), f"name '{name}' stands twice; give one a 'name'")
            instances[entry.object, entry.instance] = name
            names.add(name)
            yield BacnetObject(point, entry.object, entry.instance, name, unit, power)

    def _point(self, name: str, loc: yamlfile.Loc) -> Point | None:
        if name not in self.list:
            hint = yamlfile.suggest(name, list(self.list))
            self._fault((*loc, "point"), f"unknown point '{name}'; {hint}")
        return self.list.get(name)

    def _address(self, text: str | None, loc: yamlfile.Loc) -> address.Address | None:
        try:
            return address.parse(text) if text is not None else None
        except ValueError as error:
            self._fault(loc, str(error))
            return None

    def _unit(self, unit: str | None, point: Point, loc: yamlfile.Loc) -> tuple[str | None, int]:
        unit = unit or point.unit
        if unit is None:
            return None, 0
        power = units.exponent(point.counted_in, unit) if point.counted_in else None
        if power is None:
            own = f"is in {point.unit}" if point.unit else "has no unit"
            self._fault((*loc, "unit"), f"{point.name} {own}, not '{unit}'; remove 'unit'")
        return unit, power or 0

    def _fault(self, loc: yamlfile.Loc, message: str) -> None:
        self.faults.append(self.document.fault(loc, message))
