"""A BACnet object as the wire images of its properties."""

import functools
from collections.abc import Callable, Mapping
from typing import Any

from bacpypes3.basetypes import PropertyIdentifier

from submeter.bacnet import encoding
from submeter.bacnet.fault import UNKNOWN_PROPERTY, Fault
from submeter.bacnet.objects import image, listeners
from submeter.bacnet.objects.image import Image
from submeter.bacnet.objects.required import required_of
from submeter.errors import ConfigError
from submeter.pointmap.meter_map import LAST_INSTANCE

ALL, OPTIONAL, REQUIRED = 8, 80, 105  # 135, 15.7.3.1.2: groups, not properties
OBJECT_IDENTIFIER, OBJECT_NAME, OBJECT_TYPE, PROPERTY_LIST = 75, 77, 79, 371
PRESENT_VALUE, STATUS_FLAGS, EVENT_STATE, RELIABILITY, OUT_OF_SERVICE = 85, 111, 36, 103, 81

# 135, 12.1.1.4.3: these are in every object and not in its Property_List.
_UNLISTED = frozenset({OBJECT_IDENTIFIER, OBJECT_NAME, OBJECT_TYPE, PROPERTY_LIST})
_INSTANCE_BITS = 22

Listener = Callable[["ServedObject"], None]


@functools.cache
def property_number(attribute: str) -> int:
    """Return the number of the property that bacpypes3 calls `attribute`, as presentValue."""
    return int(PropertyIdentifier(attribute))


def identifier(kind: int, instance: int) -> int:
    """Return an object identifier as a number: type in 10 bits, instance in 22."""
    return kind << _INSTANCE_BITS | instance


def kind_and_instance(number: int) -> tuple[int, int]:
    """Return type and instance of an object identifier."""
    return divmod(number, 1 << _INSTANCE_BITS)


class ServedObject:
    """One object: the images of its properties, under an instance and a name.

    `schema` is the class of bacpypes3 that knows the data types of the properties and which of them
    the standard requires. `fixed` are images by number that many objects may share and that never
    change; `live` are the object's own, and stay the same dictionary as long as the object lives.
    Which properties there are is settled with the first read. Raises ConfigError for an instance
    that there cannot be.

    `listeners` are called after properties changed together, in their order.
    """

    __slots__ = (
        "_listed",
        "_schema",
        "fixed",
        "identifier",
        "instance",
        "listeners",
        "live",
        "name",
        "type",
    )

    def __init__(
        self, schema: Any, instance: int, name: str, fixed: Mapping[int, Image] | None = None
    ) -> None:
        self._schema = schema
        self.type = int(schema.objectType)
        self.instance = instance
        self.name = name
        if instance > LAST_INSTANCE:
            raise ConfigError(
                f"bacnet: {self} is beyond {LAST_INSTANCE}; take a smaller offset or id"
            )
        self.identifier = identifier(self.type, instance)
        self.listeners: tuple[Listener, ...] = ()
        self.fixed: Mapping[int, Image] = fixed or {}
        self.live: dict[int, Image] = {
            OBJECT_IDENTIFIER: encoding.identifier(self.type, instance),
            OBJECT_NAME: encoding.text(name),
            OBJECT_TYPE: encoding.enumerated(self.type),
        }
        self._listed: tuple[bytes, ...] | None = None

    def __str__(self) -> str:
        return f"{self._schema.objectType} {self.instance} '{self.name}'"

    def put(self, attribute: str, value: Any) -> None:
        """Give a property, by the name of bacpypes3, a value of its data type."""
        self.live[property_number(attribute)] = image.of_property(self._schema, attribute, value)

    def changed(self) -> None:
        """Tell the listeners that properties have changed; none of them can break this."""
        listeners.tell(self.listeners, self)

    def read(self, number: int, index: int | None = None) -> bytes | Fault:
        """Return the encoded value of property `number`, or of one element of it."""
        value = self.image(number)
        return UNKNOWN_PROPERTY if value is None else image.part(value, index)

    def image(self, number: int) -> Image | None:
        """Return the image of property `number`, None if the object has no such property."""
        value = self.live.get(number)
        if value is None:
            value = self.fixed.get(number)
        if value is None and number == PROPERTY_LIST:
            return self._property_list()
        return value

    @property
    def numbers(self) -> list[int]:
        """The properties that the object has, but for Property_List."""
        return [*self.live, *(number for number in self.fixed if number not in self.live)]

    def group(self, number: int) -> list[int]:
        """Return the properties that ALL, OPTIONAL or REQUIRED means (135, 15.7.3.1.2)."""
        required = required_of(self._schema)
        return [
            own
            for own in self.numbers
            if number == ALL or (own in required) == (number == REQUIRED)
        ]

    def _property_list(self) -> tuple[bytes, ...]:
        if self._listed is None:
            listed = (number for number in self.numbers if number not in _UNLISTED)
            self._listed = tuple(map(encoding.enumerated, listed))
        return self._listed
