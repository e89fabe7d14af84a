"""What peers can cause without end: whole the first time in a minute, then counted."""

from typing import NamedTuple


class Entry(NamedTuple):
    """One line of the audit log: UTC seconds, and what happened.

    `meter` is empty where the whole program is meant; `who` is a face and an address, `cli`, or
    empty where nobody asked; `detail` is key=value text.
    """

    at: int
    event: str
    meter: str
    who: str
    detail: str


class Bounds(NamedTuple):
    """How many different things are kept apart in a minute.

    `each` peer has so many of its own, and those who need more share `common`; of no more than
    `peers` anything is kept apart. After `day` rows nothing is, until the next day; without it,
    days do not matter.
    """

    each: int
    common: int
    peers: int
    day: int | None = None


What = tuple[str, str]
"""The point and the reason: what is different, whatever else the detail says."""

_Key = tuple[str, str, str, What | None]

BEYOND = "refused"
_ALL: _Key = (BEYOND, "", "", None)


class _Count:
    """How often an entry was repeated after it had been given out, and the last of these."""

    __slots__ = ("last", "more")

    def __init__(self, last: Entry) -> None:
        self.last = last
        self.more = 0


class Tally:
    """Counts what is equal in event, meter, who and `What`, and bounds what is not.

    What goes beyond the bounds is counted for its peer, and beyond those many peers for all of the
    others together: one entry with `further=`. Beyond the rows of a day it is one entry BEYOND.
    """

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self.clear()
        self.new_day()

    def clear(self) -> None:
        """Begin a new minute."""
        self._counts: dict[_Key, _Count] = {}  # in the order of the last repetition
        self._peers: dict[str, int] = {}
        self._common = self._bounds.common

    def new_day(self) -> None:
        """Begin to count the rows of a day."""
        self._rows = 0

    def take(self, entry: Entry, what: What) -> list[Entry]:
        """Return what is to be written now: `entry` if it is the first of its kind, or nothing.

        What was counted of its point before, by whomever, comes first: the log says last what was
        done last.
        """
        key = self._key(entry, what)
        before: list[Entry] = []
        count = self._counts.pop(key, None)
        if count is None:
            before = self._of_point(entry.meter, what[0]) if what[0] else []
            count = _Count(entry)
            self._counts[key] = count
            if key[3] is not None:
                self._rows += 1
                return [*before, entry]
        else:
            self._counts[key] = count
        count.more += 1
        count.last = entry
        return before

    def told(self) -> list[Entry]:
        """Return one entry for each that was repeated, in the order of the last ones."""
        return self._told(list(self._counts))

    def _key(self, entry: Entry, what: What) -> _Key:
        key: _Key = (entry.event, entry.meter, entry.who, what)
        if key in self._counts:
            return key
        if self._bounds.day is not None and self._rows >= self._bounds.day:
            return _ALL
        peer = _peer(entry.who)
        mine = self._peers.get(peer, 0)
        if not mine and len(self._peers) >= self._bounds.peers:
            return entry.event, "", "", None
        if mine >= self._bounds.each:
            if not self._common:
                return entry.event, "", peer, None
            self._common -= 1
        self._peers[peer] = mine + 1
        return key

    def _of_point(self, meter: str, point: str) -> list[Entry]:
        return self._told([k for k in self._counts if k[1] == meter and k[3] and k[3][0] == point])

    def _told(self, keys: list[_Key]) -> list[Entry]:
        entries = []
        for key in keys:
            count = self._counts[key]
            if count.more:
                event, meter, who, what = key
                number = f"further={count.more}" if what is None else f"count={count.more}"
                detail = number if what is None else f"{count.last.detail} {number}".lstrip()
                entries.append(Entry(count.last.at, event, meter, who, detail))
                count.more = 0
        self._rows += len(entries)
        return entries


def _peer(who: str) -> str:
    """Return face and address alone: a station behind a router is what its sender says it is."""
    words = who.split(" ")
    return f"{words[0]} {words[-1]}" if len(words) > 2 else who
