"""The properties of a point's object that never change: what the map says of it."""

import functools
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from bacpypes3 import object as schemas
from bacpypes3.basetypes import Prescale, Scale

from submeter.bacnet.objects import image, profile, units
from submeter.bacnet.objects.image import Image
from submeter.bacnet.objects.present import LAST_COUNT
from submeter.bacnet.objects.served import property_number
from submeter.pointmap.meter_map import BacnetObject, ObjectType

SCHEMAS: Mapping[ObjectType, Any] = {
    "accumulator": schemas.AccumulatorObject,
    "analog-input": schemas.AnalogInputObject,
    "analog-output": schemas.AnalogOutputObject,
    "large-analog-value": schemas.LargeAnalogValueObject,
    "binary-input": schemas.BinaryInputObject,
    "binary-output": schemas.BinaryOutputObject,
    "multi-state-value": schemas.MultiStateValueObject,
    "datetime-value": schemas.DateTimeValueObject,
}
"""The object classes of bacpypes3, which know the data types of the properties."""

TYPES = tuple(int(schema.objectType) for schema in SCHEMAS.values())
"""The numbers of the object types that points can have."""


@functools.cache
def properties(entry: BacnetObject, vendor_id: int) -> Mapping[int, Image]:
    """Return the images by number; all meters whose map has the same entry share them."""
    values = {
        "description": description(entry),
        "outOfService": False,
        "tags": profile.tags(entry.point),
        "profileName": profile.name(entry.point, vendor_id),
        **_of_type(entry),
    }
    schema = SCHEMAS[entry.object]
    return MappingProxyType(
        {
            property_number(attribute): image.of_property(schema, attribute, value)
            for attribute, value in values.items()
        }
    )


def description(entry: BacnetObject) -> str:
    """Return the point's own text, with what it leaves open about the object."""
    remark = " (UTC)" if entry.object == "datetime-value" else ""
    return entry.point.description + remark


def _of_type(entry: BacnetObject) -> dict[str, Any]:
    texts = list(entry.point.states.values())
    match entry.object:
        case "accumulator":
            # Many clients ignore Scale, so the count is in whole units.
            return {
                "units": units.code(entry),
                "scale": Scale(integerScale=0),
                "prescale": Prescale(multiplier=1, moduloDivide=1),
                "maxPresValue": LAST_COUNT,
            }
        case "analog-input" | "analog-output" | "large-analog-value":
            return _of_analog(entry)
        case "binary-input" | "binary-output":
            return {"polarity": "normal", "inactiveText": texts[0], "activeText": texts[1]}
        case "multi-state-value":
            return {"numberOfStates": len(texts), "stateText": texts}
        case "datetime-value":
            return {"isUTC": True}


def _of_analog(entry: BacnetObject) -> dict[str, Any]:
    known: dict[str, Any] = {"units": units.code(entry), "covIncrement": entry.cov}
    if entry.point.bounds:
        low, high = map(entry.in_unit, entry.point.bounds)
        known |= {"minPresValue": low, "maxPresValue": high}
    return known
