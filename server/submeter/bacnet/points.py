"""The object of one point: its fixed properties from the map, its live ones from readings."""

from typing import Any

from bacpypes3 import object as schemas
from bacpypes3.basetypes import OptionalUnsigned, PriorityValue, Scale

from submeter.bacnet import present, quality, units
from submeter.bacnet.fault import Fault
from submeter.bacnet.objects import ServedObject, property_number
from submeter.meter.reading import Quality, Reading
from submeter.pointmap.meter_map import BacnetObject, ObjectType

_SCHEMAS: dict[ObjectType, Any] = {
    "accumulator": schemas.AccumulatorObject,
    "analog-input": schemas.AnalogInputObject,
    "analog-output": schemas.AnalogOutputObject,
    "binary-input": schemas.BinaryInputObject,
    "binary-output": schemas.BinaryOutputObject,
    "multi-state-value": schemas.MultiStateValueObject,
    "datetime-value": schemas.DateTimeValueObject,
}
TYPES = tuple(schema.objectType for schema in _SCHEMAS.values())
_PRESENT_VALUE = property_number("presentValue")
_RELINQUISH_DEFAULT = property_number("relinquishDefault")
_RELIABILITY = property_number("reliability")
_STATUS_FLAGS = property_number("statusFlags")


class PointObject(ServedObject):
    """The object that the map gives a point, moved by `offset` and named with `prefix`.

    `described` stands before the description when one device serves several meters.
    """

    def __init__(
        self, entry: BacnetObject, offset: int = 0, prefix: str = "", described: str = ""
    ) -> None:
        super().__init__(
            _SCHEMAS[entry.object],
            offset + entry.instance,
            prefix + entry.name,
            description=f"{described}{entry.point.description}{_remark(entry)}",
            # 135, 12.2.7 and its like: NORMAL in objects that do not report events.
            eventState="normal",
            outOfService=False,
            **_fixed(entry),
        )
        self.entry = entry
        self._commandable = entry.object in ("analog-output", "binary-output")
        self.show(Reading(None, Quality.STALE))

    def show(self, reading: Reading) -> None:
        """Take over value and quality of a reading of the object's point."""
        value = present.encode(self.entry, reading.value)
        trust = quality.trust(reading.quality)
        if isinstance(value, Fault) and reading.quality.good:
            trust = quality.UNRELIABLE
        self.put_image(_PRESENT_VALUE, value)
        self.put_image(_STATUS_FLAGS, trust.status_flags)
        self.put_image(_RELIABILITY, trust.reliability)
        if self._commandable:
            # Nobody commands the object, so by 135, 19.2 it shows its Relinquish_Default.
            self.put_image(_RELINQUISH_DEFAULT, value)


def _fixed(entry: BacnetObject) -> dict[str, Any]:
    """Return the properties of the object's type that do not change."""
    texts = list(entry.point.states.values())
    commandable = {
        "priorityArray": [PriorityValue(null=())] * 16,
        "currentCommandPriority": OptionalUnsigned(null=()),
    }
    match entry.object:
        case "accumulator":
            # Many clients ignore Scale, so the count is in whole units.
            scale = Scale(integerScale=0)
            return {"scale": scale, "units": units.code(entry), "maxPresValue": present.LAST_COUNT}
        case "analog-input":
            return {"units": units.code(entry)}
        case "analog-output":
            return {"units": units.code(entry), **commandable}
        case "binary-input":
            return {"polarity": "normal", "inactiveText": texts[0], "activeText": texts[1]}
        case "binary-output":
            fixed = {"polarity": "normal", "inactiveText": texts[0], "activeText": texts[1]}
            return {**fixed, **commandable}
        case "multi-state-value":
            return {"numberOfStates": len(texts), "stateText": texts}
        case "datetime-value":
            return {"isUTC": True}


def _remark(entry: BacnetObject) -> str:
    return " (UTC)" if entry.object == "datetime-value" else ""
