"""Units and the powers of ten between them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from submeter import units
from submeter.pointmap import points


@pytest.mark.parametrize(
    ("unit", "target", "power"),
    [
        ("Wh", "kWh", -3),
        ("kWh", "mWh", 6),
        ("mvarh", "varh", -3),
        ("VA", "kVA", -3),
        ("mA", "A", -3),
        ("V", "V", 0),
        ("furlong", "furlong", 0),
        ("W", "VA", None),
        ("Wh", "varh", None),
        ("furlong", "kW", None),
    ],
)
def test_exponents(unit: str, target: str, power: int | None) -> None:
    assert units.exponent(unit, target) == power


def test_units_of_the_list_are_known() -> None:
    assert all(units.known(point.unit) for point in points.standard().values() if point.unit)
    assert not units.known("furlong")


@given(st.integers(-(10**15), 10**15), st.integers(0, 6))
def test_integers_stay_integers_when_they_grow(number: int, power: int) -> None:
    scaled = units.scale(number, power)
    assert type(scaled) is int
    assert scaled == number * 10**power


def test_scale() -> None:
    assert units.scale(12_345, -3) == 12.345
    assert units.scale(1.5, 3) == 1500
