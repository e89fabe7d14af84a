"""What a pulse stands for, as an exact fraction."""

import re
from fractions import Fraction
from typing import NamedTuple

from submeter import units
from submeter.meter.point import INDEX_UNITS

_NUMBER = r"[0-9]{1,12}(?:\.[0-9]{1,9})?(?:/[0-9]{1,12})?"
_EACH = re.compile(rf"({_NUMBER}) ?([A-Za-z0-9]+)(?:/(?:imp|pulse))?")
_RATE = re.compile(rf"({_NUMBER}) ?(?:imp|pulses)/([A-Za-z0-9]+)")
_RIGHT = "write it as on the meter: 1 Wh, 1000 imp/kWh, 2.5 kvarh, 1/3 Wh, 10 L, 0.1 m3"


class Weight(NamedTuple):
    """`each` pulse in `counted_in`: mWh, mvarh, mVAh or mL; the index of it is in `unit`."""

    each: Fraction
    counted_in: str
    unit: str

    def total(self, pulses: int) -> int:
        """Return what `pulses` come to, in whole `counted_in`; what is less is not lost."""
        return pulses * self.each.numerator // self.each.denominator


def parse(text: str) -> Weight:
    """Return the weight that `text` says; raises ValueError that says what would be right."""
    rate = _RATE.fullmatch(text.strip())
    match = rate or _EACH.fullmatch(text.strip())
    try:
        if match is None:
            raise ValueError
        number, (unit, power, counted_in) = _fraction(match[1]), _index(match[2])
        if not number:
            raise ValueError
        each = (1 / number if rate else number) * Fraction(10) ** power
    except (ValueError, ZeroDivisionError):
        raise ValueError(f"'{text}' is no weight of a pulse; {_RIGHT}") from None
    return Weight(each, counted_in, unit)


def _fraction(text: str) -> Fraction:
    whole, _, part = text.partition("/")
    return Fraction(whole) / int(part or 1)


def _index(unit: str) -> tuple[str, int, str]:
    """Return the unit of the index in which `unit` counts, 10**n of what that is counted in."""
    for index, counted_in in INDEX_UNITS.items():
        power = units.exponent(unit, counted_in) if units.known(unit) else None
        if power is not None:
            return index, power, counted_in
    raise ValueError(unit)
