"""What to ask a DLMS meter for, by the objects of a source map, and what it answers."""

from dataclasses import dataclass, field
from datetime import tzinfo

from submeter.meter.reading import Stamp
from submeter.pointmap.obis_object import ObisObject
from submeter.pointmap.source_map import SourceMap
from submeter.sources.dlms import axdr, clock, obis, units
from submeter.sources.dlms.axdr import Data
from submeter.sources.dlms.said import VALUE, Item, text
from submeter.sources.optical.catalogue import (
    DATA,
    DEMAND,
    EXTENDED,
    OBJECT_LIST,
    REGISTER,
    Catalogue,
)
from submeter.sources.optical.client import Client, Refused
from submeter.sources.optical.cosem_get import Attribute
from submeter.sources.optical.hdlc_link import Talk

CAPTURED = 5
"""The attribute of a maximum that is its time, as maps name it: that of class 4."""

# Attributes by class (Blue Book ed. 12, 4.3.2 to 4.3.4): scaler and unit, and the time of capture.
_SCALER_UNIT = {REGISTER: 3, EXTENDED: 3, DEMAND: 4}
_CAPTURE_TIME = {EXTENDED: 5, DEMAND: 6}
# Serial number, then logical device name.
_IDENTITIES = (bytes((0, 0, 96, 1, 0, 255)), bytes((0, 0, 42, 0, 0, 255)))
_FINEST, _COARSEST = -12, 12


@dataclass
class Memory:
    """What is known of one meter from earlier readings: its objects and their scalers.

    A meter's scalers do not change while it answers; another meter is another `identity`.
    """

    identity: str | None = None
    catalogue: Catalogue = field(default_factory=Catalogue)
    scalers: dict[Attribute, tuple[int, str | None]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wanted:
    """One object of the map that is read: its code or codes, and the attributes of it."""

    pattern: obis.Pattern
    default: bytes
    attributes: tuple[int, ...]
    text: bool
    stamped: bool


def wanted(source_map: SourceMap) -> tuple[Wanted, ...]:
    """Return the objects of `source_map`, each code once."""
    grouped: dict[str, list[ObisObject]] = {}
    for label in source_map.labels.values():
        if isinstance(label, ObisObject) and label.obis:
            grouped.setdefault(label.obis, []).append(label)
    return tuple(
        Wanted(
            obis.Pattern(code),
            _default(code),
            tuple(sorted({label.attribute for label in labels})),
            any(label.text for label in labels),
            any(label.stamp and label.attribute == VALUE for label in labels),
        )
        for code, labels in grouped.items()
    )


def _default(code: str) -> bytes:
    """Return the code to ask for where the meter gives no list of its objects."""
    found = obis.parse(code)
    octets = obis.octets(code)
    abstract = found is not None and found.a is None and found.c in (96, 97)
    return bytes([0]) + octets[1:] if abstract else octets


class Survey:
    """Reads the objects of one map from the meter that `client` speaks to.

    An attribute that the meter refuses is left out, and so is a register whose scaler it refuses:
    without it the number means nothing. The reading is not `sound` if the reason may pass.
    """

    def __init__(self, client: Client, source_map: SourceMap, memory: Memory, zone: tzinfo) -> None:
        self.memory = memory
        self.sound = True
        self._zone = zone
        self._client = client
        self._wanted = wanted(source_map)

    def read(self) -> Talk[list[Item]]:
        """Read everything once; `memory` is that of the meter that answered, afterwards."""
        yield from self._introduce()
        yield from self._list()
        items: list[Item] = []
        for each in self._wanted:
            for code in self._codes(each):
                items += yield from self._object(each, code)
        return items

    def _introduce(self) -> Talk[None]:
        """Ask who the meter is; what is known of another one is forgotten."""
        for code in _IDENTITIES:
            value = yield from self._client.get(Attribute(DATA, code, VALUE))
            said = "" if isinstance(value, Refused) else text(value).strip()
            if said:
                if said != self.memory.identity:
                    self.memory = Memory(said)
                return
        self.memory = Memory()

    def _list(self) -> Talk[None]:
        catalogue = self.memory.catalogue
        if not catalogue.asked:
            catalogue.asked = True
            value = yield from self._client.get(OBJECT_LIST)
            if not isinstance(value, Refused):
                catalogue.take(value)

    def _codes(self, each: Wanted) -> list[bytes]:
        catalogue = self.memory.catalogue
        return catalogue.codes(each.pattern)[:1] if catalogue.listed else [each.default]

    def _object(self, each: Wanted, code: bytes) -> Talk[list[Item]]:
        """Read the attributes of one object, whatever class it is of."""
        for class_id in tuple(self.memory.catalogue.classes(code, text=each.text)):
            items: list[Item] = []
            refusal: Refused | None = None
            for attribute in each.attributes:
                asked = Attribute(class_id, code, attribute)
                item = yield from self._attribute(asked, stamped=each.stamped)
                if isinstance(item, Refused):
                    refusal = item
                    self.sound &= item.lasting
                else:
                    items.append(item)
            if items or refusal is None or not refusal.no_such_object:
                self.memory.catalogue.note(code, class_id)
                return items
        if not self.memory.catalogue.listed:
            self.memory.catalogue.note(code, None)
        return []

    def _attribute(self, asked: Attribute, *, stamped: bool) -> Talk[Item | Refused]:
        class_id, code, number = asked
        if number == CAPTURED:
            number = _CAPTURE_TIME.get(class_id, number)
        scaler: tuple[int | None, str | None] = (None, None)
        if number == VALUE and class_id in _SCALER_UNIT:
            known = yield from self._scaler(Attribute(class_id, code, _SCALER_UNIT[class_id]))
            if isinstance(known, Refused):
                return known
            scaler = known
        value = yield from self._client.get(Attribute(class_id, code, number))
        if isinstance(value, Refused):
            return value
        stamp = None
        if stamped and number == VALUE and class_id in _CAPTURE_TIME:
            captured = Attribute(class_id, code, _CAPTURE_TIME[class_id])
            stamp = self._stamp((yield from self._client.get(captured)))
        return Item(obis.code(code), 0, asked.number, value, *scaler, stamp=stamp)

    def _stamp(self, value: Data | Refused) -> Stamp | None:
        octets = None if isinstance(value, Refused) else value.value
        return clock.stamp(octets, self._zone) if isinstance(octets, bytes) else None

    def _scaler(self, asked: Attribute) -> Talk[tuple[int, str | None] | Refused]:
        known = self.memory.scalers.get(asked)
        if known is None:
            value = yield from self._client.get(asked)
            if isinstance(value, Refused):
                return value
            known = _scaler_unit(value)
            if known is None:
                return Refused(0)
            self.memory.scalers[asked] = known
        return known


def _scaler_unit(value: Data) -> tuple[int, str | None] | None:
    """Return power of ten and unit; None if `value` is of another form."""
    if len(value.items) != 2:
        return None
    (one, scaler), (other, unit) = value.items
    if one != axdr.INT8 or other != axdr.ENUM:
        return None
    assert isinstance(scaler, int)
    assert isinstance(unit, int)
    return (scaler, units.name(unit)) if _FINEST <= scaler <= _COARSEST else None
