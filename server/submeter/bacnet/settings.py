"""The `bacnet` part of the configuration."""

import ipaddress
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from submeter.meter import unlock_code
from submeter.meter.access_settings import is_everybody, network
from submeter.pointmap.meter_file import LAST_INSTANCE, Name, Title, printable

PORT = 47808
DEFAULT_TRENDS = (
    "Active_Energy_Import",
    "Active_Energy_Export",
    "Reactive_Energy_Import",
    "Reactive_Energy_Export",
    "Active_Power_Total",
)

Layout = Literal["device", "network", "ip_per_meter"]
Transition = Literal["alarm", "fault", "normal"]
"""To-offnormal, to-fault and to-normal, in the order of the standard."""

DeviceId = Annotated[int, Field(ge=0, le=LAST_INSTANCE)]
NetworkNumber = Annotated[int, Field(ge=1, le=65534)]
Priority = Annotated[int, Field(ge=0, le=255)]


def place(text: str) -> tuple[str, int]:
    """Return address and port of `192.0.2.1` or `192.0.2.1:47808`; raises ValueError."""
    host, colon, port = text.partition(":")
    try:
        address = ipaddress.IPv4Address(host)
        number = int(port) if colon else PORT
    except ValueError:
        raise ValueError(f"'{text}' is no station; write it as 192.0.2.1:47808") from None
    if not 1 <= number <= 65535 or address.is_multicast or int(address) in (0, 0xFFFFFFFF):
        raise ValueError(f"'{text}' is no station; write it as 192.0.2.1:47808")
    return str(address), number


def _place(text: str) -> str:
    place(text)
    return text


def _network(text: str) -> str:
    network(text)
    return text


def _not_everybody(texts: list[str]) -> list[str]:
    if is_everybody([network(text) for text in texts]):
        raise ValueError("everybody could set the clock of this machine; name smaller networks")
    return texts


def _address(text: str) -> str:
    try:
        interface = ipaddress.IPv4Interface(text)
    except ValueError:
        return text  # auto, or an interface
    if interface.network.prefixlen == 0:
        raise ValueError(f"'{text}' has everybody in its subnet; write it as 192.0.2.5/24")
    return text


def _hash(text: str) -> str:
    unlock_code.check(text)
    return text


def _priorities() -> dict[Transition, int]:
    return {"alarm": 64, "fault": 128, "normal": 192}


Station = Annotated[str, AfterValidator(_place)]
Address = Annotated[str, AfterValidator(_address)]
Prefix = Annotated[str, Field(max_length=40), AfterValidator(printable)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class ForeignSettings(_Strict):
    """Registers with a BBMD of another subnet as a foreign device."""

    bbmd: Station = Field(description="The BBMD, such as 192.0.2.1:47808")
    ttl: int = Field(default=300, ge=30, le=65535, description="Seconds between registrations")


class BbmdSettings(_Strict):
    """Passes broadcasts on between subnets."""

    peers: list[Station] = Field(
        default_factory=list, max_length=128, description="The BBMDs of the other subnets"
    )
    foreign_devices: int = Field(
        default=32, ge=0, le=512, description="How many foreign devices may register; 0: none"
    )


class CovSettings(_Strict):
    """Change-of-value subscriptions to all devices of the face together."""

    subscriptions: int = Field(
        default=10_000, ge=0, le=100_000, description="At most, of all clients"
    )
    of_one_client: int = Field(
        default=5000, ge=1, le=100_000, description="At most, of one IP address"
    )


class RecipientSettings(_Strict):
    """One who is told of alarms: a station, or a device that is looked for."""

    address: Station | None = Field(default=None, description="Where it is, 192.0.2.20:47808")
    device: DeviceId | None = Field(default=None, description="Or which device it is")
    process: int = Field(default=1, ge=0, le=0xFFFFFFFF, description="Process identifier")
    confirmed: bool = Field(default=True, description="Ask for an acknowledgement of receipt")
    transitions: list[Transition] = Field(default=["alarm", "fault", "normal"])

    @model_validator(mode="after")
    def _one(self) -> "RecipientSettings":
        if (self.address is None) == (self.device is None):
            raise ValueError("a recipient has either an 'address' or a 'device'; write one of them")
        return self


class AlarmReporting(_Strict):
    """How alarms are reported: the notification class of the alarm points."""

    events: list[Transition] = Field(
        default=["alarm", "fault", "normal"], description="Which transitions are reported at all"
    )
    priorities: dict[Transition, Priority] = Field(
        default_factory=_priorities,
        description="0 is the most urgent, 255 the least",
    )
    acknowledge: list[Transition] = Field(
        default_factory=list, description="Transitions that somebody has to acknowledge"
    )
    delay: int = Field(default=0, ge=0, le=86_400, description="Seconds that a state must last")
    recipients: list[RecipientSettings] = Field(default_factory=list, max_length=64)


class TrendSettings(_Strict):
    """The trend logs of each meter, which are read from the store."""

    points: list[str] = Field(default=list(DEFAULT_TRENDS))
    records: int = Field(default=10_000, ge=1, le=100_000, description="The most that one holds")


class BacnetSettings(_Strict):
    """The BACnet/IP face."""

    address: Address = Field(
        default="auto", description="auto, an interface such as eth0, or 192.0.2.5/24"
    )
    port: int = Field(default=PORT, ge=1, le=65535)
    layout: Layout = Field(
        default="device",
        description="One device for all meters; a device for each on a virtual network behind "
        "this one; or a device for each at an address of its own",
    )
    device_id: DeviceId | None = Field(
        default=None, description="Device instance, unique on the site; not with ip_per_meter"
    )
    device_name: Name | None = Field(default=None, description="Default: the site")
    vendor_id: int = Field(default=999, ge=0, le=65535, description="Assigned by ASHRAE")
    vendor_name: Name = "submeter"
    model_name: Name = "submeter"
    description: Title = ""
    location: Title = ""
    network_number: NetworkNumber | None = Field(
        default=None, description="Of the virtual network, unique on the site; layout network"
    )
    ip_network_number: NetworkNumber | None = Field(
        default=None, description="Of the IP network, if it has one; else it is learnt"
    )
    announce: bool = Field(
        default=True,
        description="Devices of the virtual network answer a Who-Is or Who-Has for the IP network "
        "only, too",
    )
    absent: Literal["no-sensor", "omit"] = Field(
        default="no-sensor",
        description="Points that a meter never has: objects with that reliability, or none",
    )
    foreign: ForeignSettings | None = None
    bbmd: BbmdSettings | None = None
    cov: CovSettings = CovSettings()
    alarms: AlarmReporting = AlarmReporting()
    trends: TrendSettings = TrendSettings()
    password: Annotated[str, AfterValidator(_hash)] | None = Field(
        default=None,
        description="The hash that 'submeter settings passwd' prints, of the password of "
        "DeviceCommunicationControl and ReinitializeDevice; without one neither is served",
    )
    time_synchronization: Annotated[
        list[Annotated[str, AfterValidator(_network)]], AfterValidator(_not_everybody)
    ] = Field(
        default_factory=list,
        description="Networks from which TimeSynchronization may set this machine's clock",
    )

    @model_validator(mode="after")
    def _agree(self) -> "BacnetSettings":
        if self.layout == "ip_per_meter" and self.device_id is not None:
            raise ValueError(
                "with layout ip_per_meter each meter is a device of its own; "
                "move 'device_id' to the 'bacnet' of each meter"
            )
        if self.layout != "ip_per_meter" and self.device_id is None:
            raise ValueError("key 'device_id' is missing; add the number of the device")
        if (self.layout == "network") != (self.network_number is not None):
            raise ValueError(
                "'network_number' belongs to layout network, which needs one; "
                "add or remove it, or change 'layout'"
            )
        if self.foreign and self.bbmd:
            raise ValueError("a BBMD is no foreign device; remove 'foreign' or 'bbmd'")
        if self.foreign and self.layout == "ip_per_meter":
            raise ValueError("'foreign' does not go with layout ip_per_meter; remove one of them")
        if self.bbmd and self.layout == "ip_per_meter":
            raise ValueError("'bbmd' does not go with layout ip_per_meter; remove one of them")
        return self


class MeterInBacnet(_Strict):
    """The place of a meter's objects: among those of the one device, or as a device of its own."""

    instance_offset: int = Field(
        default=0, ge=0, le=LAST_INSTANCE, description="Added to its object instances; device"
    )
    name_prefix: Prefix = Field(default="", description="Before its object names; layout device")
    device_id: DeviceId | None = Field(
        default=None, description="Its device instance; layouts network and ip_per_meter"
    )
    device_name: Name | None = Field(default=None, description="Default: site and meter")
    location: Title = ""
    address: Address | None = Field(
        default=None, description="Its own address, 192.0.2.11/24; layout ip_per_meter"
    )
