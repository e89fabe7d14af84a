import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from submeter.bacnet import clock

JANUARY = datetime(2026, 1, 15, 12, tzinfo=UTC).timestamp()
JULY = datetime(2026, 7, 15, 12, tzinfo=UTC).timestamp()


@pytest.fixture
def zone(request: pytest.FixtureRequest) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as changed:
        changed.setenv("TZ", request.param)
        time.tzset()
        yield request.param
    time.tzset()


@pytest.mark.parametrize(
    ("zone", "at", "expected"),
    [
        ("CET-1CEST,M3.5.0,M10.5.0/3", JANUARY, (-60, False)),
        ("CET-1CEST,M3.5.0,M10.5.0/3", JULY, (-60, True)),
        ("IST-1GMT0,M10.5.0,M3.5.0/1", JANUARY, (0, False)),  # its winter is the exception
        ("IST-1GMT0,M10.5.0,M3.5.0/1", JULY, (-60, False)),
        ("LHST-10:30LHDT-11,M10.1.0,M4.1.0", JANUARY, (-660, False)),  # by half an hour
        ("LHST-10:30LHDT-11,M10.1.0,M4.1.0", JULY, (-630, False)),
        ("EST5EDT,M3.2.0,M11.1.0", JULY, (300, True)),
        ("NPT-5:45", JULY, (-345, False)),
    ],
    indirect=["zone"],
)
def test_offset_and_summer_time(zone: str, at: float, expected: tuple[int, bool]) -> None:
    offset, summer = clock.offset(at), clock.summer(at)
    assert (offset, summer) == expected
    local = datetime.fromtimestamp(at).replace(tzinfo=UTC).timestamp()
    assert local + 60 * offset - 3600 * summer == at
