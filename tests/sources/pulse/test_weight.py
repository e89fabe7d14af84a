"""What a pulse stands for, exactly."""

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from submeter.sources.pulse.weight import Weight, parse


@pytest.mark.parametrize(
    ("text", "each", "counted_in"),
    [
        ("1 Wh", Fraction(1000), "mWh"),
        ("1000 imp/kWh", Fraction(1000), "mWh"),
        ("800imp/kWh", Fraction(1250), "mWh"),
        ("375 imp/kWh", Fraction(8000, 3), "mWh"),
        ("1/3 Wh", Fraction(1000, 3), "mWh"),
        ("0.1 kWh/imp", Fraction(100_000), "mWh"),
        ("2.5 kvarh", Fraction(2_500_000), "mvarh"),
        ("10 VAh", Fraction(10_000), "mVAh"),
        ("10 L", Fraction(10_000), "mL"),
        ("0.1 m3", Fraction(100_000), "mL"),
        ("2.5 L/pulse", Fraction(2_500), "mL"),
    ],
)
def test_it_is_written_as_on_the_meter(text: str, each: Fraction, counted_in: str) -> None:
    weight = parse(text)
    assert (weight.each, weight.counted_in) == (each, counted_in)


@pytest.mark.parametrize(
    "text",
    ["", "1", "Wh", "0 Wh", "-1 Wh", "1 W", "1/0 Wh", "1 kg", "0 imp/kWh", "1e3 Wh", "1,5 Wh",
     "nan Wh", "1 imp/h", "1000 imp", "1 Wh Wh", "1 m3/h", "9" * 4000 + " Wh"],
)  # fmt: skip
def test_what_is_none_says_what_would_be_right(text: str) -> None:
    with pytest.raises(ValueError, match="is no weight of a pulse; write it as on the meter: 1 Wh"):
        parse(text)


@given(st.text(max_size=30))
def test_any_text_is_a_weight_or_a_value_error(text: str) -> None:
    try:
        weight = parse(text)
    except ValueError:
        return
    assert weight.each > 0


def test_ten_million_thirds_of_a_wh_are_exact() -> None:
    weight = parse("1/3 Wh")
    assert weight.total(10_000_000) == 3_333_333_333
    assert weight.total(9_999_999) == 3_333_333_000
    totals = [weight.total(n) for n in range(30_001)]
    assert totals[30_000] == 10_000_000
    assert {b - a for a, b in pairwise(totals)} == {333, 334}


@given(st.integers(0, 10**12), st.integers(1, 10**6), st.integers(1, 10**6))
def test_the_total_is_the_whole_part_and_never_falls(pulses: int, over: int, under: int) -> None:
    weight = Weight(Fraction(over, under), "mWh", "kWh")
    total = weight.total(pulses)
    assert total <= Fraction(over, under) * pulses < total + 1
    assert weight.total(pulses + 1) >= total
