"""A label of a TIC output, as a source map describes it."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator


class TicLabel(BaseModel):
    """How an instrument writes the data of one label: digits, hex digits, or text."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    digits: list[Annotated[int, Field(ge=1, le=18)]] | None = Field(
        default=None, min_length=1, description="Possible numbers of digits"
    )
    hex: int | None = Field(default=None, ge=1, le=16, description="Number of hexadecimal digits")
    text: int | None = Field(default=None, description="Largest number of characters")
    unit: str | None = None
    largest: int | None = Field(default=None, description="A larger number is damage")
    horodate: bool = Field(default=False, description="A time stamp stands before the data")

    @model_validator(mode="after")
    def _one_form(self) -> "TicLabel":
        if [self.digits, self.hex, self.text].count(None) != 2:
            raise ValueError("a label has one of 'digits', 'hex' and 'text'")
        return self

    @property
    def is_text(self) -> bool:
        """Whether the data are no number."""
        return self.text is not None

    @property
    def is_stamped(self) -> bool:
        """Whether a time comes with the data."""
        return self.horodate

    @property
    def spans(self) -> tuple[int, ...]:
        """The numbers at which the register may start again from 0, in `unit`."""
        return tuple(10**digits for digits in self.digits or ())

    @property
    def step(self) -> int:
        """The smallest difference that the register shows, in `unit`."""
        return 1
