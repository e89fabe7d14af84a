"""The Device object and the Network Port object."""

from ipaddress import IPv4Address, IPv4Interface
from typing import Any

from bacpypes3 import object as schemas
from bacpypes3.basetypes import ObjectTypesSupported, ServicesSupported
from bacpypes3.primitivedata import ObjectType

import submeter
from submeter.bacnet import points
from submeter.bacnet.objects import ObjectTable, ServedObject
from submeter.bacnet.settings import BacnetSettings
from submeter.bacnet.transactions import (
    APDU_TIMEOUT,
    LARGEST_APDU,
    MOST_SEGMENTS,
    RETRIES,
    SEGMENT_TIMEOUT,
)

# 135, 12.11.12 wants the services that are executed. I-Am and I-Have are only ever sent, so
# their bits, which say that a device listens to them, stay clear.
EXECUTED = (
    ServicesSupported.readProperty,
    ServicesSupported.readPropertyMultiple,
    ServicesSupported.writeProperty,
    ServicesSupported.writePropertyMultiple,
    ServicesSupported.whoHas,
    ServicesSupported.whoIs,
)
# 135-2016, the last revision whose demands on these objects this device was held against. The
# current one would claim auditing and more of the kind.
_REVISION = 19
_PORT_NAME = "Network_Port"


def device(settings: BacnetSettings) -> ServedObject:
    """Return the Device object; `describe` adds what depends on all objects."""
    served = (ObjectType.device, ObjectType.networkPort, *points.TYPES)
    return ServedObject(
        schemas.DeviceObject,
        settings.device_id,
        settings.device_name,
        description=settings.description,
        location=settings.location,
        systemStatus="operational",
        vendorName="submeter",
        vendorIdentifier=settings.vendor_id,
        modelName="submeter",
        firmwareRevision=submeter.__version__,
        applicationSoftwareVersion=submeter.__version__,
        protocolVersion=1,
        protocolRevision=_REVISION,
        protocolServicesSupported=ServicesSupported(_bits(EXECUTED)),
        protocolObjectTypesSupported=ObjectTypesSupported(_bits(served)),
        maxApduLengthAccepted=LARGEST_APDU,
        segmentationSupported="segmentedBoth",
        maxSegmentsAccepted=MOST_SEGMENTS,
        apduSegmentTimeout=SEGMENT_TIMEOUT,
        apduTimeout=APDU_TIMEOUT,
        numberOfApduRetries=RETRIES,
        deviceAddressBinding=[],
    )


def describe(served: ServedObject, table: ObjectTable) -> None:
    """Give the Device object its list of objects and the number that changes with it."""
    listed = [(ObjectType(entry.type), entry.instance) for entry in table]
    served.put("objectList", listed)
    served.put("databaseRevision", table.revision)


def network_port() -> ServedObject:
    """Return the Network Port object; `place` adds its address."""
    return ServedObject(
        schemas.NetworkPortObject,
        1,
        _PORT_NAME,
        statusFlags=[0, 0, 0, 0],
        reliability="noFaultDetected",
        outOfService=False,
        networkType="ipv4",
        protocolLevel="bacnetApplication",
        # A port that does not know the number of its network says 0 (135, 12.56.11).
        networkNumber=0,
        networkNumberQuality="unknown",
        changesPending=False,
        apduLength=LARGEST_APDU,
        linkSpeed=0.0,
        bacnetIPMode="normal",
    )


def place(
    port: ServedObject, interface: IPv4Interface, udp_port: int, gateway: IPv4Address
) -> None:
    """Give the Network Port object its address; a gateway of 0.0.0.0 is none."""
    packed = interface.ip.packed
    addressed: dict[str, Any] = {
        "macAddress": packed + udp_port.to_bytes(2, "big"),
        "ipAddress": packed,
        "bacnetIPUDPPort": udp_port,
        "ipSubnetMask": interface.netmask.packed,
        "ipDefaultGateway": gateway.packed,
        "ipDNSServer": [bytes(4)],  # no name is ever looked up
    }
    for attribute, value in addressed.items():
        port.put(attribute, value)


def _bits(numbers: tuple[Any, ...]) -> list[int]:
    """Return a bit string in which the bits `numbers` are set."""
    chosen = {int(number) for number in numbers}
    return [int(position in chosen) for position in range(max(chosen) + 1)]
