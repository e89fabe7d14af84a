"""Objects of one BACnet device that would have the same number or name."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

from submeter import yamlfile
from submeter.bacnet import names
from submeter.bacnet.settings import BacnetSettings, MeterInBacnet
from submeter.config import MeterEntry
from submeter.pointmap.meter_file import LAST_INSTANCE
from submeter.pointmap.meter_map import MeterMap

Mapped = tuple[MeterEntry, MeterMap]
Clash = tuple[yamlfile.Loc, str]

_OF_STATION = (names.NETWORK_PORT,)
_OF_ROUTER = (names.NETWORK_PORT, names.VIRTUAL_NETWORK_PORT)
_BEHIND = (names.VIRTUAL_NETWORK_PORT,)
_WITH_METERS = (names.NOTIFICATION_CLASS, names.UNLOCK_CODE)


class Numbered(NamedTuple):
    """An object that a meter has: its type and instance, and its name."""

    number: tuple[str, int]
    name: str


def of_meter(
    mapped: MeterMap, trends: Collection[str], place: MeterInBacnet | None = None
) -> Iterator[Numbered]:
    """Yield the objects of a meter with the map `mapped` and logs of the points `trends`."""
    offset, prefix = (place.instance_offset, place.name_prefix) if place else (0, "")
    yield Numbered(("structured-view", offset + names.VIEW_INSTANCE), prefix + names.VIEW)
    for each in mapped.objects:
        yield Numbered((each.object, offset + each.instance), prefix + each.name)
    shown = {each.point.name for each in mapped.objects}
    for point, number in names.trend_instances().items():
        if point in trends and point in shown:
            yield Numbered(("trend-log", offset + number), prefix + names.trend(point))


def of_one_device(settings: BacnetSettings, site: str, meters: Sequence[Mapped]) -> Iterator[Clash]:
    """Find what clashes where all the meters are in one device."""
    title = settings.device_name or site
    own = (*_OF_STATION, *_WITH_METERS)
    yield from _misnamed(title, own, _loc(settings), "bacnet.device_name")
    numbers: dict[tuple[str, int], str] = {}
    called: dict[str, str] = {}
    for index, (entry, mapped) in enumerate(meters):
        objects = list(of_meter(mapped, settings.trends.points, entry.bacnet))
        loc = ("meters", index, "bacnet")
        yield from _numbers(entry.name, index, objects, numbers, (*loc, "instance_offset"))
        if title in {each.name for each in objects}:
            yield _loc(settings), _named_as_object(title, entry.name, "bacnet.device_name")
        yield from _names(entry.name, objects, own, called, (*loc, "name_prefix"))
        yield from _twice(mapped, settings.trends.points, ("meters", index, "map"))
        numbers |= dict.fromkeys((each.number for each in objects), entry.name)
        called |= dict.fromkeys((each.name for each in objects), f"meter '{entry.name}'")


def of_router(settings: BacnetSettings, site: str) -> Iterator[Clash]:
    """Find what clashes in the device that is the router."""
    title = settings.device_name or site
    yield from _misnamed(title, _OF_ROUTER, _loc(settings), "bacnet.device_name")


def of_own_device(
    settings: BacnetSettings, title: str, index: int, entry: MeterEntry, mapped: MeterMap
) -> Iterator[Clash]:
    """Find what clashes in the device called `title` that the one meter `entry` is."""
    behind = settings.layout == "network"
    own = (*(_BEHIND if behind else _OF_STATION), *_WITH_METERS)
    objects = list(of_meter(mapped, settings.trends.points))
    loc: yamlfile.Loc = ("meters", index)
    key = "its bacnet.device_name"
    yield from _misnamed(title, own, (*loc, "bacnet", "device_name"), key)
    if title in {each.name for each in objects}:
        yield (*loc, "bacnet", "device_name"), _named_as_object(title, entry.name, key)
    for each in objects:
        if each.name in own:
            yield (*loc, "map"), _reserved(mapped, each.name)
    yield from _twice(mapped, settings.trends.points, (*loc, "map"))


def _loc(settings: BacnetSettings) -> yamlfile.Loc:
    """Return where the name of the device stands."""
    return ("bacnet", "device_name") if settings.device_name else ("site",)


def _misnamed(title: str, own: Collection[str], loc: yamlfile.Loc, key: str) -> Iterator[Clash]:
    if title in own:
        yield loc, f"'{title}' is the name of an object that every device has; change {key}"


def _named_as_object(title: str, meter: str, key: str) -> str:
    return f"the device is called '{title}', as an object of meter '{meter}'; change {key}"


def _numbers(
    meter: str,
    index: int,
    objects: Iterable[Numbered],
    taken: dict[tuple[str, int], str],
    loc: yamlfile.Loc,
) -> Iterator[Clash]:
    found = [each.number for each in objects]
    if any(instance > LAST_INSTANCE for _, instance in found):
        yield loc, f"instance_offset puts objects of '{meter}' beyond {LAST_INSTANCE}"
    if other := next((taken[each] for each in found if each in taken), None):
        yield (
            loc,
            f"meters '{other}' and '{meter}' have the same BACnet object instances; "
            f"give '{meter}' its own bacnet.instance_offset, such as {1000 * index}",
        )


def _names(
    meter: str,
    objects: Sequence[Numbered],
    own: Collection[str],
    taken: dict[str, str],
    loc: yamlfile.Loc,
) -> Iterator[Clash]:
    if other := next((taken[each.name] for each in objects if each.name in taken), None):
        yield (
            loc,
            f"meter '{meter}' has BACnet object names that {other} has already; "
            f"give '{meter}' its own bacnet.name_prefix, such as '{meter}.'",
        )
    for each in objects:
        if each.name in own:
            yield (
                loc,
                f"meter '{meter}' has an object '{each.name}', as every device has; "
                f"give '{meter}' another bacnet.name_prefix, such as '{meter}.'",
            )


def _twice(mapped: MeterMap, trends: Collection[str], loc: yamlfile.Loc) -> Iterator[Clash]:
    """Find names of the map that its meter gives to its view or to a trend log."""
    count = Counter(each.name for each in of_meter(mapped, trends))
    for name, times in count.items():
        if times > 1:
            yield loc, _reserved(mapped, name)


def _reserved(mapped: MeterMap, name: str) -> str:
    return (
        f"map '{mapped.name}' names an object '{name}', which every meter has; "
        "give it another 'name' in the map"
    )
