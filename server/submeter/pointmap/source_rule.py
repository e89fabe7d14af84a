"""A rule of a source map: how the value of a point follows from an instrument's labels."""

import functools
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from submeter.meter.reading import Quality

GoodQuality = Literal["measured", "derived", "estimated"]


class Rule(BaseModel):
    """One way to a point's value. Of several, the first that the instrument can feed is used."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    label: str | None = Field(default=None, min_length=1, description="The value is this label's")
    sum: list[Annotated[str, Field(min_length=1)]] | None = Field(
        default=None,
        min_length=1,
        description="The sum of these labels, all valid in the same frame; -X takes X away",
    )
    present: list[str] | dict[str, str] | None = Field(
        default=None,
        min_length=1,
        description="1 while a message has one of these labels, 0 after complete ones without; "
        "'label: pattern' asks for a text with * and ? as well",
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
    by: list[str] = Field(
        default_factory=list,
        min_length=1,
        description="Of an index: the label's register begins anew for each combination of these "
        "labels; the index is the sum of what each of them came to. The last label is the period",
    )
    past: list[str] = Field(
        default_factory=list,
        description="With by: the label that tells what the register came to in an account that "
        "is closed, and the labels of that account, in the order of 'by'",
    )
    bit: int | None = Field(default=None, ge=0, le=63, description="One bit of the label")
    bits: Annotated[list[Annotated[int, Field(ge=0, le=63)]], Field(min_length=2, max_length=2)] | (
        None
    ) = Field(default=None, description="Bits of the label from the lowest to the highest")
    any_bit: list[Annotated[int, Field(ge=0, le=63)]] | None = Field(
        default=None, min_length=1, description="1 while any of these bits of the label is set"
    )
    states: dict[int | str, int] | None = Field(
        default=None,
        description="What the label says -> state of the point; a text may have * and ?",
    )
    stamp: bool = Field(default=False, description="Take the label's time stamp")
    times: float | None = Field(
        default=None, gt=0, le=1_000_000, description="Factor; then 'unit' is the result's"
    )
    unit: str | None = None
    quality: GoodQuality | None = None
    when: dict[str, str] = Field(
        default_factory=dict, description="Only while these labels match a pattern (* and ?)"
    )
    unless: dict[str, Annotated[int, Field(ge=0, le=63)]] = Field(
        default_factory=dict, description="Not while this bit of that label is set"
    )
    option: str | None = Field(default=None, description="Only if the configuration asks for it")

    @field_validator("states", mode="before")
    @classmethod
    def _numbers_of_states(cls, states: Any) -> Any:
        """Take keys that are numbers for numbers: keys of the file are text."""
        if not isinstance(states, dict):
            return states
        return {
            int(said) if isinstance(said, str) and said.isdecimal() else said: state
            for said, state in states.items()
        }

    @model_validator(mode="after")
    def _one_origin(self) -> "Rule":
        if [self.label, self.sum, self.present, self.slope].count(None) != 3:
            raise ValueError("a rule has one of 'label', 'sum', 'present' and 'slope'")
        if self.slope and self.quality not in (None, "derived"):
            raise ValueError("a slope is derived, being a mean over time; remove 'quality'")
        if [self.bit, self.bits, self.any_bit].count(None) < 2:
            raise ValueError("a rule has one of 'bit', 'bits' and 'any_bit'")
        if self.any_bit and self.states:
            raise ValueError("'any_bit' gives 0 or 1; remove 'states'")
        if self.bits and self.bits[0] > self.bits[1]:
            raise ValueError("'bits' are the lowest and the highest; turn them round")
        bits = self.bit is not None or self.bits or self.any_bit
        if (bits or self.states or self.by or self.stamp) and not self.label:
            keys = "'bit', 'bits', 'any_bit', 'states', 'by' and 'stamp'"
            raise ValueError(f"{keys} go with 'label'")
        if self.label and self.label in (*self.by, *self.past):
            raise ValueError(f"'by' and 'past' name other labels than '{self.label}' itself")
        if self.slope and self.slope == self.minus:
            raise ValueError("a slope less itself is always 0; 'minus' is the other direction")
        names = [name for name, _ in self.terms]
        if len(set(names)) < len(names):
            raise ValueError("a label stands once in a 'sum'")
        if self.past and (not self.by or len(self.past) != 1 + len(self.by)):
            raise ValueError("'past' is a label and as many labels as 'by' has; it goes with 'by'")
        return self

    @functools.cached_property
    def terms(self) -> tuple[tuple[str, int], ...]:
        """The labels that the value is added up from, each with its sign."""
        if self.label:
            return ((self.label, 1),)
        return tuple(
            (each.removeprefix("-"), -1 if each[0] == "-" else 1) for each in self.sum or ()
        )

    @functools.cached_property
    def presence(self) -> Mapping[str, str]:
        """The labels of which one must be sent, each with a pattern for its text."""
        present = self.present or {}
        return present if isinstance(present, dict) else dict.fromkeys(present, "*")

    @functools.cached_property
    def labels(self) -> tuple[str, ...]:
        """The labels that the value is made of."""
        return (*(name for name, _ in self.terms), *self.by, *(self.present or ()))

    @functools.cached_property
    def indexes(self) -> tuple[str, ...]:
        """The index points that a slope is made of."""
        return tuple(filter(None, (self.slope, self.minus)))

    @functools.cached_property
    def is_state(self) -> bool:
        """Whether what it gives is a state rather than a quantity."""
        return (
            self.bit is not None
            or self.bits is not None
            or self.any_bit is not None
            or self.present is not None
            or self.states is not None
        )

    @functools.cached_property
    def result(self) -> Quality:
        """The quality of the value."""
        return Quality(self.quality or ("derived" if self.slope else "measured"))

    @functools.cached_property
    def conditions(self) -> frozenset[str]:
        """The labels that decide whether the rule holds."""
        return frozenset((*self.when, *self.unless))
