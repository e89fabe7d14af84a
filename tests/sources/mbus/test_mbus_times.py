"""Dates and times of meters."""

import time
from collections.abc import Iterator

import pytest

from submeter.sources.mbus import record, times
from tooling import mbus_records as made


@pytest.fixture(autouse=True)
def paris(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Paris")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("raw", "text", "utc"),
    [
        (made.day(2024, 2, 29), "2024-02-29", 1_709_161_200),
        (made.day(1995, 1, 1), "1995-01-01", 788_914_800),
        (made.minute(2024, 7, 1, 12, 30), "2024-07-01T12:30:00", 1_719_829_800),
        (made.second(2024, 1, 1, 0, 0, 5), "2024-01-01T00:00:05", 1_704_063_605),
    ],
)
def test_times_that_exist(raw: bytes, text: str, utc: int) -> None:
    said, stamp = times.read(raw)
    assert said == text
    assert stamp is not None
    assert (stamp.utc, stamp.text, stamp.degraded) == (utc, text, False)


def test_the_hour_that_october_has_twice() -> None:
    winter = made.minute(2024, 10, 27, 2, 30)
    summer = bytes([winter[0], winter[1] | 0x80]) + winter[2:]
    (_, late), (_, early) = times.read(winter), times.read(summer)
    assert late is not None
    assert early is not None
    assert late.utc - early.utc == 3600


@pytest.mark.parametrize(
    "raw",
    [
        made.minute(2024, 7, 1, 12, 30, flags=0x80),
        made.day(2023, 2, 29),
        bytes(2),
        b"\xff\xff",
        b"\xff\xff\xff\xff",
        made.minute(2024, 7, 1, 24, 0),
        b"\x05\x1e\x0c",
        b"\x01",
        bytes(6),
    ],
)
def test_times_that_do_not(raw: bytes) -> None:
    assert times.read(raw)[1] is None


def test_as_records() -> None:
    raw = made.dib(made.INTEGERS[4]) + made.vib(0x6D) + made.minute(2024, 7, 1, 12, 30)
    found, _ = record.read(raw, 0)
    assert (found.quantity, found.number, found.text) == (
        "time point",
        1_719_829_800,
        "2024-07-01T12:30:00",
    )
    none, _ = record.read(made.dib(made.INTEGERS[2]) + made.vib(0x6C) + bytes(2), 0)
    assert (none.number, none.stamp) == (None, None)
    assert times.read(b"\x05\x1e\x0c")[0] == "12:30:05"
