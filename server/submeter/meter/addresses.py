"""The serial addresses of several meters, of which no two may be the same."""

from collections.abc import Mapping
from functools import partial

from submeter.meter.settings import Number, Settings

ADDRESS = "Modbus_Address"


def keep_apart(meters: Mapping[str, Settings]) -> None:
    """Let no two of `meters`, which are by name, have one address, neither now nor later.

    A stored address that another meter has is ignored; of two stored ones that of the later meter.
    Those that are not stored must differ already.
    """
    while found := _intruder(meters):
        name, other = found
        value = meters[name].value(ADDRESS)
        meters[name].ignore(ADDRESS, f"{value:g} is that of meter '{other}'")
    for name, settings in meters.items():
        settings.object_to(ADDRESS, partial(_objection, meters, name))


def _intruder(meters: Mapping[str, Settings]) -> tuple[str, str] | None:
    """Return a meter with a stored address that another one has, and that other one."""
    stored = {name: each.origin(ADDRESS) == "stored" for name, each in meters.items()}
    owners: dict[Number | None, str] = {}
    for name in sorted(meters, key=lambda name: stored[name]):
        address = meters[name].value(ADDRESS)
        owner = owners.setdefault(address, name)
        if stored[name] and owner != name:
            return name, owner
    return None


def _objection(meters: Mapping[str, Settings], name: str, address: Number) -> str | None:
    for other, settings in meters.items():
        if other != name and settings.value(ADDRESS) == address:
            return f"{ADDRESS} {address:g} is that of meter '{other}'; take another"
    return None
