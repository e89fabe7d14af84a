"""The objects of the standard map in bacpypes3's own classes and its own application."""

from typing import Any

from bacpypes3.app import Application
from bacpypes3.local.analog import AnalogInputObject, AnalogOutputObject
from bacpypes3.local.binary import BinaryInputObject, BinaryOutputObject
from bacpypes3.local.cov import GenericCriteria
from bacpypes3.local.device import DeviceObject
from bacpypes3.local.multistate import MultiStateValueObject
from bacpypes3.local.networkport import NetworkPortObject
from bacpypes3.local.object import Object as LocalObject
from bacpypes3.object import AccumulatorObject, DateTimeValueObject

from submeter.pointmap.meter_map import BacnetObject
from tooling.bacnet_site import STANDARD

OFFSET = 1000
INCREMENT = 0.1


class _Accumulator(LocalObject, AccumulatorObject):  # type: ignore[misc]
    _cov_criteria = GenericCriteria


class _DateTimeValue(LocalObject, DateTimeValueObject):  # type: ignore[misc]
    _cov_criteria = GenericCriteria


class _MultiStateValue(MultiStateValueObject):  # type: ignore[misc]
    _cov_criteria = GenericCriteria


def application(where: str, meters: int) -> Application:
    """Return an application at `where`, `ip/prefix:port`, with the objects of `meters` meters."""
    return Application.from_object_list(
        [
            DeviceObject(objectIdentifier=("device", 1), objectName="peer"),
            NetworkPortObject(where, objectIdentifier=("networkPort", 1), objectName="port"),
            *objects(meters),
        ]
    )


def objects(meters: int) -> list[Any]:
    """Return the objects of `meters` meters, which differ in offset and prefix."""
    return [_object(entry, place) for place in range(meters) for entry in STANDARD.objects]


def _object(entry: BacnetObject, place: int) -> Any:
    own = {
        "objectName": f"{place}-{entry.name}",
        "description": entry.point.description,
        "statusFlags": [0, 0, 0, 0],
        "eventState": "normal",
        "outOfService": False,
    }
    number = entry.instance + place * OFFSET
    match entry.object:
        case "analog-input":
            return AnalogInputObject(
                objectIdentifier=("analogInput", number),
                presentValue=12.5,
                units="kilowatts",
                covIncrement=INCREMENT,
                **own,
            )
        case "analog-output":
            return AnalogOutputObject(
                objectIdentifier=("analogOutput", number),
                presentValue=12.5,
                relinquishDefault=12.5,
                units="minutes",
                covIncrement=INCREMENT,
                **own,
            )
        case "binary-input":
            return BinaryInputObject(
                objectIdentifier=("binaryInput", number), presentValue=0, polarity=0, **own
            )
        case "binary-output":
            return BinaryOutputObject(
                objectIdentifier=("binaryOutput", number),
                presentValue=0,
                relinquishDefault=0,
                polarity=0,
                **own,
            )
        case "multi-state-value":
            return _MultiStateValue(
                objectIdentifier=("multiStateValue", number),
                presentValue=1,
                numberOfStates=len(entry.point.states),
                **own,
            )
        case "accumulator":
            return _Accumulator(
                objectIdentifier=("accumulator", number),
                presentValue=0,
                units="kilowattHours",
                maxPresValue=2**32 - 1,
                **own,
            )
        case _:
            return _DateTimeValue(objectIdentifier=("datetimeValue", number), **own)
