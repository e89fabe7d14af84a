"""The standard points of `points.yaml`, the diagnostics and the extension points beyond them."""

import functools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

from submeter import units, yamlfile
from submeter.errors import ConfigError
from submeter.meter.point import INDEX_UNITS, Point, Range
from submeter.pointmap import folders
from submeter.pointmap.point_entry import PointEntry


class PointList(BaseModel):
    """A file like `points.yaml`: every point by its name, in the order of the list.

    A series of points stands there by its name with {n} in place of the number.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    points: dict[str, PointEntry]

    @model_validator(mode="before")
    @classmethod
    def _name_points(cls, data: Any) -> Any:
        """Give each point its key as its name, which the file therefore does not repeat."""
        points = data.get("points") if isinstance(data, dict) else None
        if not isinstance(points, dict):
            return data
        named = {
            name: {"name": name, **entry} if isinstance(entry, dict) else entry
            for name, entry in points.items()
        }
        return {**data, "points": named}


def load(path: Path) -> dict[str, Point]:
    """Return the points of the list at `path`, in its order; raises ConfigError."""
    document = yamlfile.load(path)
    points: dict[str, Point] = {}
    faults: list[str] = []
    for entry in document.read_as(PointList).points.values():
        loc = ("points", entry.name)
        faults += [document.fault(at, message) for at, message in _faults(entry, loc)]
        for point in entry.points():
            if point.name in points:
                message = f"point {point.name} stands twice; remove one"
                faults.append(document.fault(loc, message, key=True))
            points[point.name] = point
    if faults:
        raise ConfigError(*faults)
    return points


def _faults(entry: PointEntry, loc: yamlfile.Loc) -> Iterator[tuple[yamlfile.Loc, str]]:
    """Find what does not go together in the entry at `loc`."""
    if entry.unit and not units.known(entry.unit):
        yield (*loc, "unit"), f"unknown unit '{entry.unit}'"
    if entry.kind in ("binary", "multistate") and not entry.states:
        yield loc, f"{entry.name}: key 'states' is missing; add it"
    if entry.kind == "index" and entry.unit not in INDEX_UNITS:
        yield loc, f"{entry.name}: an index is in one of {', '.join(INDEX_UNITS)}"
    if entry.limits and not _within(entry.range, entry.limits):
        message = f"{entry.name}: 'limits' are at least as wide as 'range'; widen them"
        yield (*loc, "limits"), message


def _within(inner: Range | None, outer: Range) -> bool:
    return inner is None or (outer.min <= inner.min and inner.max <= outer.max)


@functools.cache
def standard() -> dict[str, Point]:
    """Return the standard points of this installation."""
    return load(folders.shipped() / "points.yaml")


@functools.cache
def all_points() -> dict[str, Point]:
    """Return the standard points, diagnostics and extensions: every point that a meter can have.

    Their order never changes: validity bits and trend logs go by it.
    """
    shipped = folders.shipped()
    return {
        **standard(),
        **load(shipped / "diagnostics.yaml"),
        **load(shipped / "extensions.yaml"),
    }
