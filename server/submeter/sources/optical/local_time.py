"""Times of day as text readouts write them: the meter's local time."""

import re
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

from submeter.meter.reading import Stamp

_SEPARATED = re.compile(r"(?:20)?(\d\d)-(\d\d)-(\d\d)[ T,](\d\d):(\d\d)(?::(\d\d))?")
_TOGETHER = re.compile(r"([012]?)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?")
_UTC, _NORMAL = "2", "0"
_OWN_ZONE = Path("/etc/localtime")


def zone(name: str | None) -> tzinfo:
    """Return the time zone `name`, of this machine for None; raises ValueError if there is none."""
    if name is None:
        try:
            with _OWN_ZONE.open("rb") as file:
                return ZoneInfo.from_file(file)
        except (OSError, ValueError):
            return UTC
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        raise ValueError(f"there is no time zone '{name}'; write one such as Europe/Zurich") from (
            None
        )


def stamp(text: str, zone: tzinfo) -> Stamp | None:
    """Return the time `text` by a clock of `zone`, None if it is none.

    It is `YY-MM-DD hh:mm[:ss]` or `[S]YYMMDDhhmm[ss]`. S is the season, 0 normal, 1 summer, 2 UTC
    (IEC 62056-6-1); without it the second of two hours of the same name, at the end of summer time,
    is taken for the first.
    """
    match = _SEPARATED.fullmatch(text)
    if match:
        season, fields = "", match.groups()
    else:
        match = _TOGETHER.fullmatch(text)
        if match is None:
            return None
        season, *rest = match.groups()
        fields = tuple(rest)
    year, month, day, hour, minute, second = (int(each or 0) for each in fields)
    try:
        local = datetime(2000 + year, month, day, hour, minute, second, fold=season == _NORMAL)
        moment = local.replace(tzinfo=UTC if season == _UTC else zone).timestamp()
    except (ValueError, OverflowError):
        return None
    return Stamp(int(moment), text)
