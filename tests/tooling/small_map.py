"""Maps of a few lines, and what is wrong with them."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from submeter.errors import ConfigError
from submeter.pointmap import meter_map
from submeter.pointmap.meter_map import MeterMap


def read(
    folder: Path,
    *entries: str,
    head: str = "holes: zero",
    constants: Mapping[str, int | float] | None = None,
) -> MeterMap:
    """Return the map of `entries`; each stands in a line of its own, the first in line 4."""
    path = folder / "small.yaml"
    lines = "".join(f"    - {{{entry}}}\n" for entry in entries)
    path.write_text(
        f"title: Small\nmodbus:\n  registers:\n{lines}  {head}\nbacnet: {{objects: []}}\n"
    )
    return meter_map.read(path, constants)


def faults(folder: Path, *entries: str, head: str = "holes: zero") -> list[str]:
    """Return what is wrong with that map, from the line number on."""
    with pytest.raises(ConfigError) as caught:
        read(folder, *entries, head=head)
    return [fault.removeprefix(f"{folder / 'small.yaml'}:") for fault in caught.value.faults]
