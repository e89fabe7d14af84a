"""Dates and times of a meter (EN 13757-3, annex A, types F, G, I and J).

They are legal time where the meter stands, which is taken to be where this program runs.
"""

from datetime import datetime

from submeter.meter.reading import Stamp

_INVALID = 0x80  # of the minute: the clock is not set
_SUMMER = 0x80  # of the hour
_CENTURY = 81  # years below are of this century


def read(raw: bytes) -> tuple[str, Stamp | None]:
    """Return the time in `raw` as text, and as a stamp where it is a moment or a day that exists.

    2 bytes: type G, a day; 3: type J, a time of day; 4: type F, to the minute; 6: type I, to the
    second. Other lengths give no stamp.
    """
    match len(raw):
        case 2:
            return _moment(_day(raw), (0, 0, 0), day_only=True)
        case 3:
            return f"{raw[2] & 0x1F:02}:{raw[1] & 0x3F:02}:{raw[0] & 0x3F:02}", None
        case 4:
            hour = raw[1] & 0x1F
            valid = not raw[0] & _INVALID
            return _moment(_day(raw[2:]), (hour, raw[0] & 0x3F, 0), bool(raw[1] & _SUMMER), valid)
        case 6:
            clock = (raw[2] & 0x1F, raw[1] & 0x3F, raw[0] & 0x3F)
            summer, valid = bool(raw[0] & 0x40), not raw[1] & _INVALID
            return _moment(_day(raw[3:5]), clock, summer, valid)
    return raw[::-1].hex().upper(), None


def _day(raw: bytes) -> tuple[int, int, int]:
    """Return year, month and day of two bytes: YYYDDDDD YYYYMMMM, lowest first."""
    year = raw[0] >> 5 | raw[1] >> 4 << 3
    return (2000 if year < _CENTURY else 1900) + year, raw[1] & 0x0F, raw[0] & 0x1F


def _moment(
    day: tuple[int, int, int],
    clock: tuple[int, int, int],
    summer: bool = False,
    valid: bool = True,
    day_only: bool = False,
) -> tuple[str, Stamp | None]:
    date = "{:04}-{:02}-{:02}".format(*day)
    text = date if day_only else date + "T{:02}:{:02}:{:02}".format(*clock)
    if not valid:
        return text, None
    try:
        # The second of two equal hours in October is the one without the mark of summer.
        moment = datetime(*day, *clock, fold=0 if summer else 1)
        return text, Stamp(int(moment.timestamp()), text)
    except (ValueError, OverflowError):
        return text, None
