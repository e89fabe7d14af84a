"""An object of a meter that names what it says by OBIS codes, as a source map describes it."""

import re
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

CODE = re.compile(
    r"(?:(?P<a>[0-9]{1,3})-(?P<b>[0-9]{1,3}):)?(?P<c>[0-9]{1,3}|[CFLP])\.(?P<d>[0-9]{1,3}|[CFLP])"
    r"(?:\.(?P<e>[0-9]{1,3}))?(?:[*&](?P<f>[0-9]{1,3}))?"
)
"""An OBIS code as people and text readouts write it; C and D may be the letters of the latter."""


Count = Annotated[int, Field(ge=1, le=1000)]


class ObisObject(BaseModel):
    """One object: by its OBIS code, or by its place in a message without codes.

    A unit or scaler on the wire wins over those given here.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    obis: str | None = Field(
        default=None,
        description="1.8.0, 1-0:1.8.0 or 1-0:1.8.0*255; A and B count only if they are given, "
        "without E it is the total, without F the current value",
    )
    others: list[str] = Field(
        default_factory=list,
        description="Codes that are taken where the message has not that of obis, best first",
    )
    attribute: int = Field(default=2, ge=1, le=127, description="COSEM attribute, 2 is the value")
    place: int | None = Field(
        default=None,
        ge=0,
        le=999,
        description="Of a value without a code: its place, from 0, among all of the message",
    )
    among: Count | Annotated[list[Count], Field(min_length=1)] | None = Field(
        default=None,
        description="With place: how many values the message has, or how many it may have; in "
        "another one it is not there",
    )
    scaler: int = Field(
        default=0, ge=-12, le=12, description="Power of ten, where the wire has no scaler"
    )
    unit: str | None = Field(default=None, description="Of the value, where the wire has no unit")
    text: bool = Field(default=False, description="The value is a text, such as a serial number")
    stamp: bool = Field(default=False, description="A time comes with it, or it is one")
    hold: float | None = Field(
        default=None,
        gt=0,
        le=7 * 86_400,
        description="Seconds for which its last value counts with later messages that lack it",
    )
    largest: int | None = Field(
        default=None,
        gt=0,
        description="A number that is larger without its sign is damage, after the scaler and in "
        "unit",
    )
    digits: list[Annotated[int, Field(ge=1, le=18)]] | None = Field(
        default=None,
        min_length=1,
        description="Of a register: possible numbers of digits of the raw value, after which it "
        "starts again from 0; none: it never does",
    )
    resolution: int | None = Field(
        default=None,
        ge=-12,
        le=12,
        description="Of a register: power of ten of the last digit that moves, in unit; the meter "
        "allows for that much between two readings. If not given, the scaler",
    )

    @model_validator(mode="after")
    def _one_way(self) -> "ObisObject":
        if (self.obis is None) == (self.place is None):
            raise ValueError("an object has one of 'obis' and 'place'")
        if (self.place is None) != (self.among is None):
            raise ValueError("'place' and 'among' go together, so that no other message is taken")
        for among in self.counts:
            if self.place is not None and self.place >= among:
                raise ValueError(f"of {among} values the last has the place {among - 1}")
        if self.others and self.obis is None:
            raise ValueError("'others' goes with 'obis'")
        for code in self.codes:
            if not _is_code(code):
                raise ValueError(f"'{code}' is no OBIS code; write 1.8.0 or 1-0:1.8.0*255")
        return self

    @property
    def selector(self) -> str:
        """Which object it is, for people: "1-0:1.8.1" or "place 3 of 12"."""
        among = " or ".join(map(str, self.counts))
        words = " or ".join(self.codes) or f"place {self.place} of {among}"
        return words if self.attribute == 2 else f"{words}, attribute {self.attribute}"

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes that it may have, best first; none if it is meant by its place."""
        return () if self.obis is None else (self.obis, *self.others)

    @property
    def counts(self) -> tuple[int, ...]:
        """How many values a message with it by its place may have."""
        return (self.among,) if isinstance(self.among, int) else tuple(self.among or ())

    @property
    def is_text(self) -> bool:
        """Whether the value is no number."""
        return self.text

    @property
    def is_stamped(self) -> bool:
        """Whether a time comes with the value."""
        return self.stamp

    @property
    def spans(self) -> tuple[int, ...]:
        """The raw numbers at which the register may start again from 0, times its scaler."""
        return tuple(10**digits for digits in self.digits or ())

    @property
    def step(self) -> int:
        """One: of the last digit; see `power`."""
        return 1

    @property
    def power(self) -> int:
        """The power of ten of the smallest difference that the register shows, in `unit`."""
        return self.scaler if self.resolution is None else max(self.scaler, self.resolution)


def _is_code(text: str) -> bool:
    match = CODE.fullmatch(text)
    if match is None:
        return False
    return all(int(each) <= 255 for each in match.groups("0") if each.isdigit())
