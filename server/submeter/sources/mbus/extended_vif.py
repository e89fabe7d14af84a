"""The VIF codes behind FB and FD (EN 13757-3, tables 12 to 14)."""

from fractions import Fraction

from submeter.sources.mbus.scale import (
    CALORIE,
    DAY,
    FOOT3,
    GALLON,
    HOUR,
    JOULE,
    Meaning,
    Table,
    durations,
    fahrenheit,
    plain,
    steps,
)

_MEGA = 10**6
_MONTH, _YEAR = "months", "years"

FB: Table = dict(
    (
        *steps(0x00, 2, "energy", -1, _MEGA),
        *steps(0x02, 2, "reactive energy", 3),
        *steps(0x04, 2, "apparent energy", 3),
        *steps(0x08, 2, "energy", -1, JOULE * 10**9),
        *steps(0x0C, 4, "energy", -1, CALORIE * _MEGA),
        *steps(0x10, 2, "volume", 2),
        *steps(0x14, 4, "reactive power", 0),
        *steps(0x18, 2, "mass", 2, 1000),
        *steps(0x1A, 2, "humidity", -1),
        (0x20, Meaning("volume", FOOT3)),
        (0x21, Meaning("volume", FOOT3 / 10)),
        (0x22, Meaning("volume", GALLON / 10)),
        (0x23, Meaning("volume", GALLON)),
        (0x24, Meaning("volume flow", GALLON * 60 / 1000)),
        (0x25, Meaning("volume flow", GALLON * 60)),
        (0x26, Meaning("volume flow", GALLON)),
        *steps(0x28, 2, "power", -1, _MEGA),
        (0x2A, Meaning("phase angle between voltages", Fraction(1, 10))),
        (0x2B, Meaning("phase angle", Fraction(1, 10))),
        *steps(0x2C, 4, "frequency", -3),
        *steps(0x30, 2, "power", -1, JOULE * 10**9),
        *steps(0x34, 4, "apparent power", 0),
        *fahrenheit(0x58, "flow temperature", absolute=True),
        *fahrenheit(0x5C, "return temperature", absolute=True),
        *fahrenheit(0x60, "temperature difference", absolute=False),
        *fahrenheit(0x64, "external temperature", absolute=True),
        *fahrenheit(0x70, "temperature limit", absolute=True),
        *steps(0x74, 4, "temperature limit", -3),
        *steps(0x78, 8, "maximum power counter", -3),
    )
)
"""Behind FB. A power limit counter is of those in W; reserved codes are left out."""

FD: Table = dict(
    (
        *steps(0x00, 4, "credit", -3),
        *steps(0x04, 4, "debit", -3),
        *plain("access number", 0x08),
        *plain("medium", 0x09),
        *plain("manufacturer code", 0x0A),
        *plain("parameter set", 0x0B),
        *plain("model", 0x0C),
        *plain("hardware version", 0x0D),
        *plain("firmware version", 0x0E),
        *plain("software version", 0x0F),
        *plain("customer location", 0x10),
        *plain("customer", 0x11),
        *plain("access code", 0x12, 0x13, 0x14, 0x15, 0x16),
        *plain("error flags", 0x17, form="flags"),
        *plain("error mask", 0x18, form="flags"),
        *plain("security key", 0x19),
        *plain("digital output", 0x1A, form="flags"),
        *plain("digital input", 0x1B, form="flags"),
        *plain("baud rate", 0x1C),
        *plain("response delay", 0x1D),
        *plain("retries", 0x1E),
        *plain("remote control", 0x1F),
        *plain("first storage", 0x20),
        *plain("last storage", 0x21),
        *plain("storage block size", 0x22),
        *plain("tariff and subunit", 0x23),
        *durations(0x24, "storage interval"),
        (0x28, Meaning("storage interval in " + _MONTH)),
        (0x29, Meaning("storage interval in " + _YEAR)),
        *plain("operator data", 0x2A),
        *plain("second of the time point", 0x2B),
        *durations(0x2C, "duration since last readout"),
        *plain("start of tariff", 0x30, form="date"),
        (0x31, Meaning("duration of tariff", Fraction(60))),
        (0x32, Meaning("duration of tariff", Fraction(HOUR))),
        (0x33, Meaning("duration of tariff", Fraction(DAY))),
        *durations(0x34, "period of tariff"),
        (0x38, Meaning("period of tariff in " + _MONTH)),
        (0x39, Meaning("period of tariff in " + _YEAR)),
        *plain("dimensionless", 0x3A),
        *plain("container", 0x3B, 0x76),
        *durations(0x3C, "transmission period"),
        *steps(0x40, 16, "voltage", -9),
        *steps(0x50, 16, "current", -12),
        *plain("reset counter", 0x60),
        *plain("cumulation counter", 0x61),
        *plain("control signal", 0x62),
        *plain("day of week", 0x63),
        *plain("week number", 0x64),
        *plain("time of day change", 0x65, form="date"),
        *plain("parameter activation", 0x66),
        *plain("supplier information", 0x67),
        (0x68, Meaning("duration since last cumulation", Fraction(HOUR))),
        (0x69, Meaning("duration since last cumulation", Fraction(DAY))),
        (0x6A, Meaning("duration since last cumulation in " + _MONTH)),
        (0x6B, Meaning("duration since last cumulation in " + _YEAR)),
        (0x6C, Meaning("battery operating time", Fraction(HOUR))),
        (0x6D, Meaning("battery operating time", Fraction(DAY))),
        (0x6E, Meaning("battery operating time in " + _MONTH)),
        (0x6F, Meaning("battery operating time in " + _YEAR)),
        *plain("battery change", 0x70, form="date"),
        *plain("radio level", 0x71),
        *plain("daylight saving", 0x72),
        *plain("listening window", 0x73),
        (0x74, Meaning("remaining battery time", Fraction(DAY))),
        *plain("stops", 0x75),
    )
)
"""Behind FD. What is counted in months or years has no length in seconds."""

FD_FD: Table = dict(
    (
        *plain("selected application", 0x00),
        (0x02, Meaning("remaining battery time in " + _MONTH)),
        (0x03, Meaning("remaining battery time in " + _YEAR)),
    )
)
"""Behind FD FD, the second level."""
