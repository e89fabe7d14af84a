"""Time stamps of standard TIC."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from submeter.meter.reading import Stamp
from submeter.sources.tic.horodate import legal_time, stamp, utc_seconds
from tooling import tic


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("H081225223518", datetime(2008, 12, 25, 21, 35, 18, tzinfo=UTC)),
        ("E240701120000", datetime(2024, 7, 1, 10, 0, 0, tzinfo=UTC)),
        ("h240116222800", datetime(2024, 1, 16, 21, 28, 0, tzinfo=UTC)),
        ("e240701000000", datetime(2024, 6, 30, 22, 0, 0, tzinfo=UTC)),
        # the hour that October has twice
        ("E241027023000", datetime(2024, 10, 27, 0, 30, 0, tzinfo=UTC)),
        ("H241027023000", datetime(2024, 10, 27, 1, 30, 0, tzinfo=UTC)),
        # the night on which March lacks an hour
        ("H240331015959", datetime(2024, 3, 31, 0, 59, 59, tzinfo=UTC)),
        ("E240331030000", datetime(2024, 3, 31, 1, 0, 0, tzinfo=UTC)),
        ("H240229000000", datetime(2024, 2, 28, 23, 0, 0, tzinfo=UTC)),
    ],
)
def test_stamps(text: str, utc: datetime) -> None:
    assert utc_seconds(text) == int(utc.timestamp())


@pytest.mark.parametrize(
    "text",
    ["", " ", "H", " 240116222800", "X240116222800", "H240016222800", "H241316222800",
     "H230229000000", "H240116242800", "H240116226000", "H240116222860", "H000000000000",
     "H24011622280", "H2401162228000", "H24011622280 ", "H24-1-6222800", "H٢٤٠١١٦٢٢٢٨٠٠"],
)  # fmt: skip
def test_what_is_no_stamp(text: str) -> None:
    assert utc_seconds(text) is None


@given(st.text(max_size=14))
def test_any_text_is_seconds_or_none(text: str) -> None:
    utc_seconds(text)


@given(st.integers(946_684_800, 3_000_000_000))
def test_it_undoes_what_meters_write(seconds: int) -> None:
    assert utc_seconds(tic.horodate(datetime.fromtimestamp(seconds, UTC))) == seconds


@pytest.mark.parametrize(("letter", "degraded"), [("E", False), ("e", True)])
def test_a_meter_that_doubts_its_clock_writes_the_season_small(letter: str, degraded: bool) -> None:
    text = f"{letter}240701120000"
    assert stamp(text) == Stamp(1_719_828_000, text, degraded)


def test_what_is_no_stamp_is_no_time() -> None:
    assert stamp("E241316222800") is None


@pytest.mark.parametrize(
    ("text", "utc", "degraded"),
    [
        ("25/12/08 22:35:18", datetime(2008, 12, 25, 21, 35, 18, tzinfo=UTC), False),
        ("01/07/24 12:00:00", datetime(2024, 7, 1, 10, tzinfo=UTC), False),
        ("31/03/24 01:59:59", datetime(2024, 3, 31, 0, 59, 59, tzinfo=UTC), False),
        ("31/03/24 02:30:00", datetime(2024, 3, 31, 1, 30, tzinfo=UTC), True),
        ("31/03/24 03:00:00", datetime(2024, 3, 31, 1, tzinfo=UTC), False),
        ("27/10/24 02:30:00", datetime(2024, 10, 27, 0, 30, tzinfo=UTC), True),
        ("27/10/24 03:00:00", datetime(2024, 10, 27, 2, tzinfo=UTC), False),
    ],
)
def test_legal_time_without_a_season(text: str, utc: datetime, degraded: bool) -> None:
    assert legal_time(text) == Stamp(int(utc.timestamp()), text, degraded)


def test_a_date_that_there_is_not() -> None:
    assert legal_time("30/02/24 12:00:00") is None
