"""What each source said last, before anything is made of it: the reference of a calibration."""

from collections.abc import Mapping
from typing import NamedTuple

from submeter.meter.instant import Instant
from submeter.meter.reading import Quality, Update
from submeter.pointmap import points


class Said(NamedTuple):
    """The last value of one point: a number as in `Reading`, with when it came.

    Of an index `changed` is when it first had this number, None while it never had another since
    the start; `before` is when it was last heard to have the one before, `former`.
    """

    number: int | float
    quality: Quality
    at: Instant
    changed: Instant | None = None
    before: Instant | None = None
    former: int | float | None = None


class Latest:
    """Hears what the sources publish, and keeps the last of it; costs little."""

    def __init__(self) -> None:
        self._said: dict[tuple[str, str], dict[str, Said]] = {}
        every = points.all_points().items()
        self._indexes = frozenset(name for name, point in every if point.kind == "index")

    def hear(self, meter: str, source: str, update: Update, at: Instant) -> None:
        """Take in what `source` of `meter` published `at`."""
        said = self._said.setdefault((meter, source), {})
        for point, value in update.values.items():
            # One that is only repeated was not read again.
            when = update.read.get(point, at)
            before = said.get(point)
            if before is None or point not in self._indexes:
                said[point] = Said(*value, when)
            elif value.number == before.number:
                said[point] = before._replace(at=when, quality=value.quality)
            else:
                said[point] = Said(*value, when, when, before.at, before.number)
        for point in update.failed | update.absent:
            said.pop(point, None)

    def of(self, meter: str, source: str) -> Mapping[str, Said]:
        """Return the last values of a source by point; empty before it was heard."""
        return self._said.get((meter, source), {})
