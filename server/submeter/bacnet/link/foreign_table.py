"""The foreign devices that are registered with a BBMD (ASHRAE 135, J.5)."""

from submeter.bacnet.peer import Place

_GRACE = 30  # s that an entry lives longer than the device asked for (J.5.2.3)
# Devices behind one address translation share it; one station with many ports is to leave room.
_SHARE_OF_ONE = 4
_LEAST_OF_ONE = 2


class ForeignTable:
    """At most `most` foreign devices, each until its time is over; `now` is monotonic seconds.

    Of one IP address there are at most a quarter of `most`, or two.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._most_of_one = max(_LEAST_OF_ONE, most // _SHARE_OF_ONE)
        self._entries: dict[Place, tuple[int, float]] = {}

    def register(self, place: Place, ttl: int, now: float) -> bool:
        """Keep `place` for `ttl` seconds; False if there is no room for it."""
        self._sweep(now)
        if place not in self._entries and not self._room(place[0]):
            return False
        self._entries[place] = (ttl, now + ttl + _GRACE)
        return True

    def delete(self, place: Place, now: float) -> bool:
        """Forget `place`; False if it is not there."""
        self._sweep(now)
        return self._entries.pop(place, None) is not None

    def places(self, now: float) -> list[Place]:
        """Return who is registered."""
        self._sweep(now)
        return list(self._entries)

    def entries(self, now: float) -> list[tuple[Place, int, int]]:
        """Return place, time to live and seconds left, the grace among them, of each device."""
        self._sweep(now)
        return [(place, ttl, int(end - now)) for place, (ttl, end) in self._entries.items()]

    def _room(self, address: str) -> bool:
        own = sum(place[0] == address for place in self._entries)
        return len(self._entries) < self._most and own < self._most_of_one

    def _sweep(self, now: float) -> None:
        over = [place for place, (_, end) in self._entries.items() if end <= now]
        for place in over:
            del self._entries[place]
