"""What a VIF means: a quantity, and how its number becomes one of the quantity's unit."""

from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

HOUR, DAY = 3600, 86_400
JOULE = Fraction(1, 3600)  # Wh
CALORIE = Fraction(41_868, 10_000) * JOULE
FOOT3 = Fraction(28_316_846_592, 10**12)  # m3
GALLON = Fraction(3_785_411_784, 10**12)  # m3, of the United States
FAHRENHEIT = Fraction(5, 9)  # K


class Meaning(NamedTuple):
    """A quantity of `pointmap.mbus_record`; number * factor + offset is in the quantity's unit.

    `form` says how the data is read where it is no plain number: "date" as a time, "flags" as bits
    without a sign.
    """

    quantity: str
    factor: Fraction = Fraction(1)
    offset: Fraction = Fraction(0)
    form: str = "number"


Table = dict[int, Meaning]


def tens(exponent: int) -> Fraction:
    """Return 10**exponent, exactly."""
    return Fraction(10) ** exponent


def steps(
    first: int, count: int, quantity: str, exponent: int, unit: Fraction | int = 1
) -> Iterator[tuple[int, Meaning]]:
    """Yield `count` codes from `first` on, each ten times the one before."""
    for place in range(count):
        yield first + place, Meaning(quantity, tens(exponent + place) * unit)


def durations(first: int, quantity: str) -> Iterator[tuple[int, Meaning]]:
    """Yield four codes: seconds, minutes, hours, days."""
    for place, seconds in enumerate((1, 60, HOUR, DAY)):
        yield first + place, Meaning(quantity, Fraction(seconds))


def fahrenheit(first: int, quantity: str, *, absolute: bool) -> Iterator[tuple[int, Meaning]]:
    """Yield four codes of a temperature in thousandths of a degree Fahrenheit and more."""
    offset = -32 * FAHRENHEIT if absolute else Fraction(0)
    for place in range(4):
        yield first + place, Meaning(quantity, tens(place - 3) * FAHRENHEIT, offset)


def plain(quantity: str, *codes: int, form: str = "number") -> Iterator[tuple[int, Meaning]]:
    """Yield codes of something that has no unit."""
    for code in codes:
        yield code, Meaning(quantity, form=form)
