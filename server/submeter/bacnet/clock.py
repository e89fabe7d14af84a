"""The local time of this machine, as BACnet writes it; tests put another clock in its place."""

import time
from datetime import datetime

from submeter.bacnet import encoding


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
    local = time.localtime(utc)
    return time.timezone // 60 if local.tm_isdst >= 0 else -local.tm_gmtoff // 60


def summer(utc: float) -> bool:
    """Tell whether daylight saving time is in effect."""
    return time.localtime(utc).tm_isdst > 0
