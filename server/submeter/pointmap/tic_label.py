"""A label of a TIC output, as a source map describes it."""

import re
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from submeter.pointmap.tic_pattern import MOST_WAYS, ways

_FORMS = ("digits", "upto", "hex", "text", "date")
_NUMBERS = ("digits", "upto", "hex")


class TicLabel(BaseModel):
    """How an instrument writes the data of one label: digits, hex digits, a text or a date."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    digits: list[Annotated[int, Field(ge=1, le=18)]] | None = Field(
        default=None, min_length=1, description="Possible numbers of digits, zeros in front"
    )
    upto: int | None = Field(
        default=None, ge=1, le=18, description="Largest number of digits, no zeros in front"
    )
    hex: int | None = Field(default=None, ge=1, le=16, description="Number of hexadecimal digits")
    text: int | None = Field(default=None, ge=0, description="Largest number of characters")
    date: bool = Field(default=False, description="The data are a date, JJ/MM/AA HH:MM:SS")
    unit: str | None = None
    units: list[str] = Field(
        default_factory=list, description="The unit stands behind the number, and is one of these"
    )
    smallest: int | None = Field(default=None, description="A smaller number is damage")
    largest: int | None = Field(default=None, description="A larger number is damage")
    pattern: str | None = Field(
        default=None, description="With text: a regular expression for the whole of it"
    )
    horodate: bool = Field(default=False, description="A time stamp stands before the data")

    @model_validator(mode="before")
    @classmethod
    def _first_unit(cls, data: Any) -> Any:
        """Take the first of the units on the wire for that of the label."""
        units = data.get("units") if isinstance(data, dict) else None
        return {"unit": units[0], **data} if isinstance(units, list) and units else data

    @model_validator(mode="after")
    def _one_form(self) -> "TicLabel":
        forms = [n for n in _FORMS if (each := getattr(self, n)) is not None and each is not False]
        if len(forms) != 1:
            raise ValueError(f"a label has one of {', '.join(map(repr, _FORMS))}")
        if (self.smallest is not None or self.largest is not None) and forms[0] not in _NUMBERS:
            raise ValueError("'smallest' and 'largest' go with numbers")
        if None not in (self.smallest, self.largest) and (self.smallest or 0) > (self.largest or 0):
            raise ValueError("'smallest' is larger than 'largest'; turn them round")
        if self.units and forms[0] != "upto":
            raise ValueError("'units' go with 'upto'")
        if self.pattern is not None:
            self._check_pattern()
        return self

    def _check_pattern(self) -> None:
        if self.text is None:
            raise ValueError("'pattern' goes with 'text'")
        try:
            re.compile(self.pattern or "")
        except re.error as error:
            raise ValueError(f"'pattern' is no regular expression: {error}") from None
        if ways(self.pattern or "", self.text) > MOST_WAYS:
            raise ValueError("'pattern' can be matched in too many ways; say how long each part is")

    @property
    def selector(self) -> str:
        """Which label it is, for people: nothing, as its name in the map tells."""
        return ""

    @property
    def is_text(self) -> bool:
        """Whether the data are no number."""
        return self.text is not None or self.date

    @property
    def is_stamped(self) -> bool:
        """Whether a time comes with the data, or they are one."""
        return self.horodate or self.date

    @property
    def spans(self) -> tuple[int, ...]:
        """The numbers at which the register may start again from 0, in `unit`."""
        return tuple(10**digits for digits in self.digits or ())

    @property
    def step(self) -> int:
        """The smallest difference that the register shows, in `unit`."""
        return 1
