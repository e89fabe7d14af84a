"""What the face is told: where it listens, who it is, and the meters that it serves."""

from dataclasses import dataclass

from submeter.meter.meter import Meter
from submeter.pointmap.meter_map import MeterMap


@dataclass(frozen=True)
class BacnetSettings:
    """The device. `address` is `auto`, an interface name, `ip` or `ip/prefix`.

    `vendor_id` is the number that ASHRAE gave the vendor; 999 is nobody's.
    """

    address: str
    device_id: int
    device_name: str
    port: int = 47808
    vendor_id: int = 999
    description: str = ""
    location: str = ""


@dataclass(frozen=True)
class ServedMeter:
    """A meter, and how its objects are moved and named among those of others."""

    meter: Meter
    map: MeterMap
    instance_offset: int = 0
    name_prefix: str = ""
