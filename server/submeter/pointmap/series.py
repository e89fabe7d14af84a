"""An entry that stands for many which differ in a number, such as those of the harmonics."""

from pydantic import BaseModel, ConfigDict, Field, model_validator

NUMBER = "{n}"
"""Where the number stands in the texts of such an entry."""


class Series(BaseModel):
    """The numbers of the entries that one stands for, both ends included."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    first: int = Field(ge=0, le=9999)
    last: int = Field(ge=0, le=9999)

    @model_validator(mode="after")
    def _rises(self) -> "Series":
        if self.last <= self.first:
            raise ValueError("'last' is above 'first'; without a series leave it out")
        return self

    @property
    def numbers(self) -> range:
        """From the first number to the last."""
        return range(self.first, self.last + 1)


def prove(name: str, series: Series | None) -> None:
    """Raise ValueError if `name` lacks the number that those of a series have, or has it alone."""
    if series and NUMBER not in name:
        raise ValueError(f"all of the series would be called '{name}'; put {NUMBER} into the name")
    if NUMBER in name and not series:
        raise ValueError(f"{NUMBER} in '{name}' is the number in a series; add 'series'")


def named(text: str, number: int) -> str:
    """Return `text` with the number in its place."""
    return text.replace(NUMBER, str(number))
