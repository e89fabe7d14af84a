"""COSEM date-time, 12 octets (IEC 62056-6-2 4.1.6.1).

    year (2) | month | day | weekday | hour | minute | second | hundredths | deviation (2) | status

The deviation is what must be added to the local time for UTC, in minutes, 0x8000 if it is not
said. Bits of the status: 0x01 invalid, 0x02 doubtful, 0x04 another clock base, 0x08 invalid clock
status, 0x80 summer time; 0xFF if it is not said.
"""

from datetime import UTC, datetime, timedelta, timezone, tzinfo

from submeter.meter.reading import Stamp

SIZE = 12
_UNSAID = 0xFF
_NO_DEVIATION = -0x8000
_SUMMER = 0x80
_DOUBTED = 0x0F
_FIRST_YEAR = 1971
"""What stands before it is a clock that was never set."""


def stamp(octets: bytes, zone: tzinfo | None = None) -> Stamp | None:
    """Return the time that `octets` say; None if it is impossible or not said to the second.

    `zone` is that of the meter, for times that do not say their deviation; without one they are
    no time.
    """
    if len(octets) != SIZE:
        return None
    year, deviation = int.from_bytes(octets[:2], "big"), _signed(octets[9:11])
    month, day, _, hour, minute, second = octets[2:8]
    status = 0 if octets[11] == _UNSAID else octets[11]
    try:
        local = datetime(year, month, day, hour, minute, second)
    except ValueError:
        return None
    utc = _utc(local, deviation, zone, summer=bool(status & _SUMMER))
    if utc is None or local.year < _FIRST_YEAR:
        return None
    return Stamp(int(utc.timestamp()), f"{local:%Y-%m-%d %H:%M:%S}", bool(status & _DOUBTED))


def encode(utc: int, deviation: int | None = 0, status: int = 0) -> bytes:
    """Return the octets of UTC seconds since 1970, by a clock that is `deviation` minutes behind.

    None for a clock that runs by UTC and does not say so.
    """
    local = datetime.fromtimestamp(utc, UTC) - timedelta(minutes=deviation or 0)
    said = _NO_DEVIATION if deviation is None else deviation
    clock = (local.month, local.day, local.isoweekday(), local.hour, local.minute, local.second, 0)
    return (
        local.year.to_bytes(2, "big")
        + bytes(clock)
        + said.to_bytes(2, "big", signed=True)
        + bytes([status])
    )


def _signed(octets: bytes) -> int:
    return int.from_bytes(octets, "big", signed=True)


def _utc(local: datetime, deviation: int, zone: tzinfo | None, *, summer: bool) -> datetime | None:
    if deviation != _NO_DEVIATION:
        if not -720 <= deviation <= 840:
            return None
        return local.replace(tzinfo=timezone(-timedelta(minutes=deviation)))
    if zone is None:
        return None
    # The hour that is there twice in autumn: its first is the one in summer time.
    return local.replace(tzinfo=zone, fold=0 if summer else 1)
