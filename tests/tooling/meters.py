"""Meters with one source, and the commit without which no index is visible."""

from collections.abc import Iterable, Mapping
from typing import Any

from submeter.meter.feed import Feed
from submeter.meter.instant import Instant
from submeter.meter.meter import Meter, values
from submeter.meter.point import Point
from submeter.meter.reading import Quality
from submeter.meter.setup import Setup

SOURCE = "source"
# With these no setting and no command of the list is absent.
WHOLE = Setup(
    configured={
        "CT_Primary_Rating": 200,
        "CT_Secondary_Rating": 5,
        "Modbus_Address": 1,
        "Modbus_Character_Format": 0,
    },
    commands={"Sync_Clock": lambda who, now: "asked"},
)


def at(second: float) -> Instant:
    """Return the moment `second` s after both clocks began."""
    return Instant(second, 1_700_000_000 + second)


def of(made: Meter, name: str) -> tuple[Any, Quality]:
    """Return value and quality of a point."""
    return made.readings[name][:2]


def meter(
    name: str,
    points: Iterable[Point],
    expected: Iterable[str] | Mapping[str, Quality],
    max_age: float,
    setup: Setup | None = None,
) -> Meter:
    """Return a meter with one source, which gives `expected`: measured, where nothing is said."""
    if not isinstance(expected, Mapping):
        expected = dict.fromkeys(expected, Quality.MEASURED)
    return Meter(name, points, [Feed(SOURCE, expected, max_age)], setup)


def commit(made: Meter, at: Instant) -> None:
    """Do for `made` what the journal does once all of it is on disk."""
    made.commit(made.draft(at), at)


def know(made: Meter, numbers: Mapping[str, int | float], at: Instant) -> None:
    """Let `made` be told `numbers` twice, up to `at`, and commit: an index among them is served."""
    made.update(values(numbers), Instant(at.mono - 1, at.utc - 1))
    made.update(values(numbers), at)
    commit(made, at)
