"""Entries of object lists: those of the standard map, and of types that it does not use."""

import dataclasses

from submeter.pointmap import meter_map

ENTRIES = {entry.name: entry for entry in meter_map.load("standard").objects}
LARGE = {
    name: dataclasses.replace(ENTRIES[name], object="large-analog-value")
    for name in ("Active_Power_Total", "Active_Energy_Import_Float")
}
EVERY = [*ENTRIES.values(), *LARGE.values()]


def one_line(entry: meter_map.BacnetObject) -> str:
    """Return what a test of `entry` is called."""
    return f"{entry.name} {entry.object}"
