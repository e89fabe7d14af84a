"""The primary VIF codes (EN 13757-3, table 10), and those of the fixed data structure."""

from fractions import Fraction

from submeter.sources.mbus.scale import (
    HOUR,
    JOULE,
    Meaning,
    Table,
    durations,
    plain,
    steps,
    tens,
)

FB, PLAIN_TEXT, FD, ANY, MANUFACTURER = 0x7B, 0x7C, 0x7D, 0x7E, 0x7F
"""What the code is that is no quantity of its own, without the extension bit."""

PRIMARY: Table = dict(
    (
        *steps(0x00, 8, "energy", -3),
        *steps(0x08, 8, "energy", 0, JOULE),
        *steps(0x10, 8, "volume", -6),
        *steps(0x18, 8, "mass", -3),
        *durations(0x20, "on time"),
        *durations(0x24, "operating time"),
        *steps(0x28, 8, "power", -3),
        *steps(0x30, 8, "power", 0, JOULE),
        *steps(0x38, 8, "volume flow", -6),
        *steps(0x40, 8, "volume flow", -7, 60),
        *steps(0x48, 8, "volume flow", -9, HOUR),
        *steps(0x50, 8, "mass flow", -3),
        *steps(0x58, 4, "flow temperature", -3),
        *steps(0x5C, 4, "return temperature", -3),
        *steps(0x60, 4, "temperature difference", -3),
        *steps(0x64, 4, "external temperature", -3),
        *steps(0x68, 4, "pressure", -3),
        *plain("date", 0x6C, form="date"),
        *plain("time point", 0x6D, form="date"),
        *plain("units", 0x6E),
        *durations(0x70, "averaging duration"),
        *durations(0x74, "actuality duration"),
        *plain("fabrication number", 0x78),
        *plain("enhanced identification", 0x79),
        *plain("bus address", 0x7A),
    )
)

_ENERGY_J = [(code, "energy", JOULE * 1000 * tens(code - 0x0B)) for code in range(0x0B, 0x14)]
_POWER_J = [(code, "power", JOULE * 1000 * tens(code - 0x1D)) for code in range(0x1D, 0x26)]
_DECADES = (
    *((code, "energy", tens(code - 0x02)) for code in range(0x02, 0x0B)),
    *_ENERGY_J,
    *((code, "power", tens(code - 0x14)) for code in range(0x14, 0x1D)),
    *_POWER_J,
    *((code, "volume", tens(code - 0x26 - 6)) for code in range(0x26, 0x2F)),
    *((code, "volume flow", tens(code - 0x2F - 6)) for code in range(0x2F, 0x38)),
)

FIXED: Table = {
    **{code: Meaning(quantity, factor) for code, quantity, factor in _DECADES},
    0x00: Meaning("time of day"),
    0x01: Meaning("day of year"),
    0x38: Meaning("external temperature", Fraction(1, 1000)),
    0x39: Meaning("units"),
    0x3F: Meaning("dimensionless"),
}
"""The units of the fixed data structure (EN 13757-3, annex); 3E is that of the first counter."""
