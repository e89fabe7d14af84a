"""The local time of this machine, as BACnet writes it; tests put another clock in its place."""

import time
from datetime import datetime

from submeter.bacnet import encoding

_HOUR = 60  # minutes


def now() -> float:
    """Return UTC seconds since 1970."""
    return time.time()


def date_time(utc: float) -> bytes:
    """Return the local date and time of `utc`, tagged: a Date and a Time."""
    at = datetime.fromtimestamp(utc)
    return encoding.date(at.year, at.month, at.day, at.isoweekday()) + encoding.time(
        at.hour, at.minute, at.second, at.microsecond // 10_000
    )


def offset(utc: float) -> int:
    """Return UTC_Offset: minutes from local standard time to UTC, 60 west of it (135, 12.11.24)."""
    return -time.localtime(utc).tm_gmtoff // 60 + (_HOUR if summer(utc) else 0)


def summer(utc: float) -> bool:
    """Tell whether local time is an hour ahead of standard time.

    That is what clients take it for; where summer time is something else, the offset alone moves.
    """
    local = time.localtime(utc)
    return local.tm_isdst > 0 and local.tm_gmtoff == 3600 - time.timezone
