"""An object as lists for integrators show it, read off what it serves."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from bacpypes3.basetypes import EngineeringUnits
from bacpypes3.primitivedata import ObjectType

from submeter.bacnet import decoding
from submeter.bacnet.cov.watch import TYPES as COV_TYPES
from submeter.bacnet.documents.settable import settable
from submeter.bacnet.fault import Fault
from submeter.bacnet.host import Host
from submeter.bacnet.objects.point import PointObject
from submeter.bacnet.objects.served import ServedObject
from submeter.pointmap.meter_map import MeterMap

_ACTIVE_TEXT, _DESCRIPTION, _INACTIVE_TEXT = 4, 28, 46
_MAXIMUM, _MINIMUM, _NOTIFICATION_CLASS, _STATE_TEXT, _UNITS = 65, 69, 17, 110, 117
_INCREMENT = 22
_REAL = 0x44  # the application tag


class Registers(NamedTuple):
    """Modbus addresses, of the unit `unit_id` if that is known."""

    unit_id: int | None = None
    addresses: tuple[str, ...] = ()

    def __str__(self) -> str:
        unit = "" if self.unit_id is None else f"{self.unit_id}: "
        return unit + " ".join(self.addresses) if self.addresses else ""


_NO_REGISTERS = Registers()


@dataclass(frozen=True, slots=True)
class Listed:
    """One object of one device; what it does not have is None or empty.

    `type` and `unit` are the codes of the standard, `registers` those of the same point.
    """

    device: int
    type: int
    instance: int
    name: str
    description: str
    minimum: float | None
    maximum: float | None
    increment: float | None
    unit: int | None
    states: tuple[str, ...]
    settable: bool
    cov: bool
    notification_class: int | None
    registers: Registers

    @property
    def type_name(self) -> str:
        """The type as the standard writes it, such as analog-input."""
        return str(ObjectType(self.type))

    @property
    def unit_name(self) -> str:
        """The unit as the standard writes it, such as kilowatts; empty without one."""
        return "" if self.unit is None else str(EngineeringUnits(self.unit))


def objects(host: Host, writable: bool) -> list[Listed]:
    """Return every object of the device `host`, where anybody may write at all if `writable`."""
    open_to_writes = settable(host, writable)
    device = host.identity.instance
    registers = _registers_by_object(host)
    return [
        _listed(
            device,
            entry,
            registers.get(entry.identifier, _NO_REGISTERS),
            entry.identifier in open_to_writes,
        )
        for entry in host.table
    ]


def _registers_by_object(host: Host) -> dict[int, Registers]:
    found: dict[int, Registers] = {}
    for each in host.meters:
        served = each.served
        addresses = _addresses(served.map)
        for shown in each.points:
            own = tuple(addresses.get(shown.entry.point.name, ()))
            found[shown.identifier] = Registers(served.unit_id, own)
    return found


def _addresses(meter_map: MeterMap) -> Mapping[str, Sequence[str]]:
    """Return the addresses of each point of a map."""
    found: dict[str, list[str]] = {}
    for register in meter_map.registers:
        if register.point is not None:
            found.setdefault(register.point.name, []).append(register.at)
    return found


def _listed(device: int, entry: ServedObject, registers: Registers, settable: bool) -> Listed:
    return Listed(
        device=device,
        type=entry.type,
        instance=entry.instance,
        name=entry.name,
        description=_text(entry, _DESCRIPTION),
        minimum=_number(entry, _MINIMUM),
        maximum=_number(entry, _MAXIMUM),
        increment=_number(entry, _INCREMENT),
        unit=_code(entry, _UNITS),
        states=tuple(_states(entry)),
        settable=settable,
        cov=entry.type in COV_TYPES,
        notification_class=_code(entry, _NOTIFICATION_CLASS)
        if isinstance(entry, PointObject)
        else None,
        registers=registers,
    )


def _text(entry: ServedObject, number: int) -> str:
    value = _value(entry.read(number))
    return value if isinstance(value, str) else ""


def _number(entry: ServedObject, number: int) -> float | None:
    image = entry.read(number)
    value = _value(image)
    if not isinstance(value, float):
        return _whole(value)
    return decoding.meant(value) if isinstance(image, bytes) and image[0] == _REAL else value


def _code(entry: ServedObject, number: int) -> int | None:
    return _whole(_value(entry.read(number)))


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _states(entry: ServedObject) -> Iterator[str]:
    """Yield the texts of the states, in their order."""
    images = entry.image(_STATE_TEXT)
    if isinstance(images, tuple) and not isinstance(images, Fault):
        for each in images:
            yield str(_value(each))
    elif entry.image(_ACTIVE_TEXT) is not None:
        yield _text(entry, _INACTIVE_TEXT)
        yield _text(entry, _ACTIVE_TEXT)


def _value(image: bytes | Fault) -> bool | int | float | str | bytes | None:
    return None if isinstance(image, Fault) else decoding.value(image).value
