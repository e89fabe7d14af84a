"""The store of a running program: what it saved before, and one commit after the other."""

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple, ParamSpec, TypeVar

from submeter.errors import StoreError
from submeter.meter.interval import Interval
from submeter.meter.point import Point
from submeter.store import database, fault, key, lock, retention, saved, schema
from submeter.store.file import check, identity, log_of, make_ready
from submeter.store.page import IndexRow, Page
from submeter.store.requests import Inbox, Request
from submeter.store.write import Writer

_log = logging.getLogger(__name__)
P = ParamSpec("P")
T = TypeVar("T")


class _Opened(NamedTuple):
    """The file while it can be written."""

    connection: sqlite3.Connection
    writer: Writer
    inbox: Inbox
    log: tuple[int, int]


class Store:
    """One file, written by one thread.

    `trouble` says in one line what keeps it from saving and what to do about it, None when all is
    well. `damaged` says that the file makes no sense: it is never written again by this object,
    since what would be saved did not start from what it holds.
    """

    def __init__(self, path: Path, points: Sequence[Point]) -> None:
        self.path = path
        self.trouble: str | None = None
        self.damaged = False
        self._points = tuple(points)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="store")
        self._lock: lock.Lock | None = None
        self._opened: _Opened | None = None
        self._identity: tuple[int, int] | None = None
        self._closed = False

    @classmethod
    def open(cls, path: Path, points: Sequence[Point]) -> "Store":
        """Open the store at `path`, made if there is none, with a column for each of `points`.

        Raises StoreError if it cannot be made or read, is in use, or is of a newer program.
        A file that is damaged or cannot be written is no error here: see `trouble`.
        """
        store = cls(path, points)
        try:
            store._lock = make_ready(path, store._points)
            store._begin()
        except BaseException as error:
            store._release()
            if isinstance(error, sqlite3.Error | OSError):
                raise fault.explain(error, path) from error
            raise
        return store

    def saved_indexes(self) -> dict[tuple[str, str], IndexRow]:
        """Return every saved index by meter and point; as all of these, empty if damaged.

        Raises StoreError, as all of these do, if what is there cannot be read.
        """
        return self._read(saved.indexes) or {}

    def altered_indexes(self) -> list[tuple[str, str]]:
        """Return meter and point of every saved index that was not written by a submeter here."""
        return self._read(saved.altered) or []

    def saved_settings(self) -> dict[tuple[str, str], int | float]:
        """Return every saved setting by meter and point, in the point's unit."""
        return self._read(saved.settings) or {}

    def saved_demands(self) -> dict[str, str]:
        """Return the saved state of the demand by meter."""
        return self._read(saved.demands) or {}

    def notes(self) -> dict[str, str]:
        """Return every saved note by its key."""
        return self._read(saved.notes) or {}

    def last_interval(self, meter: str) -> Interval | None:
        """Return the interval of `meter` that was closed last."""
        return self._read(lambda connection: saved.last_interval(connection, meter))

    async def commit(self, page: Page) -> None:
        """Save all of `page` or nothing of it; it is on the disk when this returns.

        Raises StoreError; the next commit tries again. When cancelled, it may be done all the same.
        """
        await self._in_thread(self._commit, page)

    async def requests(self) -> list[Request]:
        """Return what the command line asks for and has no answer yet; raises StoreError.

        Nothing while the file is not open for writing.
        """
        return await self._in_thread(self._pending)

    async def prune(self, before_utc: int) -> int:
        """Delete samples from before UTC second `before_utc`, `retention.CHUNK` at most.

        Returns how many: fewer when no more are left. Raises StoreError.
        """
        return await self._in_thread(
            self._do, lambda opened: retention.prune(opened.connection, before_utc)
        )

    async def close(self) -> None:
        """End what is under way and let the file go."""
        if not self._closed:
            await self._in_thread(self._release)

    def _begin(self) -> None:
        """Look at the file and open it; raises what must stop the start."""
        self._identity = identity(self.path)
        try:
            check(self.path)
        except fault.DamagedError as error:
            self._fail(error)
            return
        try:
            self._opened = self._attach()
        except fault.UnfitError:
            raise
        except (sqlite3.Error, OSError, StoreError) as error:
            self._fail(error)

    def _attach(self) -> _Opened:
        connection = database.writer(self.path)
        try:
            # A copy may have been made in another mode; as a rule it is so already.
            connection.execute("PRAGMA journal_mode = WAL")
            schema.prepare(connection, self.path, self._points)
            signer = key.load_or_make(self.path)
            writer = Writer(connection, [each.name for each in self._points], signer)
            writer.introduce()
            # What another process wrote may be no text; it must not keep the rest from being read.
            connection.text_factory = _text
            return _Opened(connection, writer, Inbox(connection), identity(log_of(self.path)))
        except BaseException:
            connection.close()
            raise

    def _detach(self) -> None:
        if self._opened is not None:
            self._opened.connection.close()
            self._opened = None

    def _release(self) -> None:
        self._closed = True
        self._detach()
        if self._lock is not None:
            self._lock.release()
            self._lock = None
        self._thread.shutdown(wait=False)

    def _read(self, query: Callable[[sqlite3.Connection], T]) -> T | None:
        if self.damaged:
            return None
        try:
            with database.reading(self.path) as connection:
                return query(connection)
        except fault.DamagedError as error:
            self._fail(error)
            return None

    async def _in_thread(self, work: Callable[P, T], *arguments: P.args, **keywords: P.kwargs) -> T:
        self._refuse_if_closed()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, lambda: work(*arguments, **keywords))

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise StoreError(f"store {self.path} is closed")

    def _commit(self, page: Page) -> None:
        self._do(lambda opened: opened.writer.write(page))
        if self.trouble is not None:
            self.trouble = None
            _log.info("event=store_good path=%s", self.path)

    def _pending(self) -> list[Request]:
        if self._opened is None:
            return []
        return self._do(lambda opened: opened.inbox.pending())

    def _do(self, work: Callable[[_Opened], T]) -> T:
        """Work on the file, opened again if need be; raises StoreError and notes the trouble."""
        self._refuse_if_closed()
        if self.damaged:
            raise fault.DamagedError(self.trouble)
        try:
            if identity(self.path) != self._identity:
                raise StoreError(
                    f"store {self.path}: another file was put in its place while it was in use; "
                    "restart submeter to use that one"
                )
            self._keep_hold()
            if self._opened is None:
                self._opened = self._attach()
            return work(self._opened)
        except (sqlite3.Error, OSError, StoreError) as error:
            raise self._fail(error) from error
        except (OverflowError, UnicodeError) as error:
            raise self._fail(
                StoreError(f"store {self.path}: a value cannot be kept ({error})")
            ) from error

    def _keep_hold(self) -> None:
        """See to it that the lock and the log beside the file are those in use."""
        if self._lock is not None and not self._lock.stands(self.path):
            # The old lock is kept until there is a new one: without any this would go on writing.
            taken = lock.take(self.path)
            _log.warning("event=store_lock_removed path=%s", self.path)
            self._lock.release()
            self._lock = taken
        if self._opened is not None and not _is_there(self._opened.log, log_of(self.path)):
            # What it held is still open here: closing writes it into the file itself.
            _log.warning("event=store_log_removed path=%s", self.path)
            self._detach()

    def _fail(self, error: Exception) -> StoreError:
        """Note the trouble, let go of what was open, and return what is to be raised."""
        told = fault.explain(error, self.path)
        if isinstance(error, sqlite3.Error):
            self._detach()
        self.damaged = self.damaged or isinstance(told, fault.DamagedError)
        if self.trouble != str(told):
            self.trouble = str(told)
            _log.error("event=store_trouble %s", told)
        return told


def _text(data: bytes) -> str:
    return data.decode(errors="replace")


def _is_there(known: tuple[int, int], path: Path) -> bool:
    """Tell whether the file `path` is the one that was `known`."""
    try:
        return identity(path) == known
    except FileNotFoundError:
        return False
