"""The Protocol Implementation Conformance Statement of a device (ASHRAE 135, annex A)."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date

from bacpypes3.basetypes import PropertyIdentifier
from bacpypes3.primitivedata import ObjectType

from submeter import __version__
from submeter.bacnet.application.limits import LARGEST_APDU
from submeter.bacnet.documents import bibbs
from submeter.bacnet.host import Host
from submeter.bacnet.objects.device import REVISION
from submeter.bacnet.objects.served import OPTIONAL, PRESENT_VALUE, ServedObject
from submeter.bacnet.settings import BacnetSettings


def statement(host: Host, settings: BacnetSettings, on: date) -> str:
    """Return the statement of the device `host`, in Markdown, dated `on`."""
    blocks = list(
        bibbs.claimed(
            host.application.confirmed,
            host.application.unconfirmed,
            {entry.type for entry in host.table},
        )
    )
    names = [block.name for block in blocks]
    short, title = bibbs.profile(names)
    parts = [
        "# BACnet Protocol Implementation Conformance Statement",
        _table(
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
        "A virtual electrical submeter: a program that reads instruments and serves their "
        "measurements as a meter.",
        "## BACnet Standardized Device Profile (Annex L)",
        f"{title} ({short})",
        "## BACnet Interoperability Building Blocks Supported (Annex K)",
        _table(("BIBB", "name"), [(block.name, block.title) for block in blocks]),
        _conditions(names),
        "## Segmentation Capability",
        "Able to transmit and to receive segmented messages, window size 1 to 127.",
        "## Standard Object Types Supported",
        "No object can be created or deleted by a client. Writable properties are writable only "
        "where the configuration opens them, from the networks it names and after the unlock code.",
        _table(("object type", "optional properties", "writable properties"), _types(host)),
        "## Data Link Layer Options",
        f"BACnet IP (Annex J); the largest APDU is {LARGEST_APDU} octets; UDP port "
        f"{settings.port}.",
        "## Device Address Binding",
        "Static device binding is not supported.",
        "## Networking Options",
        "\n".join(f"- {line}" for line in _networking(settings)),
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


def _networking(settings: BacnetSettings) -> Iterator[str]:
    if settings.layout == "network":
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


def _types(host: Host) -> Iterator[Sequence[str]]:
    by_type: dict[int, list[ServedObject]] = {}
    for entry in host.table:
        by_type.setdefault(entry.type, []).append(entry)
    for number, entries in sorted(by_type.items()):
        optional = {own for entry in entries for own in entry.group(OPTIONAL)}
        writable = any(entry.identifier in host.writables for entry in entries)
        yield (
            str(ObjectType(number)),
            ", ".join(_names(optional)),
            str(PropertyIdentifier(PRESENT_VALUE)) if writable else "",
        )


def _names(numbers: Iterable[int]) -> list[str]:
    return sorted(str(PropertyIdentifier(number)) for number in numbers)


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [headings, tuple("---" for _ in headings), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
