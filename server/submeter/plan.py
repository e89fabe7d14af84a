"""What a configuration comes to: its meters with maps and sources, checked before any start."""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from submeter import bacnet_places, installation, source_plan, yamlfile
from submeter.config import Loaded, MeterEntry
from submeter.errors import ConfigError
from submeter.meter import expression
from submeter.meter.access import Who
from submeter.meter.calculated import Calculated
from submeter.meter.feed import Feed
from submeter.meter.instant import Instant
from submeter.meter.meter import Meter
from submeter.meter.reading import Quality
from submeter.meter.setup import Setup
from submeter.pointmap import folders, meter_map
from submeter.pointmap.meter_map import MeterMap
from submeter.pulse_output import pulse_output
from submeter.source_plan import SourcePlan
from submeter.sources.source import Source

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
        meter = Meter(self.entry.name, self.map.points, self.feeds, setup)
        if self.entry.pulse_output:
            meter.report(pulse_output.ACTIVE, 0, Instant.now())
        return meter.prospects()


def _nothing(who: Who, now: Instant) -> str:
    return "only a running meter can do that"


def make(loaded: Loaded, plugged: bool = True) -> list[PlannedMeter]:
    """Return the meters of the configuration; raises ConfigError with every fault found.

    If not `plugged`, the ports that it names need not be there: for all but starting it.
    """
    faults: list[str] = []
    planned: list[PlannedMeter] = []
    numbers = {entry.name: index for index, entry in enumerate(loaded.config.meters)}
    sources = SourcePlan(loaded, plugged)
    for name in _order(loaded):
        try:
            planned.append(_meter(loaded, numbers[name], planned, sources))
        except ConfigError as error:
            faults.extend(error.faults)
    planned.sort(key=lambda each: numbers[each.entry.name])
    if not faults:
        faults.extend(bacnet_places.faults(loaded, [(each.entry, each.map) for each in planned]))
    if faults:
        raise ConfigError(*dict.fromkeys(faults))
    return planned


def max_age(loaded: Loaded, entry: MeterEntry) -> float:
    """Return the seconds after which a value of the meter `entry` is stale."""
    if entry.calculated:
        return CALCULATED_AGE
    return max(source_plan.max_age(loaded, source) for source in entry.sources)


def _order(loaded: Loaded) -> list[str]:
    """Return the names of the meters, those that others are calculated from first."""
    entries = loaded.config.meters
    plain = [entry.name for entry in entries if not entry.calculated]
    parsed = {
        entry.name: expression.parse(entry.calculated) for entry in entries if entry.calculated
    }
    return plain + expression.order(parsed, plain)


def _meter(
    loaded: Loaded, index: int, before: Sequence[PlannedMeter], plan: SourcePlan
) -> PlannedMeter:
    loc: yamlfile.Loc = ("meters", index)
    entry = loaded.config.meters[index]
    map_of_meter = _meter_map(loaded, entry, loc)
    plan.output(entry, loc)
    sources = {
        source.called: plan.source(entry, number, (*loc, "sources", number))
        for number, source in enumerate(entry.sources)
    }
    if entry.calculated:
        # What the parts count between two commits shows at once.
        power = installation.largest_power(entry, LARGEST_POWER)
        step = int(power * loaded.config.store.commit / 3.6)
        calculated, feed = _calculated(entry.calculated, before, step)
        map_of_meter = map_of_meter.serving(feed.expected)
        own = map_of_meter.points
        made = installation.setup(loaded, entry, loc, own, (feed,), LARGEST_POWER)
        return PlannedMeter(entry, map_of_meter, sources, calculated, (feed,), made)
    feeds = tuple(
        Feed(name, source.expected, source.max_age, source.dials, source.largest_power)
        for name, source in sources.items()
    )
    power = max(source.largest_power for source in sources.values())
    map_of_meter = map_of_meter.serving({name for feed in feeds for name in feed.expected})
    made = installation.setup(loaded, entry, loc, map_of_meter.points, feeds, power)
    return PlannedMeter(entry, map_of_meter, sources, None, feeds, made)


def _calculated(text: str, before: Sequence[PlannedMeter], step: int) -> tuple[Calculated, Feed]:
    parsed = expression.parse(text)
    expected = {each.entry.name: each.expected() for each in before}
    calculated = Calculated(parsed, CALCULATED_AGE)
    # A part that has faults is missing; they stop the start once all the meters are looked at.
    parts = [expected[name] for name in parsed.names if name in expected]
    return calculated, calculated.as_feed("calculated", parts, step)


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
