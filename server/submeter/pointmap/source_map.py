"""A source map: what an instrument says, label by label, and the points that follow from it."""

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from submeter import units, yamlfile
from submeter.errors import ConfigError
from submeter.meter.feed import Dial
from submeter.meter.point import Point
from submeter.meter.reading import Quality
from submeter.pointmap import folders, points, source_faults
from submeter.pointmap.mbus_record import MbusRecord
from submeter.pointmap.obis_object import ObisObject
from submeter.pointmap.source_rule import Rule
from submeter.pointmap.tic_label import TicLabel

__all__ = ["Label", "Rule", "SourceMap", "SourceMapFile", "load", "read"]

Label = TicLabel | ObisObject | MbusRecord
Kind = Literal["tic", "obis", "mbus"]
_KEYS: dict[str, Kind] = {"labels": "tic", "objects": "obis", "records": "mbus"}


class SourceMapFile(BaseModel):
    """A file of `pointmaps/sources/`: of what an instrument says, and of the points made of it."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    title: str
    document: str = Field(description="Where the labels and their meaning are taken from")
    max_age: float = Field(
        gt=0, le=7 * 86_400, description="Seconds after which an unrepeated value is stale"
    )
    largest_power: float = Field(
        default=1_000_000,
        gt=0,
        le=1e12,
        description="W, var or L/h; an index that grows faster than this is not believed",
    )
    complete: list[str] = Field(
        default_factory=list,
        description="Labels of a complete message: what it lacks, the instrument does not have. "
        "Without any, what none of 20 messages had is taken for absent",
    )
    identity: str | None = Field(
        default=None,
        description="The label with the instrument's serial number, where the protocol has none",
    )
    clock: str | None = Field(
        default=None, description="The label whose time stamp is the instrument's clock"
    )
    labels: dict[str, TicLabel] = Field(default_factory=dict, description="Of a TIC output")
    objects: dict[str, ObisObject] = Field(
        default_factory=dict, description="Of a meter that speaks OBIS: DLMS, IEC 62056-21"
    )
    records: dict[str, MbusRecord] = Field(default_factory=dict, description="Of an M-Bus meter")
    media: list[str] = Field(
        default_factory=list,
        description="With records: what the meter may measure, such as 'cold water'; of any other "
        "one nothing is taken. Without any, it may be anything",
    )
    options: dict[str, str] = Field(default_factory=dict, description="Option -> what it does")
    points: dict[str, list[Rule]]

    @model_validator(mode="after")
    def _one_kind(self) -> "SourceMapFile":
        if sum(bool(getattr(self, key)) for key in _KEYS) != 1:
            raise ValueError("a map has one of 'labels', 'objects' and 'records'")
        if self.labels and not (self.identity and self.complete):
            raise ValueError("a map with 'labels' needs 'identity' and 'complete'")
        return self

    @property
    def kind(self) -> Kind:
        """What kind of instrument it is for."""
        return next(kind for key, kind in _KEYS.items() if getattr(self, key))

    @property
    def said(self) -> Mapping[str, Label]:
        """What the instrument says, by the map's own names."""
        return self.labels or self.objects or self.records


@dataclass(frozen=True, slots=True)
class SourceMap:
    """A loaded and checked source map.

    `labels` are what the instrument says. `rules` are those that the chosen options allow; points
    that follow from an index come last. `places` tells `file:line` of each rule, by point and place
    among its rules.
    """

    name: str
    kind: Kind
    max_age: float
    largest_power: float
    complete: frozenset[str]
    identity: str | None
    clock: str | None
    labels: Mapping[str, Label]
    media: frozenset[str]
    options: tuple[str, ...]
    rules: Mapping[str, tuple[Rule, ...]]
    places: Mapping[tuple[str, int], str]

    def expected(self) -> dict[str, Quality]:
        """Return the points that this map can give, with the quality of the preferred rule."""
        return {name: rules[0].result for name, rules in self.rules.items()}

    def dials(self) -> dict[str, Dial]:
        """Return the register behind each index point, as the digits of its labels make it."""
        every = points.all_points()
        return {
            name: self._dial(every[name], rules)
            for name, rules in self.rules.items()
            if every[name].kind == "index"
        }

    def _dial(self, point: Point, rules: tuple[Rule, ...]) -> Dial:
        steps, spans = set(), set()
        for rule in rules:
            for name in rule.labels:
                label = self.labels[name]
                digit = _digit(label, rule, point)
                coarse = label.power - label.scaler if isinstance(label, ObisObject) else 0
                steps.add(digit * 10**coarse)
                if not rule.by:  # a ledger adds registers up, and never starts again
                    spans |= {int(digit * span) for span in label.spans}
        return Dial(max(1, int(max(steps, default=1))), tuple(sorted(spans)))


def _digit(label: Label, rule: Rule, point: Point) -> Fraction:
    """Return what the last digit of a register stands for, in what the point is counted in."""
    unit = rule.unit or label.unit
    power = units.exponent(unit, point.counted_in) if unit and point.counted_in else 0
    match label:
        case ObisObject(scaler=more) | MbusRecord(resolution=more):
            return Fraction(10) ** ((power or 0) + more)
        case _:
            return Fraction(10) ** (power or 0)


def load(name: str, options: Sequence[str] = (), own: Sequence[Path] = ()) -> SourceMap:
    """Return the source map `name` with those of `options` that it has; raises ConfigError."""
    return _load(folders.find("sources", name, own), name, tuple(options))


@functools.cache
def _load(path: Path, name: str, options: tuple[str, ...]) -> SourceMap:
    document, file = _read(path)
    allowed, places = {}, {}
    for point, alternatives in file.points.items():
        kept = [(n, rule) for n, rule in enumerate(alternatives) if rule.option in (None, *options)]
        if kept:
            allowed[point] = tuple(rule for _, rule in kept)
        for place, (number, _) in enumerate(kept):
            line = document.place(("points", point, number)).rpartition(":")[0]
            places[point, place] = line
    return SourceMap(
        name=name,
        kind=file.kind,
        max_age=file.max_age,
        largest_power=file.largest_power,
        complete=frozenset(file.complete),
        identity=file.identity,
        clock=file.clock,
        labels=file.said,
        media=frozenset(file.media),
        options=tuple(file.options),
        rules=dict(sorted(allowed.items(), key=lambda item: any(rule.slope for rule in item[1]))),
        places=places,
    )


def read(path: Path) -> SourceMapFile:
    """Return the checked content of the file `path`; raises ConfigError."""
    return _read(path)[1]


@functools.cache
def _read(path: Path) -> tuple[yamlfile.Document, SourceMapFile]:
    document = yamlfile.load(path)
    file = document.read_as(SourceMapFile)
    faults = [document.fault(loc, message) for loc, message in _faults(file)]
    if faults:
        raise ConfigError(*faults)
    return document, file


def _faults(file: SourceMapFile) -> Iterator[tuple[yamlfile.Loc, str]]:
    labels, own = file.said, set(file.points)
    named: list[tuple[yamlfile.Loc, str]] = []
    named += [(("complete", n), name) for n, name in enumerate(file.complete)]
    named += [(("identity",), file.identity)] if file.identity else []
    named += [(("clock",), file.clock)] if file.clock else []
    for loc, name in named:
        yield from source_faults.unknown_label(labels, name, loc)
    if file.clock and file.clock in labels and not labels[file.clock].is_stamped:
        yield ("clock",), f"label '{file.clock}' has no time stamp; name one that has"
    key = next(key for key, kind in _KEYS.items() if kind == file.kind)
    for name, label in labels.items():
        if label.unit and not units.known(label.unit):
            yield (key, name, "unit"), f"unknown unit '{label.unit}'"
        if isinstance(label, MbusRecord):
            yield from source_faults.record(label, (key, name))
    yield from source_faults.media(file.media, is_mbus=file.kind == "mbus")
    every = points.all_points()
    for name, rules in file.points.items():
        point = every.get(name)
        if point is None:
            hint = yamlfile.suggest(name, list(every))
            yield ("points", name, "@key"), f"unknown point '{name}'; {hint}"
            continue
        for index, rule in enumerate(rules):
            place = ("points", name, index)
            yield from source_faults.rule(labels, own, point, rule, place)
            if rule.option and rule.option not in file.options:
                yield (
                    (*place, "option"),
                    f"option '{rule.option}' is not among 'options' of this map",
                )
