"""Units by the numbers of the Blue Book, and scalers."""

from fractions import Fraction

import pytest

from submeter import units as ours
from submeter.sources.dlms import units


def test_every_unit_is_one_of_ours_or_becomes_one() -> None:
    for number in range(255):
        name = units.name(number)
        assert name is not None
        assert name.startswith("unit ") or ours.known(units.ours(1, name)[1] or "")
    assert units.name(255) is None


def test_a_number_of_the_book_is_that_of_its_unit() -> None:
    for number, name in ((27, "W"), (28, "VA"), (29, "var"), (30, "Wh"), (31, "VAh"), (32, "varh")):
        assert units.name(number) == name
        assert units.number(name) == number
    assert units.number("m3") == 13
    assert units.number(None) == 255


@pytest.mark.parametrize(
    ("raw", "scaler", "number"),
    [(2307, -1, Fraction(2307, 10)), (12, 3, 12000), (5, 0, 5), (2300, -2, 23), (0.5, 1, 5)],
)
def test_scaling_is_exact(raw: int | float, scaler: int, number: object) -> None:
    scaled = units.scaled(raw, scaler)
    assert scaled == number
    assert type(scaled) is type(number)


def test_joules_become_watt_hours() -> None:
    assert units.ours(7200, "J") == (2, "Wh")
    assert units.ours(1, "J") == (Fraction(1, 3600), "Wh")
    assert units.ours(5, "V") == (5, "V")
    assert units.ours(5, None) == (5, None)
