"""The standard points of `points.yaml`, the diagnostics and the extension points beyond them."""

import functools
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

from submeter import units, yamlfile
from submeter.errors import ConfigError
from submeter.meter.point import INDEX_UNITS, Point, Range
from submeter.pointmap import folders


class PointList(BaseModel):
    """A file like `points.yaml`: every point by its name, in the order of the list."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    points: dict[str, Point]

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
    points = document.read_as(PointList).points
    faults = []
    for point in points.values():
        loc = ("points", point.name)
        if point.unit and not units.known(point.unit):
            faults.append(document.fault((*loc, "unit"), f"unknown unit '{point.unit}'"))
        if point.kind in ("binary", "multistate") and not point.states:
            faults.append(document.fault(loc, f"{point.name}: key 'states' is missing; add it"))
        if point.kind == "index" and point.unit not in INDEX_UNITS:
            known = ", ".join(INDEX_UNITS)
            message = f"{point.name}: an index is in one of {known}"
            faults.append(document.fault(loc, message))
        if point.limits and not _within(point.range, point.limits):
            message = f"{point.name}: 'limits' are at least as wide as 'range'; widen them"
            faults.append(document.fault((*loc, "limits"), message))
    if faults:
        raise ConfigError(*faults)
    return points


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
