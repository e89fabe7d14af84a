"""From a meter's entry in the configuration to its setup: points, ranges and units checked."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from submeter import yamlfile
from submeter.config import Loaded, MeterEntry
from submeter.errors import ConfigError, WriteRefusedError
from submeter.meter.settings import Settings
from submeter.meter.setup import Setup
from submeter.pointmap import points

DEFAULT_BAUDRATE = 19_200


def setup(loaded: Loaded, entry: MeterEntry, loc: yamlfile.Loc, largest_power: float) -> Setup:
    """Return the setup of `entry`, which stands at `loc`; raises ConfigError.

    `largest_power` in W is what its sources can carry, where no rating is configured.
    """
    faults = [loaded.document.fault(place, message) for place, message in _faults(entry, loc)]
    if faults:
        raise ConfigError(*faults)
    power = entry.rating.power
    return Setup(
        initial={name: _thousandths(number) for name, number in entry.initial_index.items()},
        largest_power=power * 1000 if power else largest_power,
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


def _configured(loaded: Loaded, entry: MeterEntry) -> dict[str, int | float]:
    rtu = loaded.config.modbus.rtu
    communication = {
        "Modbus_Address": entry.unit_id,
        "Modbus_Baudrate": rtu.baudrate if rtu else DEFAULT_BAUDRATE,
    }
    return communication | entry.settings


def _thousandths(number: int | float) -> int:
    """Return kWh (kvarh) as whole mWh (mvarh), by the decimal digits that were written."""
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
