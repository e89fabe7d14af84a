"""BACnet objects as their wire images, and the table of all of them."""

import functools
import zlib
from collections.abc import Iterable, Iterator
from typing import Any

from bacpypes3.basetypes import PropertyIdentifier
from bacpypes3.primitivedata import ObjectType

from submeter.bacnet import image
from submeter.bacnet.fault import UNKNOWN_PROPERTY, Fault
from submeter.bacnet.image import Image
from submeter.errors import ConfigError
from submeter.pointmap.meter_map import LAST_INSTANCE

ALL, OPTIONAL, REQUIRED = 8, 80, 105  # 135, 15.7.3.1.2: groups, not properties
_PROPERTY_LIST = 371
# 135, 12.1.1.4.3: these are in every object and not in its Property_List.
_UNLISTED = frozenset({75, 77, 79, _PROPERTY_LIST})
_WILDCARD = LAST_INSTANCE + 1
_INSTANCE_BITS = 22


@functools.cache
def property_number(attribute: str) -> int:
    """Return the number of the property that bacpypes3 calls `attribute`, as presentValue."""
    return int(PropertyIdentifier(attribute))


class ServedObject:
    """One object: the images of its properties, under an instance and a name.

    `schema` is the class of bacpypes3 that knows the data types of `properties`, which are given by
    their attribute names, and which of them the standard requires. Raises ConfigError for an
    instance that there cannot be.
    """

    def __init__(self, schema: Any, instance: int, name: str, **properties: Any) -> None:
        if instance > LAST_INSTANCE:
            label = f"{schema.objectType} {instance} '{name}'"
            raise ConfigError(
                f"bacnet: {label} is beyond {LAST_INSTANCE}; take a smaller offset or id"
            )
        self.name = name
        self.type = int(schema.objectType)
        self.instance = instance
        self.identifier = self.type << _INSTANCE_BITS | instance
        self.images: dict[int, Image] = {}
        self._schema = schema
        self.put("objectIdentifier", (schema.objectType, instance))
        self.put("objectName", name)
        self.put("objectType", schema.objectType)
        for attribute, value in properties.items():
            self.put(attribute, value)

    def put(self, attribute: str, value: Any) -> None:
        """Give a property a value; a property that is new joins the Property_List."""
        number = property_number(attribute)
        listed = number in self.images
        self.images[number] = image.of_property(self._schema, attribute, value)
        if not listed:
            self._list_properties()

    def put_image(self, number: int, value: Image) -> None:
        """Give a property an encoded value, or the fault that it answers until it has one."""
        listed = number in self.images
        self.images[number] = value
        if not listed:
            self._list_properties()

    def read(self, number: int, index: int | None = None) -> bytes | Fault:
        """Return the encoded value of property `number`, or of one element of it."""
        value = self.images.get(number)
        return UNKNOWN_PROPERTY if value is None else image.part(value, index)

    def group(self, number: int) -> list[int]:
        """Return the properties that ALL, OPTIONAL or REQUIRED means (135, 15.7.3.1.2)."""
        required = _required(self._schema)
        return [
            own
            for own in self.images
            if own != _PROPERTY_LIST
            and (number == ALL or (own in required) == (number == REQUIRED))
        ]

    def _list_properties(self) -> None:
        listed = [own for own in self.images if own not in _UNLISTED]
        self.images[_PROPERTY_LIST] = tuple(_encoded(own) for own in listed)


class ObjectTable:
    """All objects of one device, by identifier and by name; the first one is the Device."""

    def __init__(self, objects: Iterable[ServedObject]) -> None:
        self._by_identifier: dict[int, ServedObject] = {}
        self._by_name: dict[str, ServedObject] = {}
        for entry in objects:
            self._add(entry)
        self._wildcards = {
            entry.type << _INSTANCE_BITS | _WILDCARD: entry
            for entry in self
            if entry.type in (int(ObjectType.device), int(ObjectType.networkPort))
        }

    def __iter__(self) -> Iterator[ServedObject]:
        return iter(self._by_identifier.values())

    def __len__(self) -> int:
        return len(self._by_identifier)

    def find(self, identifier: int) -> ServedObject | None:
        """Return the object; instance 4194303 is this Device or Network Port (135, 15.5.2)."""
        return self._by_identifier.get(identifier) or self._wildcards.get(identifier)

    def named(self, name: str) -> ServedObject | None:
        """Return the object of that very name."""
        return self._by_name.get(name)

    @property
    def revision(self) -> int:
        """A number that stays as long as identifiers and names do; it survives restarts."""
        listed = sorted(f"{entry.identifier} {entry.name}" for entry in self)
        return zlib.crc32("\n".join(listed).encode())

    def _add(self, entry: ServedObject) -> None:
        other = self._by_identifier.get(entry.identifier) or self._by_name.get(entry.name)
        if other:
            raise ConfigError(
                f"bacnet: {_label(entry)} clashes with {_label(other)}; "
                "give the meters different instance offsets and name prefixes"
            )
        self._by_identifier[entry.identifier] = entry
        self._by_name[entry.name] = entry


@functools.cache
def _encoded(number: int) -> bytes:
    return image.encode(PropertyIdentifier(number))


def _label(entry: ServedObject) -> str:
    return f"{ObjectType(entry.type)} {entry.instance} '{entry.name}'"


@functools.cache
def _required(schema: Any) -> frozenset[int]:
    names = {name for base in schema.__mro__ for name in getattr(base, "_required", ())}
    return frozenset(property_number(name) for name in names)
