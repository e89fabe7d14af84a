"""The Protocol Implementation Conformance Statement of a device (ASHRAE 135, annex A)."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date

from bacpypes3.basetypes import PropertyIdentifier
from bacpypes3.primitivedata import ObjectType

from submeter import __version__
from submeter.bacnet.application.limits import LARGEST_APDU, WINDOW
from submeter.bacnet.documents import bibbs
from submeter.bacnet.documents.markdown import table
from submeter.bacnet.documents.settable import settable
from submeter.bacnet.host import Host
from submeter.bacnet.objects.device import REVISION
from submeter.bacnet.objects.served import OPTIONAL, PRESENT_VALUE, ServedObject
from submeter.bacnet.settings import BacnetSettings

_TITLE = "# BACnet Protocol Implementation Conformance Statement"
_METER = (
    "A virtual electrical submeter: a program that reads instruments and serves their "
    "measurements as a meter."
)
_ROUTER = (
    "A router to the devices of virtual electrical submeters: a program that reads instruments and "
    "serves their measurements as meters."
)
_TRENDS = (
    "Trend logs are read by ReadRange. Their Enable and Record_Count cannot be written, so that no "
    "building block of trending is claimed."
)
_TREND_LOG = 20


def statements(hosts: Iterable[Host], settings: BacnetSettings, on: date, writable: bool) -> str:
    """Return a statement for each kind of device among `hosts`, in Markdown, dated `on`.

    Devices are of one kind if there is nothing else to say of them. `writable` tells whether
    anybody may write at all.
    """
    kinds: dict[str, list[int]] = {}
    for host in hosts:
        kinds.setdefault(_statement(host, settings, on, writable), []).append(
            host.identity.instance
        )
    if len(kinds) == 1:
        return f"{_TITLE}\n\n{next(iter(kinds))}"
    return "\n".join(
        f"{_TITLE}: {_devices(instances)}\n\n{text}" for text, instances in kinds.items()
    )


def _devices(instances: Sequence[int]) -> str:
    return f"device{'s' if len(instances) > 1 else ''} {', '.join(map(str, instances))}"


def _statement(host: Host, settings: BacnetSettings, on: date, writable: bool) -> str:
    types = {entry.type for entry in host.table}
    blocks = list(bibbs.claimed(host.application.confirmed, host.application.unconfirmed, types))
    names = [block.name for block in blocks]
    short, title = bibbs.profile(names)
    router = settings.layout == "network" and not host.meters
    behind = settings.layout == "network" and not router
    parts = [
        table(
            ("", ""),
            [
                ("Date", f"{on:%Y-%m-%d}"),
                ("Vendor Name", settings.vendor_name),
                ("Vendor Identifier", str(settings.vendor_id)),
                ("Product Name", settings.model_name),
                ("Product Model Number", host.identity.model),
                ("Application Software Version", __version__),
                ("Firmware Revision", __version__),
                ("BACnet Protocol Revision", str(REVISION)),
            ],
        ),
        "## Product Description",
        _ROUTER if router else _METER,
        "## BACnet Standardized Device Profile (Annex L)",
        f"{title} ({short})",
        "## BACnet Interoperability Building Blocks Supported (Annex K)",
        table(("BIBB", "name"), [(block.name, block.title) for block in blocks]),
        _conditions(names),
        *([_TRENDS] if _TREND_LOG in types else []),
        "## Segmentation Capability",
        f"Able to transmit and to receive segmented messages, window size {WINDOW} either way.",
        "## Standard Object Types Supported",
        "No object can be created or deleted by a client. Writable properties are writable only "
        "where the configuration opens them, from the networks it names and after the unlock code.",
        table(
            ("object type", "optional properties", "writable properties"),
            _types(host, settable(host, writable)),
        ),
        "## Data Link Layer Options",
        _data_link(settings, behind),
        "## Device Address Binding",
        "Static device binding is not supported.",
        "## Networking Options",
        "\n".join(f"- {line}" for line in _networking(settings, router, behind)),
        "## Character Sets Supported",
        "ISO 10646 (UTF-8) is sent; UTF-8, UCS-2 and ISO 8859-1 are understood.",
        "## Not Supported",
        "BACnet/IPv6, BACnet/SC, MS/TP, Ethernet, ARCNET and LonTalk; network security.",
    ]
    return "\n\n".join(part.rstrip("\n") for part in parts) + "\n"


def _conditions(names: Collection[str]) -> str:
    """Return which blocks are there with a key of the configuration only."""
    listed = "; ".join(
        f"{' and '.join(own)} with `{key}`" for key, own in bibbs.conditional().items()
    )
    short, title = bibbs.profile(set(names) - {bibbs.CONTROL})
    return (
        f"Only where the configuration asks for them: {listed}. Without {bibbs.CONTROL} the "
        f"profile is {title} ({short})."
    )


def _data_link(settings: BacnetSettings, behind: bool) -> str:
    if behind:
        return f"A virtual network (Annex H); the largest APDU is {LARGEST_APDU} octets."
    return (
        f"BACnet IP (Annex J); the largest APDU is {LARGEST_APDU} octets; UDP port {settings.port}."
    )


def _networking(settings: BacnetSettings, router: bool, behind: bool) -> Iterator[str]:
    if behind:
        yield (
            f"None: a device on the virtual network {settings.network_number}, behind the router "
            f"that is device {settings.device_id}"
        )
        return
    if router:
        yield f"Router between BACnet/IP and a virtual network, number {settings.network_number}"
    if settings.bbmd:
        yield (
            "BACnet/IP Broadcast Management Device (BBMD); "
            f"registrations of {settings.bbmd.foreign_devices} foreign devices"
        )
    elif settings.foreign:
        yield "Registers as a foreign device"
    else:
        yield "Neither BBMD nor foreign device as configured; it can be either"


def _types(host: Host, writable: Collection[int]) -> Iterator[Sequence[str]]:
    by_type: dict[int, list[ServedObject]] = {}
    for entry in host.table:
        by_type.setdefault(entry.type, []).append(entry)
    for number, entries in sorted(by_type.items()):
        optional = {own for entry in entries for own in entry.group(OPTIONAL)}
        yield (
            str(ObjectType(number)),
            ", ".join(_names(optional)),
            str(PropertyIdentifier(PRESENT_VALUE))
            if any(entry.identifier in writable for entry in entries)
            else "",
        )


def _names(numbers: Iterable[int]) -> list[str]:
    return sorted(str(PropertyIdentifier(number)) for number in numbers)
