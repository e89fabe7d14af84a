"""COSEM date-time."""

from zoneinfo import ZoneInfo

import pytest

from submeter.meter.reading import Stamp
from submeter.sources.dlms import clock

ZURICH = ZoneInfo("Europe/Zurich")
SAID = "07e8 03 09 06 11 00 00 00 ffc4 00"  # 2024-03-09 17:00, UTC an hour before


def of(text: str) -> bytes:
    return bytes.fromhex(text.replace(" ", ""))


def test_the_deviation_leads_to_utc() -> None:
    assert clock.stamp(of(SAID)) == Stamp(1_710_000_000, "2024-03-09 17:00:00")
    assert clock.encode(1_710_000_000, -60) == of(SAID)
    assert clock.stamp(clock.encode(1_710_000_000, 300)) == Stamp(
        1_710_000_000, "2024-03-09 11:00:00"
    )


def test_without_a_deviation_the_zone_is_needed() -> None:
    silent = of("07e8 03 09 06 11 00 00 ff 8000 ff")
    assert clock.stamp(silent) is None
    assert clock.stamp(silent, ZURICH) == Stamp(1_710_000_000, "2024-03-09 17:00:00")
    assert clock.encode(1_710_000_000, None)[9:11] == b"\x80\x00"


def test_the_hour_that_october_has_twice_is_told_by_the_status() -> None:
    summer = clock.stamp(of("07e8 0a 1b 07 02 1e 00 00 8000 80"), ZURICH)
    winter = clock.stamp(of("07e8 0a 1b 07 02 1e 00 00 8000 00"), ZURICH)
    assert summer is not None
    assert winter is not None
    assert winter.utc - summer.utc == 3600


@pytest.mark.parametrize("status", [0x01, 0x02, 0x04, 0x08])
def test_a_clock_that_doubts_itself(status: int) -> None:
    said = clock.stamp(clock.encode(1_710_000_000, 0, status))
    assert said is not None
    assert said.degraded


@pytest.mark.parametrize(
    "text",
    [
        "",
        "07e8 03 09 06 11 00 00 00 ffc4",
        "ffff 03 09 06 11 00 00 00 ffc4 00",
        "07e8 fe 09 06 11 00 00 00 ffc4 00",
        "07e8 02 1e 06 11 00 00 00 ffc4 00",
        "07e8 03 09 06 ff 00 00 00 ffc4 00",
        "07e8 03 09 06 11 00 ff 00 ffc4 00",
        "07e8 03 09 06 11 00 00 00 7fff 00",
    ],
)
def test_what_is_no_time(text: str) -> None:
    assert clock.stamp(of(text), ZURICH) is None


def test_the_ends_of_the_calendar_do_no_harm() -> None:
    assert clock.stamp(of("0001 01 01 01 00 00 00 00 fd30 00")) is None
    assert clock.stamp(of("270f 0c 1f 05 17 3b 3b 00 0348 00")) is not None
    assert clock.stamp(of("0001 01 01 01 00 00 00 00 8000 00"), ZURICH) is None
