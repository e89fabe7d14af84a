"""The time stamps of TIC: SAAMMJJhhmmss of standard mode, JJ/MM/AA HH:MM:SS of PME-PMI.

Source: Enedis-NOI-CPT_54E, 6.2.1, and Enedis-NOI-CPT_02E v6.
"""

from datetime import UTC, datetime, timedelta, timezone

from submeter.meter.reading import Stamp

# The letter gives the offset to UTC, also in the hour that October has twice; lower case says that
# the meter's clock is degraded.
_OFFSETS = {"H": 1, "h": 1, "E": 2, "e": 2}


def utc_seconds(text: str) -> int | None:
    """Return UTC seconds since 1970; None if the stamp is empty, without season or impossible."""
    offset = _OFFSETS.get(text[:1])
    if offset is None or len(text) != 13 or not (text[1:].isascii() and text[1:].isdigit()):
        return None
    try:
        local = datetime.strptime(text[1:], "%y%m%d%H%M%S")
    except ValueError:
        return None
    return int(local.replace(tzinfo=timezone(timedelta(hours=offset))).timestamp())


def stamp(text: str) -> Stamp | None:
    """Return the time of a horodate and whether the meter itself doubts it; None if impossible."""
    seconds = utc_seconds(text)
    return None if seconds is None else Stamp(seconds, text, degraded=text[0].islower())


def legal_time(text: str) -> Stamp | None:
    """Return the time of `JJ/MM/AA HH:MM:SS` in French legal time; None if there is no such date.

    It has no mark of the season: of the hour that October has twice it is the first. In that hour,
    and in the one that March lacks, it is degraded.
    """
    try:
        local = datetime.strptime(text, "%d/%m/%y %H:%M:%S")
    except ValueError:
        return None
    winter = local.replace(tzinfo=timezone(timedelta(hours=1)))
    summer = local.replace(tzinfo=timezone(timedelta(hours=2)))
    found = summer if _is_summer(summer) else winter
    doubtful = _is_summer(summer) is not _is_summer(winter)
    return Stamp(int(found.timestamp()), text, degraded=doubtful)


def _is_summer(at: datetime) -> bool:
    """Tell whether summer time holds at `at`: from 1:00 UTC on two Sundays (directive 2000/84)."""
    start, end = (_last_sunday(at.year, month) for month in (3, 10))
    return start <= at < end


def _last_sunday(year: int, month: int) -> datetime:
    last = datetime(year, month, 31, 1, tzinfo=UTC)
    return last - timedelta(days=(last.weekday() + 1) % 7)
