"""All objects of one device, by identifier and by name."""

import zlib
from collections.abc import Iterable, Iterator

from submeter.bacnet.objects.served import ServedObject, identifier
from submeter.errors import ConfigError
from submeter.pointmap.meter_map import LAST_INSTANCE

DEVICE, NETWORK_PORT = 8, 56
_WILDCARD = LAST_INSTANCE + 1


class ObjectTable:
    """The objects of one device, the first one being the Device object.

    Raises ConfigError when two have the same number or name.
    """

    def __init__(self, objects: Iterable[ServedObject]) -> None:
        self._by_identifier: dict[int, ServedObject] = {}
        self._by_name: dict[str, ServedObject] = {}
        self._wildcards: dict[int, ServedObject] = {}
        for entry in objects:
            self._add(entry)

    def __iter__(self) -> Iterator[ServedObject]:
        return iter(self._by_identifier.values())

    def __len__(self) -> int:
        return len(self._by_identifier)

    @property
    def device(self) -> ServedObject:
        """The Device object."""
        return next(iter(self))

    def find(self, number: int) -> ServedObject | None:
        """Return the object; instance 4194303 is this Device or Network Port (135, 15.5.2)."""
        return self._by_identifier.get(number) or self._wildcards.get(number)

    def named(self, name: str) -> ServedObject | None:
        """Return the object of that very name."""
        return self._by_name.get(name)

    @property
    def checksum(self) -> int:
        """A number that stays as long as the objects' numbers and names do."""
        listed = sorted(f"{entry.identifier} {entry.name}" for entry in self)
        return zlib.crc32("\n".join(listed).encode())

    def _add(self, entry: ServedObject) -> None:
        other = self._by_identifier.get(entry.identifier) or self._by_name.get(entry.name)
        if other:
            raise ConfigError(
                f"bacnet: {entry} clashes with {other}; "
                "give the meters different instance offsets and name prefixes"
            )
        self._by_identifier[entry.identifier] = entry
        self._by_name[entry.name] = entry
        if entry.type in (DEVICE, NETWORK_PORT):
            self._wildcards.setdefault(identifier(entry.type, _WILDCARD), entry)
