"""TimeSynchronization and UTCTimeSynchronization (ASHRAE 135, 16.7 and 16.8)."""

import asyncio
import ipaddress
import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from submeter.bacnet import clock, outside
from submeter.bacnet.answer import Reason, Rejected, Unconfirmed
from submeter.bacnet.peer import Peer, Place
from submeter.meter.access import Who
from submeter.meter.access_settings import network
from submeter.meter.audit import Audit
from submeter.meter.instant import Instant

TIME_SYNCHRONIZATION, UTC_TIME_SYNCHRONIZATION = 6, 9
PAUSE = 10.0  # s from one setting of the clock to the next
YEARS = range(2020, 2101)
MOST_TOLD = 16  # peers that are not allowed, each told of in the log once

_DATE, _TIME = 0xA4, 0xB4
_LENGTH = 10

_log = logging.getLogger(__name__)


class TimeSync:
    """Lets the stations of `networks` set the clock; one for all devices of the face.

    What a BBMD passes on counts only if both it and the station that it comes from are in them.
    Without networks, or without `set_clock`, neither service is served. A result that differs from
    the last one goes to `audit`: most masters send the time again and again.
    """

    def __init__(
        self,
        networks: Sequence[str],
        set_clock: Callable[[float], str] | None,
        audit: Audit,
    ) -> None:
        self._networks = tuple(network(text) for text in networks)
        self._set_clock = set_clock
        self._audit = audit
        self._task: asyncio.Task[None] | None = None
        self._next = float("-inf")
        self._result = ""
        self._told: set[str] = set()
        self.unconfirmed: dict[int, Unconfirmed] = {}
        if networks and set_clock:
            self.unconfirmed[TIME_SYNCHRONIZATION] = self._local
            self.unconfirmed[UTC_TIME_SYNCHRONIZATION] = self._utc

    def close(self) -> None:
        """Wait for nothing any more."""
        if self._task:
            self._task.cancel()
            self._task = None

    def _local(self, body: bytes, peer: Peer, broadcast: bool) -> None:
        self._take(_nearest(_date_time(body), clock.now()), peer)

    def _utc(self, body: bytes, peer: Peer, broadcast: bool) -> None:
        self._take(_date_time(body).replace(tzinfo=UTC).timestamp(), peer)

    def _take(self, utc: float, peer: Peer) -> None:
        # The origin that a forwarded message names is what its sender wrote there.
        if not self._allowed(peer.place) or (peer.via and not self._allowed(peer.via)):
            return
        loop = asyncio.get_running_loop()
        if self._task or loop.time() < self._next:
            return
        self._next = loop.time() + PAUSE
        self._task = loop.create_task(self._set(utc, outside.who(peer)))

    def _allowed(self, place: Place) -> bool:
        address = place[0]
        asked = ipaddress.IPv4Address(address)
        if any(asked in each for each in self._networks):
            return True
        if address not in self._told and len(self._told) < MOST_TOLD:
            self._told.add(address)
            _log.warning("event=time_synchronization_refused peer=%s", address)
        return False

    async def _set(self, utc: float, who: Who) -> None:
        if self._set_clock is None:
            return
        try:
            result = await asyncio.to_thread(self._set_clock, utc)
        finally:
            self._task = None
        if result != self._result:
            self._result = result
            _log.info('event=clock_set peer=%s result="%s"', who.address, result)
            self._audit.note("clock_set", who=str(who), at=Instant.now(), result=result)


def _date_time(body: bytes) -> datetime:
    """Return the date and time in `body`; raises Rejected unless every part is specified.

    The day of the week says nothing that the date does not, so it does not matter.
    """
    if len(body) != _LENGTH or (body[0], body[5]) != (_DATE, _TIME):
        raise Rejected(Reason.INVALID_TAG)
    year, month, day = 1900 + body[1], body[2], body[3]
    hour, minute, second, hundredths = body[6:]
    if year not in YEARS or hundredths > 99:
        raise Rejected(Reason.OUT_OF_RANGE)
    try:
        return datetime(year, month, day, hour, minute, second, hundredths * 10_000)
    except ValueError:
        raise Rejected(Reason.OUT_OF_RANGE) from None


def _nearest(local: datetime, now: float) -> float:
    """Return the UTC seconds of a local time; of two, when summer time ends, the nearer to now."""
    both = (local.replace(fold=fold).timestamp() for fold in (0, 1))
    return min(both, key=lambda utc: abs(utc - now))
