"""From a meter's entry in the configuration to its setup: points, ranges and units checked."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from submeter import yamlfile
from submeter.config import Loaded, MeterEntry
from submeter.errors import ConfigError, WriteRefusedError
from submeter.meter.addresses import ADDRESS
from submeter.meter.energy import Energy
from submeter.meter.feed import Feed
from submeter.meter.instant import Instant
from submeter.meter.line_settings import BAUDRATE, FORMAT, FORMATS
from submeter.meter.point import Point
from submeter.meter.settings import Settings
from submeter.meter.setup import Setup
from submeter.pointmap import points

DEFAULT_BAUDRATE, DEFAULT_FORMAT = 19_200, 0  # Modbus over serial line V1.02, 3.2 and 2.5.1


def setup(
    loaded: Loaded,
    entry: MeterEntry,
    loc: yamlfile.Loc,
    own: Sequence[Point],
    feeds: Sequence[Feed],
    without_rating: float,
) -> Setup:
    """Return the setup of `entry`, which stands at `loc`; raises ConfigError.

    `own` are the points of its map, `feeds` what its sources can give. `without_rating` in W is
    what they can carry, where no rating is configured.
    """
    found = [
        *_faults(entry, loc),
        *_line_faults(loaded, entry, loc),
        *_useless(entry, loc, own, feeds),
    ]
    if found:
        raise ConfigError(*(loaded.document.fault(place, message) for place, message in found))
    return Setup(
        initial={name: _millionths(number) for name, number in entry.initial_index.items()},
        largest_power=largest_power(entry, without_rating),
        rating=entry.rating,
        alarms=entry.alarms,
        demand=entry.demand,
        configured=_configured(loaded, entry),
        sealed=entry.sealed,
        certificate=entry.mid,
        priority=entry.priority,
        return_after=entry.return_after,
        cross_check=entry.cross_check,
    )


def largest_power(entry: MeterEntry, without_rating: float) -> float:
    """Return the power in W that the connection of `entry` can carry."""
    return entry.rating.power * 1000 if entry.rating.power else without_rating


def _configured(loaded: Loaded, entry: MeterEntry) -> dict[str, int | float]:
    rtu = loaded.config.modbus.rtu
    communication = {
        ADDRESS: entry.unit_id,
        BAUDRATE: rtu.baudrate if rtu else DEFAULT_BAUDRATE,
        FORMAT: FORMATS.index(rtu.character_format) if rtu else DEFAULT_FORMAT,
    }
    return communication | entry.settings


def _millionths(number: int | float) -> int:
    """Return kWh (or m3) as whole mWh (or mL), by the decimal digits that were written."""
    return int((Decimal(repr(number)) * 1_000_000).to_integral_value())


def _faults(entry: MeterEntry, loc: yamlfile.Loc) -> Iterator[tuple[yamlfile.Loc, str]]:
    everything = points.all_points()
    indexes = [name for name, point in everything.items() if point.kind == "index"]
    configurable = [n for n, point in everything.items() if point.group == "configuration"]
    for key, given, known in (
        ("initial_index", entry.initial_index, indexes),
        ("settings", entry.settings, configurable),
        ("priority", entry.priority, list(everything)),
    ):
        for name in given:
            if name not in known:
                hint = yamlfile.suggest(name, known)
                yield (*loc, key, name, "@key"), f"'{name}' cannot stand here; {hint}"
    yield from _range_faults(entry, loc, configurable)


def _useless(
    entry: MeterEntry, loc: yamlfile.Loc, own: Sequence[Point], feeds: Sequence[Feed]
) -> Iterator[tuple[yamlfile.Loc, str]]:
    """Find what is written of points that no source of this meter has."""
    everything = points.all_points()
    counted = _counted(own, feeds)
    indexes = sorted({name for names in counted.values() for name in names})
    names = {point.name for point in own}
    given = {*indexes, *(name for feed in feeds for name in feed.expected if name in names)}
    for name in entry.priority:
        if name in everything and name not in given:
            message = (
                f"no source of this meter gives {name}; {yamlfile.suggest(name, sorted(given))}"
            )
            yield (*loc, "priority", name, "@key"), message
    for name in entry.initial_index:
        if name in everything and everything[name].kind == "index" and name not in indexes:
            message = f"no source of this meter counts {name}; {yamlfile.suggest(name, indexes)}"
            yield (*loc, "initial_index", name, "@key"), message
    check = entry.cross_check
    for source in check.sources if check else ():
        if check and check.point not in counted[source]:
            message = f"{check.point} is compared, but source '{source}' does not count it; "
            hint = yamlfile.suggest(check.point, sorted(counted[source]))
            yield (*loc, "cross_check", "point"), message + hint


def _counted(own: Sequence[Point], feeds: Sequence[Feed]) -> Mapping[str, set[str]]:
    """Return the indexes that each of `feeds` gives, by a register or by its power."""
    indexes = [point.name for point in own if point.kind == "index"]
    energy = Energy(feeds, indexes, {}, 1.0, Instant(0.0, 0.0))
    return {
        feed.name: {*energy.gives(feed.name), *(n for n in indexes if n in feed.expected)}
        for feed in feeds
    }


def _line_faults(
    loaded: Loaded, entry: MeterEntry, loc: yamlfile.Loc
) -> Iterator[tuple[yamlfile.Loc, str]]:
    """Find settings of the serial line that say other than what `modbus.rtu` says."""
    if loaded.config.modbus.rtu:
        for name, key in ((BAUDRATE, "baudrate"), (FORMAT, "parity and stop_bits")):
            if name in entry.settings:
                message = f"the line is set by modbus.rtu, for all meters on it: use its {key}"
                yield (*loc, "settings", name, "@key"), message


def _range_faults(
    entry: MeterEntry, loc: yamlfile.Loc, configurable: Sequence[str]
) -> Iterator[tuple[yamlfile.Loc, str]]:
    settings = Settings(points.standard().values(), entry.settings, {}, sealed=False)
    for name, value in entry.settings.items():
        if name in configurable:
            try:
                settings.check(name, value)
            except WriteRefusedError as error:
                yield (*loc, "settings", name), str(error)
