"""An index made of registers that begin anew: the sum of what each of them came to."""

import json
import logging
import math
from dataclasses import dataclass, field, replace
from typing import Any

from submeter.meter import saved as taken
from submeter.meter.feed import Dial
from submeter.meter.instant import Instant
from submeter.meter.limits import Limits, Seen

GAP = 60.0  # s without a reading, in which an account may have come and gone
ANEW = 6  # readings in a row below what an account came to: its register began anew

_log = logging.getLogger(__name__)

Account = tuple[str, ...]


@dataclass(slots=True)
class _Entry:
    """An account of a period: the reading at which nothing was counted, and the one it grew to.

    It is `owed` while it may have counted unheard before what was read last of others.
    """

    period: str
    base: int
    seen: Seen
    owed: bool = False


@dataclass(slots=True)
class Book:
    """A point of one instrument: its accounts, by their labels as JSON, and their sum.

    `total` is that of all accounts and `late` what of it was booked late; `period` is the one that
    ran when the book was opened.
    """

    period: str
    accounts: dict[str, _Entry] = field(default_factory=dict)
    total: int = 0
    late: int = 0
    present: str = ""  # the account that was read last
    read: Instant | None = None  # and when
    silent_until: float = -math.inf  # monotonic s
    counted: str = ""  # the account whose reading was taken last
    taken: Instant | None = None  # and when
    fallen: int = 0  # readings since then of an account that fell


class Ledger:
    """Keeps the last reading of every account of every book.

    A book is a point of one instrument, an account a tariff in a period, whose name comes last.
    Readings are whole numbers in the unit that the point is counted in. The first account of a book
    counts whole. Others of its period ran before: they count from their first reading on; those of
    later periods count whole.

    What an account grew while another one was read after a silence is booked late: it is energy of
    a time before. More than `largest_power` (W, var) carries since the account was read is none; of
    one that takes over while it is listened to, more than it carries since the last reading. An
    account that fell begins anew from its present reading once ANEW readings in a row say so.
    Nothing is `kept` of a recording, which begins anew with each run.
    """

    MOST = 10_000
    """Accounts of a book; 20 tariffs of a month for 40 years. More are damage, and not taken."""

    def __init__(self, *, kept: bool = True) -> None:
        self.books: dict[str, Book] = {}
        self._kept = kept

    def knows(self, book: str, account: Account) -> bool:
        """Tell whether `account` was opened in `book`."""
        found = self.books.get(book)
        return found is not None and _key(account) in found.accounts

    def holds_named(self, point: str) -> bool:
        """Tell whether there is a book of `point` of an instrument that says who it is."""
        return any(name.startswith(f"{point}\t") and name != f"{point}\t" for name in self.books)

    def total(
        self, book: str, account: Account, reading: int, at: Instant, largest_power: float
    ) -> int | None:
        """Take a reading of an account that came `at` some time; return the sum of all of `book`.

        None if the account's register fell, until it is plain that it began anew, if it cannot have
        grown so, or if there are too many accounts.
        """
        found = self.books.setdefault(book, Book(account[-1]))
        key = _key(account)
        _listen(found, key, at)
        entry = found.accounts.get(key)
        if entry is None:
            if len(found.accounts) >= self.MOST:
                return None
            entry = _opened(found, account[-1], reading, at)
        before = entry
        if not entry.owed and found.taken and key != found.counted:
            # What took over counts since the other one was read.
            before = replace(entry, seen=Seen(entry.seen.total, found.taken))
        if reading < entry.seen.total:
            return self._fall(book, account, reading, at)
        doubtful = before is not entry or entry.owed
        if doubtful and not _possible(before, reading, at, largest_power):
            return None
        _grow(found, entry, reading, at)
        found.accounts[key] = entry
        found.counted, found.taken, found.fallen = key, at, 0
        return found.total

    def _fall(self, book: str, account: Account, reading: int, at: Instant) -> int | None:
        """Take a reading of an account that is less than it came to; it may have begun anew."""
        found, key = self.books[book], _key(account)
        found.fallen += 1
        if found.fallen < ANEW or key not in found.accounts or len(found.accounts) >= self.MOST:
            return None
        # What it came to stays in the book under a name that no instrument says.
        ended = found.accounts.pop(key)
        found.accounts[_key((f"until {at.utc:.3f}", *account))] = ended
        found.accounts[key] = _Entry(account[-1], reading, Seen(reading, at))
        point, _, meter = book.partition("\t")
        message = "event=account_began_anew point=%s meter=%s account=%s from=%d to=%d"
        _log.warning(message, point, meter, "/".join(account), ended.seen.total, reading)
        found.counted, found.taken, found.fallen = key, at, 0
        return found.total

    def close(
        self, book: str, account: Account, reading: int, at: Instant, largest_power: float
    ) -> None:
        """Take what an account came to in the end, if it was opened here and did not fall."""
        found = self.books.get(book)
        entry = found.accounts.get(_key(account)) if found else None
        if found and entry and _possible(entry, reading, at, largest_power):
            heard = entry.seen
            _grow(found, entry, reading, at)
            # It ended before, and what follows it may have begun right after it was heard.
            entry.seen = heard._replace(total=entry.seen.total)

    def late(self, book: str) -> int:
        """Return what of the sum of `book` was booked late; it never falls."""
        found = self.books.get(book)
        return found.late if found else 0

    def saved(self) -> dict[str, Any]:
        """Return the books as plain data, the same while no account grew or ceased to be owed."""
        return {name: _saved(book) for name, book in self.books.items()} if self._kept else {}

    def restore(self, saved: object) -> None:
        """Go on from `saved`; raises ValueError if it makes no sense."""
        if not self._kept:
            return
        if not isinstance(saved, dict):
            raise ValueError("the ledger is no table")
        self.books = {name: _restored(taken.table(saved, name)) for name in saved}


def _listen(book: Book, key: str, at: Instant) -> None:
    """Note that the account `key` was read; after a silence others may have counted unheard."""
    if book.read and at.mono <= book.read.mono:
        return  # a reading of before, which was waiting to be confirmed
    if book.read is None or at.mono - book.read.mono > GAP:
        book.silent_until = at.mono
        for name, entry in book.accounts.items():
            entry.owed |= name != key or name != book.present
    book.present, book.read = key, at


def _opened(book: Book, period: str, reading: int, at: Instant) -> _Entry:
    """Return a new account of `book`, with nothing in it yet."""
    if not book.accounts:
        return _Entry(period, 0, Seen(0, at))
    others = [entry for entry in book.accounts.values() if entry.period != period]
    if period == book.period or not others:
        return _Entry(period, reading, Seen(reading, at))
    # It cannot have begun before the last time that another period was heard.
    before = max(others, key=lambda entry: entry.seen.at.utc).seen
    owed = before.restored or before.at.mono < book.silent_until
    return _Entry(period, 0, before._replace(total=0), owed)


def _possible(entry: _Entry, reading: int, at: Instant, largest_power: float) -> bool:
    """Tell whether `entry` can have come to `reading` since it was heard."""
    return Limits(Dial(), largest_power).growth(entry.seen, Seen(reading, at)) is not None


def _grow(book: Book, entry: _Entry, reading: int, at: Instant) -> bool:
    """Book what `entry` grew; return False, with nothing done, if it fell."""
    growth = reading - entry.seen.total
    if growth > 0:
        book.total += growth
        if entry.owed:
            book.late += growth
            entry.owed = at.mono < book.silent_until
        entry.seen = Seen(reading, at)
    elif growth == 0 and entry.owed and at.mono >= book.silent_until:
        # What it grows from now on is heard.
        entry.owed = False
        entry.seen = Seen(reading, at)
    return growth >= 0


def _saved(book: Book) -> dict[str, Any]:
    accounts = {
        key: [entry.base, entry.seen.total, round(entry.seen.at.utc)]
        for key, entry in book.accounts.items()
    }
    return {"period": book.period, "late": book.late, "accounts": accounts}


def _restored(saved: taken.Saved) -> Book:
    book = Book(taken.text(saved, "period") or "", late=taken.whole(saved, "late"))
    for key, numbers in taken.table(saved, "accounts").items():
        account = json.loads(key)
        if not isinstance(account, list) or not account or not isinstance(account[-1], str):
            raise ValueError(f"an account of the ledger is called {key}")
        if not isinstance(numbers, list) or len(numbers) != 3:
            raise ValueError(f"account {key} of the ledger is {numbers!r}")
        said = dict(zip(("base", "reading", "utc"), numbers, strict=True))
        base, reading = taken.whole(said, "base"), taken.whole(said, "reading")
        if reading < base:
            raise ValueError(f"account {key} of the ledger fell from {base} to {reading}")
        # When that was by the monotonic clock of this run, nobody knows.
        at = Instant(math.inf, taken.seconds(said, "utc"))
        seen = Seen(reading, at, restored=True)
        book.accounts[key] = _Entry(account[-1], base, seen, owed=True)
        book.total += reading - base
    return book


def _key(account: Account) -> str:
    return json.dumps(account, ensure_ascii=False)
