"""What a configuration comes to: its meters with maps and sources, checked before any start."""

import functools
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from submeter import bacnet_places, installation, yamlfile
from submeter.config import Loaded, MeterEntry, SourceEntry
from submeter.errors import ConfigError, LinkError
from submeter.meter import expression
from submeter.meter.access import Who
from submeter.meter.calculated import Calculated
from submeter.meter.feed import Feed
from submeter.meter.instant import Instant
from submeter.meter.meter import Meter
from submeter.meter.reading import Quality
from submeter.meter.setup import Setup
from submeter.pointmap import folders, meter_map, source_map
from submeter.pointmap.meter_map import MeterMap
from submeter.sources import port
from submeter.sources.simulated.settings import SimulatedSettings
from submeter.sources.simulated.source import SimulatedSource
from submeter.sources.source import Source
from submeter.sources.tic.decoder import Mode
from submeter.sources.tic.settings import TicSettings
from submeter.sources.tic.source import TicSource

CALCULATED_AGE = 10.0  # s; the parts are looked at each second
OUTSIDE = ("Sync_Clock",)  # commands that the program does for its meters
LARGEST_POWER = 1e6  # W; a bound for what no instrument and no rating bounds


@dataclass(frozen=True)
class PlannedMeter:
    """A meter that can be built: its sources or its calculation, and what is configured of it.

    `sources` are by their name within the meter, in the order in which they are preferred.
    """

    entry: MeterEntry
    map: MeterMap
    sources: Mapping[str, Source]
    calculated: Calculated | None
    feeds: tuple[Feed, ...]
    setup: Setup

    def expected(self) -> dict[str, Quality]:
        """Return the quality that each point will usually have, in the order of the list."""
        setup = replace(self.setup, commands=dict.fromkeys(OUTSIDE, _nothing))
        return Meter(self.entry.name, self.map.points, self.feeds, setup).prospects()


def _nothing(who: Who, now: Instant) -> str:
    return "only a running meter can do that"


def make(loaded: Loaded) -> list[PlannedMeter]:
    """Return the meters of the configuration; raises ConfigError with every fault found."""
    faults: list[str] = []
    planned: list[PlannedMeter] = []
    numbers = {entry.name: index for index, entry in enumerate(loaded.config.meters)}
    for name in _order(loaded):
        try:
            planned.append(_meter(loaded, numbers[name], planned))
        except ConfigError as error:
            faults.extend(error.faults)
    planned.sort(key=lambda each: numbers[each.entry.name])
    if not faults:
        faults.extend(_shared_devices(loaded))
        faults.extend(bacnet_places.faults(loaded, [(each.entry, each.map) for each in planned]))
    if faults:
        raise ConfigError(*dict.fromkeys(faults))
    return planned


def max_age(loaded: Loaded, entry: MeterEntry) -> float:
    """Return the seconds after which a value of the meter `entry` is stale."""
    if entry.calculated:
        return CALCULATED_AGE
    return max(_max_age(loaded, source) for source in entry.sources)


def _max_age(loaded: Loaded, entry: SourceEntry) -> float:
    match entry.settings:
        case TicSettings(maps=maps):
            names = (maps.standard, maps.historique)
            return max(source_map.load(name, (), loaded.own_maps).max_age for name in names)
        case _:
            return SimulatedSource.max_age


def _order(loaded: Loaded) -> list[str]:
    """Return the names of the meters, those that others are calculated from first."""
    entries = loaded.config.meters
    plain = [entry.name for entry in entries if not entry.calculated]
    parsed = {
        entry.name: expression.parse(entry.calculated) for entry in entries if entry.calculated
    }
    return plain + expression.order(parsed, plain)


def _meter(loaded: Loaded, index: int, before: Sequence[PlannedMeter]) -> PlannedMeter:
    loc: yamlfile.Loc = ("meters", index)
    entry = loaded.config.meters[index]
    map_of_meter = _meter_map(loaded, entry, loc)
    sources = {
        source.called: _source(loaded, entry, number, (*loc, "sources", number))
        for number, source in enumerate(entry.sources)
    }
    own = map_of_meter.points
    if entry.calculated:
        # What the parts count between two commits shows at once.
        power = installation.largest_power(entry, LARGEST_POWER)
        step = int(power * loaded.config.store.commit / 3.6)
        calculated, feed = _calculated(entry.calculated, before, step)
        made = installation.setup(loaded, entry, loc, own, (feed,), LARGEST_POWER)
        return PlannedMeter(entry, map_of_meter, sources, calculated, (feed,), made)
    feeds = tuple(
        Feed(name, source.expected, source.max_age, source.dials)
        for name, source in sources.items()
    )
    power = max(source.largest_power for source in sources.values())
    made = installation.setup(loaded, entry, loc, own, feeds, power)
    return PlannedMeter(entry, map_of_meter, sources, None, feeds, made)


def _calculated(text: str, before: Sequence[PlannedMeter], step: int) -> tuple[Calculated, Feed]:
    parsed = expression.parse(text)
    expected = {each.entry.name: each.expected() for each in before}
    calculated = Calculated(parsed, CALCULATED_AGE)
    # A part that has faults is missing; they stop the start once all the meters are looked at.
    parts = [expected[name] for name in parsed.names if name in expected]
    return calculated, calculated.as_feed("calculated", parts, step)


def _source(loaded: Loaded, entry: MeterEntry, number: int, loc: yamlfile.Loc) -> Source:
    source = entry.sources[number]
    name = entry.name if len(entry.sources) == 1 else f"{entry.name}.{source.called}"
    match source.settings:
        case TicSettings() as settings:
            return _tic(loaded, name, settings, (*loc, "tic"))
        case SimulatedSettings() as settings:
            now = time.localtime()
            second_of_day = now.tm_hour * 3600 + now.tm_min * 60 + now.tm_sec
            return SimulatedSource(name, settings, second_of_day)
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


def _meter_map(loaded: Loaded, entry: MeterEntry, loc: yamlfile.Loc) -> MeterMap:
    path = _map_file(loaded, "meters", entry.map, (*loc, "map"))
    plain = _read(path, ())
    for name in entry.constants:
        if name not in plain.constants:
            known = list(plain.constants)
            hint = yamlfile.suggest(name, known) if known else "it has none"
            message = f"map '{entry.map}' has no constant '{name}'; {hint}"
            raise ConfigError(loaded.document.fault((*loc, "constants", name, "@key"), message))
    return _read(path, tuple(entry.constants.items()))


@functools.cache
def _read(path: Path, constants: tuple[tuple[str, int | float], ...]) -> MeterMap:
    """Return the map in the file `path`, which many meters may have; raises ConfigError."""
    return meter_map.read(path, dict(constants))


def _map_file(loaded: Loaded, kind: str, name: str, loc: yamlfile.Loc) -> Path:
    try:
        return folders.find(kind, name, loaded.own_maps)
    except ConfigError as error:
        raise ConfigError(loaded.document.fault(loc, str(error))) from None


def _shared_devices(loaded: Loaded) -> Iterator[str]:
    """Find serial devices that two sources, or a source and the Modbus line, would open."""
    users: dict[str, str] = {}
    if rtu := loaded.config.modbus.rtu:
        users[os.path.realpath(rtu.port)] = "is modbus.rtu.port"
    for index, entry in enumerate(loaded.config.meters):
        for number, source in enumerate(entry.sources):
            settings = source.settings
            if isinstance(settings, TicSettings) and settings.port.startswith("/"):
                device = os.path.realpath(settings.port)
                if other := users.get(device):
                    message = f"{settings.port} {other} already; name another port"
                    loc = ("meters", index, "sources", number, "tic", "port")
                    yield loaded.document.fault(loc, message)
                users[device] = f"feeds meter '{entry.name}'"
