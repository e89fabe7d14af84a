"""Units of COSEM objects as the Blue Book numbers them, and their scaler (IEC 62056-6-2, 5.2.2)."""

from fractions import Fraction

Number = int | Fraction | float

COUNT = 255

_NAMES: dict[int, str] = {
    6: "min",
    7: "s",
    8: "deg",
    9: "degC",
    13: "m3",
    14: "m3",  # corrected
    15: "m3/h",
    16: "m3/h",  # corrected
    19: "L",
    20: "kg",
    24: "bar",
    25: "J",
    27: "W",
    28: "VA",
    29: "var",
    30: "Wh",
    31: "VAh",
    32: "varh",
    33: "A",
    35: "V",
    44: "Hz",
    52: "K",
    56: "%",
}
_OTHERS = {"J": ("Wh", 3600), "kJ": ("kWh", 3600), "MJ": ("MWh", 3600)}
"""Units that are not ours: what they become, and how many of them make one of it."""


def name(number: int) -> str | None:
    """Return the unit `number`, None for a mere number.

    One that is not known gets a name of its own, which converts to nothing.
    """
    return None if number == COUNT else _NAMES.get(number, f"unit {number}")


def number(unit: str | None) -> int:
    """Return the number of the unit `unit`; raises KeyError."""
    return COUNT if unit is None else {each: key for key, each in reversed(_NAMES.items())}[unit]


def scaled(raw: Number, scaler: int) -> Number:
    """Return `raw` times 10**`scaler`, exactly: a float becomes the fraction that it is."""
    if not scaler:
        return raw
    power = 10 ** abs(scaler)
    exact = Fraction(raw)
    return _whole(exact * power if scaler > 0 else exact / power)


def ours(raw: Number, unit: str | None) -> tuple[Number, str | None]:
    """Return a number in a unit of `submeter.units`: energies in J become Wh."""
    target, many = _OTHERS.get(unit or "", (unit, 1))
    return (raw, unit) if many == 1 else (_whole(Fraction(raw) / many), target)


def _whole(number: Fraction) -> int | Fraction:
    return number.numerator if number.denominator == 1 else number
