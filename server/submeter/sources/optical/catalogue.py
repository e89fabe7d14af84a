"""Which objects a meter has: as its association says, or as was found by asking.

DLMS UA 1000-1 (Blue Book): the object list is attribute 2 of the current association, class 15 at
0-0:40.0.0.255, an array of (class, version, logical name, access rights).
"""

from collections.abc import Iterator

from submeter.sources.dlms import obis
from submeter.sources.dlms.axdr import Data
from submeter.sources.optical.cosem_get import Attribute

OBJECT_LIST = Attribute(15, bytes((0, 0, 40, 0, 0, 255)), 2)

DATA, REGISTER, EXTENDED, DEMAND, CLOCK, RELAY = 1, 3, 4, 5, 8, 70
READABLE = (REGISTER, EXTENDED, DEMAND, DATA, CLOCK, RELAY)
"""The classes whose values are read, the most frequent first."""

_ELECTRICITY = 1


class Catalogue:
    """The objects of one meter, by their codes: the class of each, None if it does not exist.

    `listed` tells that the meter gave its whole list: what is not in it does not exist.
    """

    def __init__(self) -> None:
        self.listed = False
        self.asked = False
        self._classes: dict[bytes, int | None] = {}

    def take(self, value: Data) -> None:
        """Take the meter's object list; entries of another form are passed over."""
        entries = value.value if isinstance(value.value, list) else []
        for entry in entries:
            fields = entry.value if isinstance(entry.value, list) else []
            if len(fields) >= 3:
                class_id, _, name = (each.value for each in fields[:3])
                known = isinstance(class_id, int) and class_id in READABLE
                if known and isinstance(name, bytes) and len(name) == 6:
                    self._classes[name] = int(class_id)
        self.listed = bool(self._classes)

    def note(self, code: bytes, class_id: int | None) -> None:
        """Remember what asking for `code` has shown."""
        self._classes[code] = class_id

    def codes(self, pattern: obis.Pattern) -> list[bytes]:
        """Return the codes of existing objects that `pattern` means, of electricity first."""
        found = [code for code in self._classes if pattern.matches(obis.code(code))]
        return sorted(found, key=lambda code: (code[0] > _ELECTRICITY, code))

    def classes(self, code: bytes, *, text: bool = False) -> Iterator[int]:
        """Yield the classes that the object `code` may be of, none if it does not exist."""
        if code in self._classes or self.listed:
            known = self._classes.get(code)
            if known is not None:
                yield known
        elif code[2:4] == b"\x01\x00" and code[0] == 0:
            yield CLOCK
        elif text:
            yield DATA
        else:
            yield from (REGISTER, EXTENDED, DEMAND, DATA)
