"""What is to be remembered of who did what, until the next commit takes it."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from submeter.meter.instant import Instant

# What a peer can cause without end: equal ones are counted, and there is a most of them.
REPEATED = frozenset({"write_refused", "unlock_refused", "write_unchanged", "tls_refused"})
MINUTE = 60.0  # s
MOST_REPEATED = 60  # entries a minute; each is a row in a file that is kept for ever
MOST_ENTRIES = 1000
LONGEST_TEXT = 200  # characters of one value


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


class _Count:
    """How often an entry was repeated after it had been noted, and when first and last."""

    __slots__ = ("last", "more", "since")

    def __init__(self, since: float) -> None:
        self.since = since
        self.more = 0
        self.last = 0


_Key = tuple[str, str, str, str]


class Audit:
    """The entries that no commit has taken yet.

    It is bounded, for commits can fail for days: the oldest of what peers can cause without end is
    dropped first, then the oldest of the rest, and an entry `audit_lost` says how many. `on_entry`
    is called when there is something that should be committed soon.
    """

    def __init__(self, on_entry: Callable[[], None] | None = None) -> None:
        self.on_entry = on_entry
        self._entries: list[Entry] = []
        self._counts: dict[_Key, _Count] = {}
        self._lost = 0
        self._lost_at = 0
        self._minute = float("-inf")
        self._in_minute = 0

    def note(
        self, event: str, meter: str = "", who: str = "", *, at: Instant, **detail: object
    ) -> None:
        """Remember that `event` happened; `detail` keeps its order.

        Equal ones of REPEATED within a minute are counted instead: `take` gives one more with
        `count=`, the repetitions.
        """
        key = (event, meter, _clean(who), _text(detail))
        if event not in REPEATED:
            self._append(Entry(int(at.utc), *key))
            if self.on_entry:
                self.on_entry()
        elif count := self._open(key, at):
            count.more += 1
            count.last = int(at.utc)
        elif self._may_repeat(at):
            self._append(Entry(int(at.utc), *key))
            self._counts[key] = _Count(at.mono)
        else:
            self._lose(1, int(at.utc))

    def take(self, now: Instant | None = None) -> list[Entry]:
        """Return what there is, oldest first, and forget it.

        With `now`, repetitions whose minute is not over yet stay until it is.
        """
        self._settle(now)
        entries, self._entries = self._entries, []
        if self._lost:
            entries.append(Entry(self._lost_at, "audit_lost", "", "", f"count={self._lost}"))
            self._lost = 0
        return entries

    def put_back(self, entries: Iterable[Entry]) -> None:
        """Take back what was taken, because its commit failed."""
        kept = []
        for entry in entries:
            if entry.event == "audit_lost":
                self._lose(int(entry.detail.removeprefix("count=")), entry.at)
            else:
                kept.append(entry)
        self._entries[:0] = kept
        self._bound()

    def _open(self, key: _Key, at: Instant) -> _Count | None:
        """Return the running count of `key`; one whose minute is over is told first."""
        count = self._counts.get(key)
        if count and at.mono - count.since >= MINUTE:
            self._tell(key, count)
            return None
        return count

    def _may_repeat(self, at: Instant) -> bool:
        """Tell whether one more entry of REPEATED may be made in this minute."""
        if at.mono - self._minute >= MINUTE:
            self._minute, self._in_minute = at.mono, 0
            self._settle(at)
        self._in_minute += 1
        return self._in_minute <= MOST_REPEATED

    def _settle(self, now: Instant | None) -> None:
        """Tell the counts whose minute is over by `now`, all without it."""
        for key, count in list(self._counts.items()):
            if now is None or now.mono - count.since >= MINUTE:
                self._tell(key, count)

    def _tell(self, key: _Key, count: _Count) -> None:
        del self._counts[key]
        if count.more:
            event, meter, who, detail = key
            told = f"{detail} count={count.more}".lstrip()
            self._append(Entry(count.last, event, meter, who, told))

    def _append(self, entry: Entry) -> None:
        self._entries.append(entry)
        self._bound()

    def _bound(self) -> None:
        while len(self._entries) > MOST_ENTRIES:
            repeated = (n for n, entry in enumerate(self._entries) if entry.event in REPEATED)
            dropped = self._entries.pop(next(repeated, 0))
            self._lose(1, dropped.at)

    def _lose(self, count: int, at: int) -> None:
        self._lost += count
        self._lost_at = max(self._lost_at, at)


def _text(detail: dict[str, object]) -> str:
    return " ".join(f"{key}={_quoted(str(value))}" for key, value in detail.items())


def _quoted(value: str) -> str:
    """Return `value` so that it is one word or stands in quotes, on one line."""
    text = _clean(value.replace("\\", "\\\\"))
    if text and not any(c in ' "=' for c in text):
        return text
    return '"' + text.replace('"', '\\"') + '"'


def _clean(text: str) -> str:
    """Return `text` on one line, without control characters, and not too long."""
    if len(text) > LONGEST_TEXT:
        text = text[:LONGEST_TEXT] + "..."
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
