"""Values and bytes as people read them."""

import math

import pytest

from submeter.pointmap import points
from submeter.value_text import bytes_text, value_text

EVERY = points.all_points()


@pytest.mark.parametrize(
    ("point", "value", "text"),
    [
        ("Active_Energy_Import", 12_345_678_901, "12345.678901 kWh"),
        ("Volume", 5, "0.000005 m3"),
        ("Apparent_Energy_Import", 10**15 + 1, "1000000000.000001 kVAh"),
        ("Active_Power_Total", 3.2144999, "3.2144999 kW"),
        ("Active_Power_Total", -2, "-2 kW"),
        ("Power_Factor_Total", 0.98, "0.98"),
        ("Demand_Peak_Timestamp", 0, "1970-01-01 00:00:00 UTC"),
        ("Relay_1", 1, "1 (Closed)"),
        ("Tariff_Current", 12, "12"),
        ("Frequency", None, "unknown"),
        ("Frequency", math.nan, "unknown"),
    ],
)
def test_values(point: str, value: float | None, text: str) -> None:
    assert value_text(EVERY[point], value) == text


def test_bytes_as_text_and_in_hexadecimal() -> None:
    assert bytes_text(b"\x02\nEAST\t000012345\t!\r\x03") == [
        "0000  02 0a 45 41 53 54 09 30 30 30 30 31 32 33 34 35  ..EAST.000012345",
        "0010  09 21 0d 03                                      .!..",
    ]
    assert bytes_text(b"") == []


def test_a_long_frame_is_cut() -> None:
    lines = bytes_text(bytes(70), most=40)
    assert [line[:4] for line in lines] == ["0000", "0010", "0020", "... "]
    assert lines[2].count("00 ") == 8
    assert lines[3] == "... and 30 bytes more"
