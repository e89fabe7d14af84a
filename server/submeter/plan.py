"""What a configuration comes to: its meters with maps and sources, checked before any start."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from submeter import yamlfile
from submeter.config import Loaded, MeterEntry
from submeter.errors import ConfigError, LinkError
from submeter.meter.derived import prospects
from submeter.meter.meter import COMMUNICATION, Meter
from submeter.meter.reading import Quality
from submeter.pointmap import folders, meter_map, source_map
from submeter.pointmap.meter_map import LAST_INSTANCE, MeterMap
from submeter.sources import port
from submeter.sources.simulated.settings import SimulatedSettings
from submeter.sources.simulated.source import SimulatedSource
from submeter.sources.source import Source
from submeter.sources.tic.decoder import Mode
from submeter.sources.tic.settings import TicSettings
from submeter.sources.tic.source import TicSource


@dataclass(frozen=True)
class PlannedMeter:
    """A meter that is ready to be fed and served."""

    entry: MeterEntry
    map: MeterMap
    source: Source
    meter: Meter

    def expected(self) -> dict[str, Quality]:
        """Return the quality that each point will usually have, in the order of the list."""
        found = prospects(self.source.expected) | {COMMUNICATION: Quality.MEASURED}
        return {point.name: found.get(point.name, Quality.ABSENT) for point in self.map.points}


def make(loaded: Loaded) -> list[PlannedMeter]:
    """Return the meters of the configuration; raises ConfigError with every fault found."""
    faults: list[str] = []
    planned: list[PlannedMeter] = []
    for index, entry in enumerate(loaded.config.meters):
        try:
            planned.append(_meter(loaded, entry, index))
        except ConfigError as error:
            faults.extend(error.faults)
    if not faults:
        faults.extend(_shared_devices(loaded))
        faults.extend(_collisions(loaded, planned))
    if faults:
        raise ConfigError(*dict.fromkeys(faults))
    return planned


def max_age(loaded: Loaded, entry: MeterEntry) -> float:
    """Return the seconds after which a value of the meter `entry` is stale."""
    match entry.sources[0].settings:
        case TicSettings(maps=maps):
            names = (maps.standard, maps.historique)
            return max(source_map.load(name, (), loaded.own_maps).max_age for name in names)
        case _:
            return SimulatedSource.max_age


def _meter(loaded: Loaded, entry: MeterEntry, index: int) -> PlannedMeter:
    loc: yamlfile.Loc = ("meters", index)
    map_of_meter = meter_map.read(_map_file(loaded, "meters", entry.map, (*loc, "map")))
    source = _source(loaded, entry, (*loc, "sources", 0))
    meter = Meter(entry.name, map_of_meter.points, source.expected, source.max_age)
    return PlannedMeter(entry, map_of_meter, source, meter)


def _source(loaded: Loaded, entry: MeterEntry, loc: yamlfile.Loc) -> Source:
    match entry.sources[0].settings:
        case TicSettings() as settings:
            return _tic(loaded, entry.name, settings, (*loc, "tic"))
        case SimulatedSettings() as settings:
            now = time.localtime()
            second_of_day = now.tm_hour * 3600 + now.tm_min * 60 + now.tm_sec
            return SimulatedSource(entry.name, settings, second_of_day)
        case None:
            raise AssertionError("the configuration model lets no empty source through")


def _tic(loaded: Loaded, name: str, settings: TicSettings, loc: yamlfile.Loc) -> TicSource:
    try:
        spec = port.parse(settings.port, loaded.folder)
        spec.check()
    except (ValueError, LinkError) as error:
        raise ConfigError(loaded.document.fault((*loc, "port"), str(error))) from None
    maps = {}
    for mode, map_name in (
        (Mode.STANDARD, settings.maps.standard),
        (Mode.HISTORIQUE, settings.maps.historique),
    ):
        _map_file(loaded, "sources", map_name, (*loc, "maps", mode.value))
        maps[mode] = source_map.load(map_name, settings.options, loaded.own_maps)
    known = [option for each in maps.values() for option in each.options]
    for number, option in enumerate(settings.options):
        if option not in known:
            message = f"unknown option '{option}'; {yamlfile.suggest(option, known)}"
            raise ConfigError(loaded.document.fault((*loc, "options", number), message))
    return TicSource(name, spec, settings, maps)


def _map_file(loaded: Loaded, kind: str, name: str, loc: yamlfile.Loc) -> Path:
    try:
        return folders.find(kind, name, loaded.own_maps)
    except ConfigError as error:
        raise ConfigError(loaded.document.fault(loc, str(error))) from None


def _shared_devices(loaded: Loaded) -> Iterator[str]:
    """Find serial devices that two sources would open."""
    users: dict[Path, str] = {}
    for index, entry in enumerate(loaded.config.meters):
        settings = entry.sources[0].settings
        if isinstance(settings, TicSettings) and settings.port.startswith("/"):
            device = Path(settings.port).resolve()
            if other := users.get(device):
                message = f"{settings.port} feeds meter '{other}' already; name another port"
                loc = ("meters", index, "sources", 0, "tic", "port")
                yield loaded.document.fault(loc, message)
            users[device] = entry.name


def _collisions(loaded: Loaded, planned: list[PlannedMeter]) -> Iterator[str]:
    """Find BACnet objects of two meters that would get the same number or name."""
    if loaded.config.bacnet is None:
        return
    instances: dict[tuple[str, int], str] = {}
    own = loaded.config.bacnet.device_name or loaded.config.site
    names: dict[str, str] = {own: "the device", "Network_Port": "the network port"}
    for index, each in enumerate(planned):
        name, place = each.entry.name, each.entry.bacnet
        loc = ("meters", index, "bacnet")
        taken = {(o.object, o.instance + place.instance_offset) for o in each.map.objects}
        called = {place.name_prefix + o.name for o in each.map.objects}
        if any(instance > LAST_INSTANCE for _, instance in taken):
            message = f"instance_offset puts objects of '{name}' beyond {LAST_INSTANCE}"
            yield loaded.document.fault((*loc, "instance_offset"), message)
        if other := next((instances[key] for key in sorted(taken) if key in instances), None):
            message = (
                f"meters '{other}' and '{name}' have the same BACnet object instances; "
                f"give '{name}' its own bacnet.instance_offset, such as {1000 * index}"
            )
            yield loaded.document.fault((*loc, "instance_offset"), message)
        if other := next((names[key] for key in sorted(called) if key in names), None):
            message = (
                f"meter '{name}' has BACnet object names that {other} has already; "
                f"give '{name}' its own bacnet.name_prefix, such as '{name}.'"
            )
            yield loaded.document.fault((*loc, "name_prefix"), message)
        instances |= dict.fromkeys(taken, name)
        names |= dict.fromkeys(called, f"meter '{name}'")
