"""The Device object (ASHRAE 135, 12.11)."""

from bacpypes3 import object as schemas

import submeter
from submeter.bacnet import clock, encoding
from submeter.bacnet.application.limits import (
    APDU_TIMEOUT,
    LARGEST_APDU,
    MOST_SEGMENTS,
    RETRIES,
    SEGMENT_TIMEOUT,
)
from submeter.bacnet.objects.image import Image
from submeter.bacnet.objects.served import ServedObject, property_number
from submeter.bacnet.objects.table import ObjectTable
from submeter.bacnet.settings import BacnetSettings

# 135-2016, the last revision whose demands on these objects this device was held against. The
# current one would claim auditing and more of the kind.
REVISION = 19
_TYPES_OF_REVISION = 60  # its object types are 0 to 59, a bit for each
_OPERATIONAL, _SEGMENTED_BOTH = 0, 0
_STRUCTURED_VIEW = 29
_DATE_OCTETS = 5


def device_object(
    instance: int,
    name: str,
    settings: BacnetSettings,
    *,
    model: str,
    serial: str,
    location: str,
    description: str,
) -> ServedObject:
    """Return the Device object; it lacks its services and objects until `describe`.

    The clock is this machine's.
    """
    texts = {
        "description": description,
        "location": location,
        "vendorName": settings.vendor_name,
        "modelName": model,
        "serialNumber": serial,
        "firmwareRevision": submeter.__version__,
        "applicationSoftwareVersion": submeter.__version__,
    }
    numbers = {
        "vendorIdentifier": settings.vendor_id,
        "protocolVersion": 1,
        "protocolRevision": REVISION,
        "maxApduLengthAccepted": LARGEST_APDU,
        "maxSegmentsAccepted": MOST_SEGMENTS,
        "apduSegmentTimeout": SEGMENT_TIMEOUT,
        "apduTimeout": APDU_TIMEOUT,
        "numberOfApduRetries": RETRIES,
    }
    images: dict[str, Image] = {
        **{attribute: encoding.text(value) for attribute, value in texts.items()},
        **{attribute: encoding.unsigned(value) for attribute, value in numbers.items()},
        "systemStatus": encoding.enumerated(_OPERATIONAL),
        "segmentationSupported": encoding.enumerated(_SEGMENTED_BOTH),
        "deviceAddressBinding": b"",
        "localDate": lambda: clock.date_time(clock.now())[:_DATE_OCTETS],
        "localTime": lambda: clock.date_time(clock.now())[_DATE_OCTETS:],
        "utcOffset": lambda: encoding.signed(clock.offset(clock.now())),
        "daylightSavingsStatus": lambda: encoding.boolean(clock.summer(clock.now())),
    }
    numbered = {property_number(attribute): image for attribute, image in images.items()}
    return ServedObject(schemas.DeviceObject, instance, name, numbered)


def describe(device: ServedObject, table: ObjectTable, services: bytes, revision: int) -> None:
    """Give the Device object what depends on all objects, and their types.

    `services` is the image of Protocol_Services_Supported: those that are executed (12.11.12).
    """
    types = {each.type for each in table}
    listed = {each: encoding.identifier(each.type, each.instance) for each in table}
    views = tuple(image for each, image in listed.items() if each.type == _STRUCTURED_VIEW)
    images: dict[str, Image] = {
        "protocolServicesSupported": services,
        "protocolObjectTypesSupported": encoding.bits(
            [kind in types for kind in range(_TYPES_OF_REVISION)]
        ),
        "objectList": tuple(listed.values()),
        "databaseRevision": encoding.unsigned(revision),
        **({"structuredObjectList": views} if views else {}),
    }
    for attribute, image in images.items():
        device.live[property_number(attribute)] = image
