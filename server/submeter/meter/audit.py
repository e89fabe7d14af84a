"""What is to be remembered of who did what, until the next commit takes it."""

from collections import Counter
from collections.abc import Callable, Iterable

from submeter.meter.instant import Instant
from submeter.meter.tally import BEYOND, Bounds, Entry, Tally

__all__ = ["Audit", "Entry"]

# What peers can cause without end. Each entry is a row in a file that is kept for ever.
REFUSED = frozenset(
    {"write_refused", "unlock_refused", "tls_refused", "device_control_refused", BEYOND}
)
ACCEPTED = frozenset(
    {
        "setting_changed",
        "setting_reset",
        "command",
        "write_unchanged",
        "commanded",
        "relinquished",
        "unlocked",
        "locked",
        "line_changed",
        "alarm_acknowledged",
        "clock_asked",
        "clock_set",
        "device_control",
    }
)
OF_REFUSED = Bounds(each=4, common=60, peers=16, day=5000)
# As many as the points of many meters, for the log is to say what was set to what.
OF_ACCEPTED = Bounds(each=250, common=0, peers=64)
MINUTE = 60.0  # s
DAY = 86_400.0  # s
MOST_ENTRIES = 1000
MANY = MOST_ENTRIES // 2  # no commit waits any longer then
LONGEST_TEXT = 200  # characters of one value

_CAUSED = REFUSED | ACCEPTED
# Nothing has changed that is kept: no commit need be hurried.
_PATIENT = REFUSED | {"write_unchanged", "commanded", "relinquished"}
_AT_ONCE = ACCEPTED - _PATIENT  # somebody waits for it, or would count on it after a power cut


class Audit:
    """The entries that no commit has taken yet.

    It is bounded, for commits can fail for days: the oldest of the peer with the most entries is
    dropped first, and where no peer has any, the oldest of all; an entry `audit_lost` says how
    many. What peers cause is bounded by the minute, too, for each by itself, see Tally, and
    refusals by the day. `on_entry` is called when there is something that should be committed
    soon, with True if at once: what a peer has changed, or when there is much of it.
    """

    def __init__(self, on_entry: Callable[[bool], None] | None = None) -> None:
        self.on_entry = on_entry
        self._entries: list[Entry] = []
        self._refused = Tally(OF_REFUSED)
        self._accepted = Tally(OF_ACCEPTED)
        self._since: float | None = None  # the beginning of the minute that is counted in
        self._today: float | None = None  # the beginning of the day whose refusals are counted
        self._lost = 0
        self._lost_at = 0

    def note(
        self, event: str, meter: str = "", who: str = "", *, at: Instant, **detail: object
    ) -> None:
        """Remember that `event` happened; `detail` keeps its order.

        REFUSED and ACCEPTED ones that differ from one of the same minute in neither `point` nor
        `reason` are counted instead: `take` gives the last of them, with `count=`.
        """
        entry = Entry(int(at.utc), event, meter, _clean(who), _text(detail))
        self._settle(at)
        if event in _CAUSED:
            if self._since is None:
                self._since = at.mono
            if self._today is None:
                self._today = at.mono
            tally = self._refused if event in REFUSED else self._accepted
            what = str(detail.get("point", "")), str(detail.get("reason", ""))
            self._append(tally.take(entry, what))
        else:
            self._append([entry])
        many = len(self._entries) >= MANY
        if self.on_entry and (event not in _PATIENT or many):
            self.on_entry(many or event in _AT_ONCE)

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

    def _settle(self, now: Instant | None) -> None:
        """Tell what was counted in the minute if it is over by `now`, or without it."""
        if now is not None and self._today is not None and now.mono - self._today >= DAY:
            self._today = None
            self._refused.new_day()
        if self._since is None or (now is not None and now.mono - self._since < MINUTE):
            return
        self._since = None
        for tally in (self._refused, self._accepted):
            self._append(tally.told())
            tally.clear()

    def _append(self, entries: Iterable[Entry]) -> None:
        self._entries += entries
        self._bound()

    def _bound(self) -> None:
        while len(self._entries) > MOST_ENTRIES:
            dropped = self._entries.pop(self._least())
            self._lose(1, dropped.at)

    def _least(self) -> int:
        """Return which entry is dropped first."""
        caused = [(n, entry) for n, entry in enumerate(self._entries) if entry.event in _CAUSED]
        if not caused:
            return 0
        ((most, _),) = Counter(entry.who for _, entry in caused).most_common(1)
        theirs = [(n, entry) for n, entry in caused if entry.who == most]
        return next((n for n, entry in theirs if entry.event in REFUSED), theirs[0][0])

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
