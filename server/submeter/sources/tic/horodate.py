"""The time stamp of standard TIC: SAAMMJJhhmmss (Enedis-NOI-CPT_54E, 6.2.1)."""

from datetime import datetime, timedelta, timezone

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
