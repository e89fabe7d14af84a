"""One entry of a list of points: a point, or a series of them."""

from collections.abc import Iterator
from typing import Any

from pydantic import Field, model_validator

from submeter.meter.point import Point
from submeter.pointmap.series import Series, named, prove


class PointEntry(Point):
    """A point as its list has it; with `series` one for each number, which stands for `{n}`."""

    series: Series | None = Field(
        default=None,
        description="One point for each number; {n} in the name and the descriptions is the number",
    )

    @model_validator(mode="after")
    def _numbered(self) -> "PointEntry":
        prove(self.name, self.series)
        return self

    def points(self) -> Iterator[Point]:
        """Yield the points that the entry stands for, in their order."""
        # The entry was checked as a whole: what is taken from it needs no second proof.
        fields: dict[str, Any] = {key: getattr(self, key) for key in Point.model_fields}
        if self.series is None:
            yield Point.model_construct(self.model_fields_set - {"series"}, **fields)
            return
        texts = {key: fields[key] for key in ("name", "description", "description_fr")}
        for number in self.series.numbers:
            fields |= {key: named(text, number) for key, text in texts.items()}
            yield Point.model_construct(self.model_fields_set - {"series"}, **fields)
