"""What must agree between the meters of a configuration for BACnet: numbers, names, addresses."""

from collections.abc import Iterator, Sequence
from typing import Any

from submeter import bacnet_clashes as clashes
from submeter import bacnet_stations, yamlfile
from submeter.bacnet.settings import BacnetSettings
from submeter.bacnet_clashes import Clash, Mapped
from submeter.config import Loaded, MeterEntry
from submeter.pointmap import points
from submeter.pointmap.meter_file import LONGEST_NAME

_OF_LAYOUT = {
    "device": ("instance_offset", "name_prefix"),
    "network": ("device_id", "device_name", "location"),
    "ip_per_meter": ("device_id", "device_name", "location", "address"),
}


def device_name(site: str, entry: MeterEntry) -> str:
    """Return the name of the device that the meter `entry` is, where each is one."""
    return entry.bacnet.device_name or f"{site} {entry.name}"


def faults(loaded: Loaded, meters: Sequence[Mapped]) -> Iterator[str]:
    """Yield a line for each fault in how the meters share devices, numbers, names and addresses."""
    if settings := loaded.config.bacnet:
        for loc, message in _found(settings, loaded.config.site, meters):
            yield loaded.document.fault(loc, message)


def _found(settings: BacnetSettings, site: str, meters: Sequence[Mapped]) -> Iterator[Clash]:
    yield from _trends(settings)
    yield from _strangers(settings, meters)
    yield from bacnet_stations.faults(settings, [entry for entry, _ in meters])
    if not site.isprintable():
        yield ("site",), "BACnet has the site in names, which are of printable characters only"
    if len(site) > LONGEST_NAME:
        yield ("site",), f"BACnet has the site in names; give it {LONGEST_NAME} characters at most"
    if settings.layout == "device":
        yield from clashes.of_one_device(settings, site, meters)
        return
    yield from _devices(settings, site, meters)
    if settings.layout == "network":
        yield from _networks(settings)
        yield from clashes.of_router(settings, site)
    for index, (entry, mapped) in enumerate(meters):
        title = device_name(site, entry)
        yield from clashes.of_own_device(settings, title, index, entry, mapped)


def _trends(settings: BacnetSettings) -> Iterator[Clash]:
    """Find trends of points that there are not, or twice."""
    known = points.all_points()
    for number, name in enumerate(settings.trends.points):
        loc = ("bacnet", "trends", "points", number)
        if name not in known:
            yield loc, f"unknown point '{name}'; {yamlfile.suggest(name, list(known))}"
        elif name in settings.trends.points[:number]:
            yield loc, f"point {name} stands twice here; remove one"


def _networks(settings: BacnetSettings) -> Iterator[Clash]:
    number = settings.network_number
    if number == settings.ip_network_number:
        message = f"network {number} is the virtual one; give the IP network the number it has"
        yield ("bacnet", "ip_network_number"), message


def _strangers(settings: BacnetSettings, meters: Sequence[Mapped]) -> Iterator[Clash]:
    """Find keys of meters that mean nothing in this layout."""
    known = _OF_LAYOUT[settings.layout]
    for index, (entry, _) in enumerate(meters):
        for key in sorted(entry.bacnet.model_fields_set):
            if key not in known:
                yield (
                    ("meters", index, "bacnet", key, "@key"),
                    f"'{key}' means nothing with layout {settings.layout}; there are "
                    f"{', '.join(known)}",
                )


def _devices(settings: BacnetSettings, site: str, meters: Sequence[Mapped]) -> Iterator[Clash]:
    """Find meters without a device of their own, or with that of another."""
    taken: dict[str, dict[Any, str]] = {"device_id": {}, "address": {}, "device_name": {}}
    if settings.device_id is not None:
        taken["device_id"][settings.device_id] = "the router"
        taken["device_name"][settings.device_name or site] = "the router"
    needed = {"network": ("device_id",), "ip_per_meter": ("device_id", "address")}[settings.layout]
    for index, (entry, _) in enumerate(meters):
        loc = ("meters", index, "bacnet")
        given = {
            "device_id": entry.bacnet.device_id,
            "address": (entry.bacnet.address or "").partition("/")[0] or None,
            "device_name": device_name(site, entry),
        }
        for key, value in given.items():
            if value is None and key in needed:
                message = (
                    f"with layout {settings.layout} meter '{entry.name}' needs its own "
                    f"bacnet.{key}; add it"
                )
                yield loc, message
            elif other := taken[key].get(value):
                message = f"{key} {value} is that of {other} already; give '{entry.name}' another"
                yield (*loc, key), message
            elif value is not None:
                taken[key][value] = f"meter '{entry.name}'"
