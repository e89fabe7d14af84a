"""Stations that the BACnet configuration names: that are we ourselves, or stand there twice."""

import ipaddress
from collections.abc import Iterator, Sequence

from submeter import yamlfile
from submeter.bacnet.peer import Place
from submeter.bacnet.settings import BacnetSettings, RecipientSettings, place
from submeter.bacnet_clashes import Clash
from submeter.config import MeterEntry

_RECIPIENTS: yamlfile.Loc = ("bacnet", "alarms", "recipients")


def faults(settings: BacnetSettings, meters: Sequence[MeterEntry]) -> Iterator[Clash]:
    """Find stations that cannot be meant.

    What an interface, or `auto`, stands for is known to the machine alone: it is not looked at.
    """
    interfaces = list(_interfaces(settings, meters))
    own = {(str(each.ip), settings.port) for each in interfaces}
    everybody = {str(each.network.broadcast_address) for each in interfaces if _is_subnet(each)}
    yield from _management(settings, own)
    yield from _ourselves(settings, meters, own)
    yield from _broadcasts(settings, everybody)
    yield from _twice(settings.alarms.recipients)


def _interfaces(
    settings: BacnetSettings, meters: Sequence[MeterEntry]
) -> Iterator[ipaddress.IPv4Interface]:
    """Yield the addresses of ours that the configuration writes out, with /32 for no subnet."""
    written = [settings.address]
    if settings.layout == "ip_per_meter":
        written = [each.bacnet.address or "" for each in meters]
    for text in written:
        try:
            yield ipaddress.IPv4Interface(text)
        except ValueError:
            continue


def _is_subnet(interface: ipaddress.IPv4Interface) -> bool:
    """Tell whether it has a broadcast address (RFC 3021)."""
    return interface.network.prefixlen < 31


def _management(settings: BacnetSettings, own: set[Place]) -> Iterator[Clash]:
    if settings.foreign and place(settings.foreign.bbmd) in own:
        message = "that is this device itself; name a BBMD of another subnet, or remove 'foreign'"
        yield ("bacnet", "foreign", "bbmd"), message
    peers = [place(text) for text in settings.bbmd.peers] if settings.bbmd else []
    for number, peer in enumerate(peers):
        loc = ("bacnet", "bbmd", "peers", number)
        if peer in own:
            yield loc, "that is this device itself, which need not be listed; remove it"
        elif peer in peers[:number]:
            yield loc, "this peer stands twice here; remove one"


def _ourselves(
    settings: BacnetSettings, meters: Sequence[MeterEntry], own: set[Place]
) -> Iterator[Clash]:
    """Find recipients of alarms that send them."""
    devices = {settings.device_id, *(each.bacnet.device_id for each in meters)}
    for number, each in enumerate(settings.alarms.recipients):
        ours = each.device is not None and each.device in devices
        if ours or (each.address is not None and place(each.address) in own):
            key = "device" if ours else "address"
            message = "that is this device itself; name the station that is to be told"
            yield (*_RECIPIENTS, number, key), message


def _broadcasts(settings: BacnetSettings, everybody: set[str]) -> Iterator[Clash]:
    """Find broadcast addresses where one station is meant."""
    what = "that is the broadcast address of our subnet; name the one station"
    if settings.foreign and place(settings.foreign.bbmd)[0] in everybody:
        yield ("bacnet", "foreign", "bbmd"), what
    for number, text in enumerate(settings.bbmd.peers if settings.bbmd else ()):
        if place(text)[0] in everybody:
            yield ("bacnet", "bbmd", "peers", number), what
    for number, each in enumerate(settings.alarms.recipients):
        if each.confirmed and each.address and place(each.address)[0] in everybody:
            yield (*_RECIPIENTS, number, "address"), f"{what}, or set 'confirmed: false'"


def _twice(recipients: Sequence[RecipientSettings]) -> Iterator[Clash]:
    """Find recipients that would be told of the same transition twice."""
    for number, each in enumerate(recipients):
        if any(_same(each, other) for other in recipients[:number]):
            message = (
                "this recipient stands twice here, with the same process and transitions; "
                "remove one, or give each its own 'transitions'"
            )
            yield (*_RECIPIENTS, number), message


def _same(one: RecipientSettings, other: RecipientSettings) -> bool:
    return (_who(one), one.process) == (_who(other), other.process) and not set(
        one.transitions
    ).isdisjoint(other.transitions)


def _who(each: RecipientSettings) -> Place | int | None:
    return each.device if each.address is None else place(each.address)
