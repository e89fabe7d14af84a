"""What can be wrong with a rule of a source map although each of its keys is right."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Protocol

from submeter import units, yamlfile
from submeter.meter.point import Point
from submeter.pointmap import points
from submeter.pointmap.mbus_medium import MEDIA
from submeter.pointmap.mbus_record import QUANTITIES, MbusRecord
from submeter.pointmap.source_rule import Rule

Faults = Iterator[tuple[yamlfile.Loc, str]]

SLOPE_UNITS = {"kWh": "W", "kvarh": "var", "kVAh": "VA", "m3": "L/h"}
"""The unit of the slope of an index; that of one in thousandths of a Wh in s is W times 3.6."""


class _Label(Protocol):
    @property
    def unit(self) -> str | None: ...
    @property
    def is_text(self) -> bool: ...
    @property
    def is_stamped(self) -> bool: ...


Labels = Mapping[str, _Label]


def record(label: MbusRecord, loc: yamlfile.Loc) -> Faults:
    """Find an unknown quantity."""
    if label.quantity not in QUANTITIES:
        hint = yamlfile.suggest(label.quantity, list(QUANTITIES))
        yield (*loc, "quantity"), f"unknown quantity '{label.quantity}'; {hint}"


def media(named: Sequence[str], *, is_mbus: bool) -> Faults:
    """Find an unknown medium, and media of what is no M-Bus meter."""
    if named and not is_mbus:
        yield ("media",), "'media' goes with 'records'; remove it"
    for number, name in enumerate(named):
        if name not in MEDIA.values():
            hint = yamlfile.suggest(name, list(MEDIA.values()))
            yield ("media", number), f"unknown medium '{name}'; {hint}"


def rule(
    labels: Labels, own: Collection[str], point: Point, rule: Rule, loc: yamlfile.Loc
) -> Faults:
    """Find what of `rule`, which gives `point` in a map with the points `own`, cannot be."""
    every = points.all_points()
    for name in (*rule.labels, *rule.past, *rule.when, *rule.unless):
        yield from unknown_label(labels, name, loc)
    for name in rule.indexes:
        if name not in own or name not in every or every[name].kind != "index":
            yield loc, f"'{name}' is not an index point of this map"
    yield from _forms(labels, rule, loc)
    index = point.kind == "index"
    if index and rule.slope:
        yield (*loc, "slope"), f"{point.name} is an index; a slope gives a power"
    if index and rule.times is not None:
        yield (*loc, "times"), f"{point.name} is an index, which is exact; remove 'times'"
    if rule.by and not index:
        yield (*loc, "by"), f"{point.name} is no index; remove 'by'"
    if rule.is_state != (point.kind in ("binary", "multistate")):
        need = "'bit', 'bits', 'any_bit', 'states' or 'present'" if point.states else "a number"
        yield loc, f"{point.name} is of the kind {point.kind}: its rule needs {need}"
    elif rule.stamp != (point.kind == "timestamp"):
        yield loc, f"{point.name}: 'stamp' goes with time stamps, and only with them"
    elif not rule.is_state and not rule.stamp and not _converts(labels, point, rule):
        yield loc, f"{point.name} is in {point.unit}; the rule gives another unit: add 'unit'"
    for said, state in (rule.states or {}).items():
        if point.states and state not in point.states:
            known = ", ".join(map(str, point.states))
            yield (*loc, "states", said), f"{state} is no state of {point.name}; it has {known}"


def unknown_label(labels: Labels, name: str, loc: yamlfile.Loc) -> Faults:
    """Find a label that the map does not describe."""
    if name not in labels:
        hint = yamlfile.suggest(name, list(labels))
        yield loc, f"label '{name}' is not among those of this map; {hint}"


def _forms(labels: Labels, rule: Rule, loc: yamlfile.Loc) -> Faults:
    """Find labels whose form cannot give what the rule takes from them."""
    texts = any(isinstance(each, str) for each in rule.states or {})
    numbers = () if rule.stamp or texts else tuple(name for name, _ in rule.terms)
    for name in (*rule.unless, *numbers):
        if name in labels and labels[name].is_text:
            yield loc, f"label '{name}' is text; the rule needs a number"
    for name in (rule.label,) if rule.stamp and rule.label else ():
        if name in labels and not labels[name].is_stamped:
            yield loc, f"label '{name}' has no time stamp; the rule needs one"
    first = rule.terms[0][0] if rule.terms else ""
    for name, _ in rule.terms[1:]:
        if not rule.unit and name in labels and first in labels:
            one, other = labels[first].unit, labels[name].unit
            if one != other:
                yield loc, f"label '{name}' is in {other}, '{first}' in {one}; add 'unit'"


def _converts(labels: Labels, point: Point, rule: Rule) -> bool:
    unit = rule.unit
    if rule.slope:
        index = points.all_points().get(rule.slope)
        unit = unit or SLOPE_UNITS.get(index.unit or "" if index else "")
    elif not unit and rule.terms and rule.terms[0][0] in labels:
        unit = labels[rule.terms[0][0]].unit
    if not point.counted_in:
        return True
    return unit is not None and units.exponent(unit, point.counted_in) is not None
