"""A source map: what an instrument says, label by label, and the points that follow from it."""

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from submeter import units, yamlfile
from submeter.errors import ConfigError
from submeter.meter.feed import Dial
from submeter.meter.point import Point
from submeter.meter.reading import Quality
from submeter.pointmap import folders, points

GoodQuality = Literal["measured", "derived", "estimated"]
_SLOPE_UNITS = {"kWh": "W", "kvarh": "var"}


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Label(_Strict):
    """How an instrument writes the data of one label: digits, hex digits, or text."""

    digits: list[Annotated[int, Field(ge=1, le=18)]] | None = Field(
        default=None, min_length=1, description="Possible numbers of digits"
    )
    hex: int | None = Field(default=None, ge=1, le=16, description="Number of hexadecimal digits")
    text: int | None = Field(default=None, description="Largest number of characters")
    unit: str | None = None
    largest: int | None = Field(default=None, description="A larger number is damage")
    horodate: bool = Field(default=False, description="A time stamp stands before the data")

    @model_validator(mode="after")
    def _one_form(self) -> "Label":
        if [self.digits, self.hex, self.text].count(None) != 2:
            raise ValueError("a label has one of 'digits', 'hex' and 'text'")
        return self


class Rule(_Strict):
    """One way to a point's value. Of several, the first that the instrument can feed is used."""

    label: str | None = Field(default=None, min_length=1, description="The value is this label's")
    sum: list[str] | None = Field(
        default=None,
        min_length=1,
        description="The sum of these labels, all valid in the same frame",
    )
    present: list[str] | None = Field(
        default=None,
        min_length=1,
        description="1 while a frame has one of these labels, 0 after one without",
    )
    slope: str | None = Field(
        default=None, description="The mean power that follows from this index, a point of the map"
    )
    minus: str | None = Field(
        default=None, description="With slope: the index of the other direction, a point of the map"
    )
    window: float = Field(
        default=60.0, ge=10, le=3600, description="With slope: shortest window, in s"
    )
    bit: int | None = Field(default=None, ge=0, le=63, description="One bit of the label")
    horodate: bool = Field(default=False, description="Take the label's time stamp")
    times: float | None = Field(
        default=None, gt=0, le=1_000_000, description="Factor; then 'unit' is the result's"
    )
    unit: str | None = None
    quality: GoodQuality | None = None
    when: dict[str, str] = Field(
        default_factory=dict, description="Only while these labels match a pattern (* and ?)"
    )
    unless: dict[str, int] = Field(
        default_factory=dict, description="Not while this bit of that label is set"
    )
    option: str | None = Field(default=None, description="Only if the configuration asks for it")

    @model_validator(mode="after")
    def _one_origin(self) -> "Rule":
        if [self.label, self.sum, self.present, self.slope].count(None) != 3:
            raise ValueError("a rule has one of 'label', 'sum', 'present' and 'slope'")
        if self.slope and self.quality not in (None, "derived"):
            raise ValueError("a slope is derived, being a mean over time; remove 'quality'")
        return self

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels that the value is made of."""
        return tuple(filter(None, (self.label, *(self.sum or ()), *(self.present or ()))))

    @property
    def indexes(self) -> tuple[str, ...]:
        """The index points that a slope is made of."""
        return tuple(filter(None, (self.slope, self.minus)))

    @property
    def result(self) -> Quality:
        """The quality of the value."""
        return Quality(self.quality or ("derived" if self.slope else "measured"))


class SourceMapFile(_Strict):
    """A file of `pointmaps/sources/`."""

    title: str
    document: str = Field(description="Where the labels and their meaning are taken from")
    max_age: float = Field(
        gt=0, le=86_400, description="Seconds after which an unrepeated value is stale"
    )
    largest_power: float = Field(
        default=1_000_000,
        gt=0,
        le=1e12,
        description="W or var; an index that grows faster than this is not believed",
    )
    complete: list[str] = Field(
        description="Labels of a complete frame: what it lacks, the instrument does not have"
    )
    identity: str = Field(description="The label with the instrument's serial number")
    clock: str | None = Field(
        default=None, description="The label whose time stamp is the instrument's clock"
    )
    labels: dict[str, Label]
    options: dict[str, str] = Field(default_factory=dict, description="Option -> what it does")
    points: dict[str, list[Rule]]


@dataclass(frozen=True, slots=True)
class SourceMap:
    """A loaded and checked source map.

    `rules` are those that the chosen options allow; points that follow from an index come last.
    """

    name: str
    max_age: float
    largest_power: float
    complete: frozenset[str]
    identity: str
    clock: str | None
    labels: dict[str, Label]
    options: tuple[str, ...]
    rules: dict[str, tuple[Rule, ...]]

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
            step = 10 ** self.power(point, rule)
            steps.add(step)
            for name in rule.labels:
                spans |= {step * 10**digits for digits in self.labels[name].digits or ()}
        return Dial(max(steps), tuple(sorted(spans)))

    def power(self, point: Point, rule: Rule) -> int:
        """Return n so that the rule's number times 10**n is in the point's unit."""
        return _power(self.labels, point, rule) or 0


def load(name: str, options: Sequence[str] = (), own: Sequence[Path] = ()) -> SourceMap:
    """Return the source map `name` with those of `options` that it has; raises ConfigError."""
    file = read(folders.find("sources", name, own))
    allowed = {}
    for point, alternatives in file.points.items():
        if rules := tuple(rule for rule in alternatives if rule.option in (None, *options)):
            allowed[point] = rules
    return SourceMap(
        name=name,
        max_age=file.max_age,
        largest_power=file.largest_power,
        complete=frozenset(file.complete),
        identity=file.identity,
        clock=file.clock,
        labels=file.labels,
        options=tuple(file.options),
        rules=dict(sorted(allowed.items(), key=lambda item: any(rule.slope for rule in item[1]))),
    )


@functools.cache
def read(path: Path) -> SourceMapFile:
    """Return the checked content of the file `path`; raises ConfigError."""
    document = yamlfile.load(path)
    file = document.read_as(SourceMapFile)
    faults = [document.fault(loc, message) for loc, message in _faults(file)]
    if faults:
        raise ConfigError(*faults)
    return file


def _faults(file: SourceMapFile) -> Iterator[tuple[yamlfile.Loc, str]]:
    every = points.all_points()
    for index, name in enumerate(file.complete):
        yield from _unknown_label(file, name, ("complete", index))
    yield from _unknown_label(file, file.identity, ("identity",))
    if file.clock is not None:
        yield from _unknown_label(file, file.clock, ("clock",))
        if file.clock in file.labels and not file.labels[file.clock].horodate:
            yield ("clock",), f"label '{file.clock}' has no time stamp; name one that has"
    for name, label in file.labels.items():
        if label.unit and not units.known(label.unit):
            yield ("labels", name, "unit"), f"unknown unit '{label.unit}'"
    for name, rules in file.points.items():
        point = every.get(name)
        if point is None:
            hint = yamlfile.suggest(name, list(every))
            yield ("points", name, "@key"), f"unknown point '{name}'; {hint}"
            continue
        for index, rule in enumerate(rules):
            yield from _rule_faults(file, point, rule, ("points", name, index))


def _rule_faults(
    file: SourceMapFile, point: Point, rule: Rule, loc: yamlfile.Loc
) -> Iterator[tuple[yamlfile.Loc, str]]:
    for name in (*rule.labels, *rule.when, *rule.unless):
        yield from _unknown_label(file, name, loc)
    for name in rule.indexes:
        if (
            name not in file.points
            or name not in points.all_points()
            or points.all_points()[name].kind != "index"
        ):
            yield loc, f"'{name}' is not an index point of this map"
    if rule.option and rule.option not in file.options:
        yield (*loc, "option"), f"option '{rule.option}' is not among 'options' of this map"
    yield from _form_faults(file, rule, loc)
    if point.kind == "index" and rule.slope:
        yield (*loc, "slope"), f"{point.name} is an index; a slope gives a power"
    if point.kind == "index" and rule.times is not None:
        yield (*loc, "times"), f"{point.name} is an index, which is exact; remove 'times'"
    state = rule.bit is not None or rule.present is not None
    if state != (point.kind in ("binary", "multistate")):
        need = "'bit' or 'present'" if point.states else "a number"
        yield loc, f"{point.name} is of the kind {point.kind}: its rule needs {need}"
    elif rule.horodate != (point.kind == "timestamp"):
        yield loc, f"{point.name}: 'horodate' goes with time stamps, and only with them"
    elif not state and not rule.horodate and _power(file.labels, point, rule) is None:
        yield loc, f"{point.name} is in {point.unit}; the rule gives another unit: add 'unit'"


def _form_faults(
    file: SourceMapFile, rule: Rule, loc: yamlfile.Loc
) -> Iterator[tuple[yamlfile.Loc, str]]:
    """Find labels whose form cannot give what the rule takes from them."""
    numbers = (*rule.unless, *(() if rule.horodate or rule.present else rule.labels))
    for name in numbers:
        if name in file.labels and file.labels[name].text is not None:
            yield loc, f"label '{name}' is text; the rule needs 'digits' or 'hex'"
    for name in rule.labels if rule.horodate else ():
        if name in file.labels and not file.labels[name].horodate:
            yield loc, f"label '{name}' has no time stamp; the rule needs 'horodate: true' there"
    for name in rule.sum or ():
        if not rule.unit and name in file.labels and rule.sum and rule.sum[0] in file.labels:
            first, other = file.labels[rule.sum[0]].unit, file.labels[name].unit
            if first != other:
                yield loc, f"label '{name}' is in {other}, '{rule.sum[0]}' in {first}; add 'unit'"


def _unknown_label(
    file: SourceMapFile, name: str, loc: yamlfile.Loc
) -> Iterator[tuple[yamlfile.Loc, str]]:
    if name not in file.labels:
        hint = yamlfile.suggest(name, list(file.labels))
        yield loc, f"label '{name}' is not among 'labels' of this map; {hint}"


def _power(labels: dict[str, Label], point: Point, rule: Rule) -> int | None:
    unit = rule.unit
    if rule.slope:
        index = points.all_points().get(rule.slope)
        unit = unit or _SLOPE_UNITS.get(index.unit or "" if index else "")
    elif not unit and rule.labels[0] in labels:
        unit = labels[rule.labels[0]].unit
    if not point.counted_in:
        return 0
    return units.exponent(unit, point.counted_in) if unit else None
