"""The items of a text readout: values by OBIS code, with the times that belong to them."""

import re
from collections.abc import Iterator
from datetime import tzinfo

from submeter.meter.reading import Stamp
from submeter.sources.dlms.said import VALUE, Item
from submeter.sources.optical import local_time, text_code
from submeter.sources.optical.readout import DataSet, Readout

CLOCK = "0-0:1.0.0*255"
_TIME, _DATE = "1-0:0.9.1*255", "1-0:0.9.2*255"
_CAPTURED = 5
"""The attribute of a maximum that is its time (class 4 of the Blue Book)."""

_UNITS = {"kVAr": "kvar", "kVArh": "kvarh", "VAr": "var", "VArh": "varh"}
_DIGITS = re.compile(r"\D")


def items(readout: Readout, zone: tzinfo) -> Iterator[Item]:
    """Yield what `readout` says; the meter's clock is in `zone`.

    Identifiers that are no OBIS code are left out, and so are values of an identifier after the
    first, but for the time of a maximum. Time and date make the clock object of the Blue Book.
    """
    clock: dict[str, str] = {}
    for each in readout.sets:
        code = text_code.code(each.id)
        if code is None:
            continue
        value, unit = each.fields[0]
        if code in (_TIME, _DATE):
            clock[code] = value
        captured = _captured(each, zone)
        yield Item(code, value=value, scaler=0, unit=_unit(unit), stamp=captured)
        if captured:
            yield _moment(code, captured, _CAPTURED)
    now = _clock(clock, zone)
    if now:
        yield _moment(CLOCK, now, VALUE)


def _unit(unit: str) -> str | None:
    return _UNITS.get(unit, unit) or None


def _moment(code: str, stamp: Stamp, attribute: int) -> Item:
    return Item(code, attribute=attribute, value=stamp.utc, scaler=0, unit="UTC s", stamp=stamp)


def _captured(each: DataSet, zone: tzinfo) -> Stamp | None:
    if len(each.fields) != 2 or each.fields[1].unit:
        return None
    return local_time.stamp(each.fields[1].value, zone)


def _clock(said: dict[str, str], zone: tzinfo) -> Stamp | None:
    if len(said) != 2:
        return None
    date, time = (_DIGITS.sub("", said[each]) for each in (_DATE, _TIME))
    # A leading digit is the season, of which date and time have one each.
    season = date[:1] if len(date) == len(time) == 7 else ""
    if len(date) not in (6, 7, 8) or (not season and len(time) not in (4, 6)):
        return None
    return local_time.stamp(season + date[-6:] + time[-6:], zone)
