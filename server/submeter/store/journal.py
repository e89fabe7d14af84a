"""Writes down what the meters counted, and only then lets them show it."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from operator import attrgetter

from submeter.errors import StoreError, SubmeterError
from submeter.meter.audit import Audit, Entry
from submeter.meter.instant import Instant
from submeter.meter.meter import Draft, Meter
from submeter.meter.trouble import Reason
from submeter.store.backlog import Backlog
from submeter.store.clock_trust import ClockTrust
from submeter.store.isolation import Isolation
from submeter.store.page import AnswerRow, Page, SampleRow
from submeter.store.requests import Request
from submeter.store.retention import CHUNK
from submeter.store.store import Store

SECOND = 1.0
SOON = 0.2  # s between commits while there is always something to hurry for
PATIENCE = 20.0  # s that a commit may take; Meter_Error then says that it does
DAY = 86_400
PRUNE_EVERY = 3600.0
MOST_WAITING = 100  # answers that wait for the disk; more requests have to wait until it is well
MOST_REMEMBERED = 1000  # answers of this run

Handle = Callable[[Request, Instant], str]

_log = logging.getLogger(__name__)
_withholds = attrgetter("withholds")


class Journal:
    """Commits all meters together, every `every` seconds or when something must not wait.

    `sample` is the period of the history in s, `retention` how many days it is kept. `handle` does
    what another process asked for, and returns the answer or raises SubmeterError; `memory` gives
    notes to keep, of which those are written that changed. `is_right` tells whether a time service
    vouches for the system clock: before that, or an hour without a step, nothing is done by the
    clock alone that could not be undone.

    A meter that fails is left out, and the others go on.
    """

    def __init__(
        self,
        store: Store,
        meters: Sequence[Meter],
        audit: Audit,
        handle: Handle,
        memory: Callable[[], Mapping[str, str]],
        *,
        every: float,
        sample: int,
        retention: int,
        is_right: Callable[[], bool | None] = lambda: True,
    ) -> None:
        self._store = store
        self._meters = meters
        self._audit = audit
        self._handle = handle
        self._memory = memory
        self._remembered: dict[str, str] = {}
        self._every = every
        self._sample = sample
        self._retention = retention
        self._backlog = Backlog()
        self._answered: dict[int, AnswerRow] = {}
        self._failed = False
        self._unsure: set[str] = set()  # meters whose last drafts may not be on the disk
        self._sampled: int | None = None
        self._committed = float("-inf")
        self._prune_at: float | None = None
        self._clock = ClockTrust(is_right)
        self._isolation = Isolation()
        self._urgent = False
        self._wanted = asyncio.Event()
        self._one_at_a_time = asyncio.Lock()
        audit.on_entry = self._hurry

    def _hurry(self, at_once: bool) -> None:
        """Let the next commit come with the next second, or `at_once`, SOON after the last one."""
        self._urgent = True
        if at_once:
            self._wanted.set()

    def note(self, key: str, text: str) -> None:
        """Keep `text` under `key` from the next commit on, which comes with the next second."""
        self._backlog.notes[key] = text
        self._urgent = True

    async def keep_now(self, beginning: str) -> None:
        """Write the notes whose keys begin so, before anything that they say is served.

        If that fails they wait for the next commit, which then fails too and tells why.
        """
        notes = {k: text for k, text in self._backlog.notes.items() if k.startswith(beginning)}
        if notes:
            with contextlib.suppress(StoreError):
                await self._store.commit(Page(notes=notes))

    async def run(self) -> None:
        """Tick, answer requests and commit, for ever; the last commit is `close`'s."""
        failed = float("-inf")
        turn = time.monotonic() + SECOND
        while True:
            hurried = await self._wait(turn)
            try:
                if hurried:
                    await self.commit(Instant.now())
                else:
                    await self.second(Instant.now())
            except Exception:
                # Without commits no index would ever move again. What fails at each commit only
                # is still the same failure.
                before, failed = failed, time.monotonic()
                if failed - before > 2 * self._every + 60:
                    _log.exception("event=journal_failed")
            if not hurried:
                turn = time.monotonic() + SECOND

    async def _wait(self, turn: float) -> bool:
        """Wait for the second that is due at `turn`, or until a commit is wanted: then True.

        A disk that fails is not asked more often than each second.
        """
        left = max(0.0, turn - time.monotonic())
        if self._failed or not left:
            await asyncio.sleep(left)
            return False
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(left):
                await asyncio.sleep(max(0.0, self._committed + SOON - time.monotonic()))
                return await self._wanted.wait()
        return False

    async def close(self) -> None:
        """Write what is left, and last of all `stopped`; a commit under way ends first."""
        self.note("state", "stopped")
        await self.commit(Instant.now(), last=True)

    async def second(self, now: Instant) -> None:
        """Do what is due at `now`, to be called once a second."""
        self._watch_clock(now)
        self._close_intervals(now)
        self._take_samples(now)
        await self._obey(now)
        if self._is_due(now):
            await self.commit(now)
        await self._prune(now)

    def _watch_clock(self, now: Instant) -> None:
        step = self._clock.take(now)
        if step is not None:
            _log.warning("event=clock_stepped seconds=%.1f", step)
            self._audit.note("clock_stepped", at=now, seconds=f"{step:.1f}")
            for meter in self._meters:
                meter.clock_stepped()

    def _close_intervals(self, now: Instant) -> None:
        sure = self._clock.sure(now)
        for meter in self._meters:
            close = meter.close_interval
            if interval := self._isolation.attempt("interval", meter, now, close, now, sure):
                self._backlog.intervals.append(interval)

    def _take_samples(self, now: Instant) -> None:
        turn = int(now.utc) // self._sample
        if turn == self._sampled:
            return
        first, self._sampled = self._sampled is None, turn
        if first:
            return
        for meter in self._meters:
            if sample := self._isolation.attempt("sample", meter, now, _sample, meter, now):
                self._backlog.samples.append(sample)

    async def _obey(self, now: Instant) -> None:
        """Do what other processes asked for, each once; the answers wait for the next commit."""
        try:
            requests = await self._store.requests()
        except StoreError:
            return  # the next commit tells
        waiting = self._backlog.answers
        for request in requests:
            if request.id in waiting:
                continue
            if len(waiting) >= MOST_WAITING:
                return
            if request.id not in self._answered:
                self._remember(self._answer(request, now))
                self._urgent = True
            waiting[request.id] = request.meter, self._answered[request.id]

    def _answer(self, request: Request, now: Instant) -> AnswerRow:
        try:
            return AnswerRow(request.id, self._handle(request, now), True)
        except SubmeterError as error:
            return AnswerRow(request.id, str(error), False)
        except Exception as error:
            _log.exception("event=request_failed id=%d", request.id)
            return AnswerRow(request.id, f"failed: {error!r}", False)

    def _remember(self, row: AnswerRow) -> None:
        self._answered[row.request] = row
        if len(self._answered) > MOST_REMEMBERED:
            del self._answered[next(iter(self._answered))]

    def _is_due(self, now: Instant) -> bool:
        if self._urgent or now.mono - self._committed >= self._every:
            return True
        return not self._failed and any(self._is_first(meter, now) for meter in self._meters)

    def _is_first(self, meter: Meter, now: Instant) -> bool:
        """Tell whether `meter` has an index to show for the first time, and can."""
        first = self._isolation.attempt("index", meter, now, _withholds, meter)
        return bool(first) and self._isolation.is_whole(meter)

    async def _prune(self, now: Instant) -> None:
        """Let go of a little of what is old, so that no commit waits for it."""
        if self._prune_at is None:
            self._prune_at = now.mono + PRUNE_EVERY
        if now.mono < self._prune_at or self._failed or not self._clock.sure(now):
            return
        self._prune_at = now.mono + PRUNE_EVERY
        with contextlib.suppress(StoreError):
            gone = await self._store.prune(int(now.utc) - self._retention * DAY)
            if gone >= CHUNK:
                self._prune_at = now.mono

    async def commit(self, now: Instant, *, last: bool = False) -> None:
        """Write one page; on success the meters show their indexes, on failure Meter_Error.

        Who is cancelled while waiting for it does not take it back. After the `last` one, nothing
        is counted that could be added to it.
        """
        await asyncio.shield(asyncio.ensure_future(self._commit(now, last)))

    async def _commit(self, now: Instant, last: bool) -> None:
        async with self._one_at_a_time:
            await self._write(now, last)

    async def _write(self, now: Instant, last: bool) -> None:
        urgent, self._urgent, self._committed = self._urgent, False, now.mono
        self._wanted.clear()
        drafts = self._drafts(now)
        waiting = {meter.name for meter in self._meters} - {meter.name for meter, _ in drafts}
        backlog, self._backlog = self._backlog.parted(waiting)
        audits = self._audit.take(None if last else now)
        if last:
            audits.append(Entry(int(Instant.now().utc), "stopped", "", "", ""))
        try:
            backlog.notes |= self._news()
            await self._watched(self._store.commit(backlog.page(drafts, audits)))
        except Exception as error:
            self._backlog = backlog.followed_by(self._backlog)
            self._audit.put_back(audits)
            self._urgent |= urgent
            self._tell(str(error) or repr(error), Instant.now())
            if not isinstance(error, StoreError):
                raise
            return
        now = Instant.now()
        for meter, draft in drafts:
            self._show(meter, draft, now)
        self._tell(None, now)

    async def _watched(self, commit: Coroutine[None, None, None]) -> None:
        """Wait for `commit`, and tell if the disk takes its time."""
        task = asyncio.ensure_future(commit)
        done, _ = await asyncio.wait({task}, timeout=PATIENCE)
        if not done:
            text = f"the disk of the store has not answered for {PATIENCE:g} s; look at its health"
            _log.error('event=store_hangs reason="%s"', text)
            self._tell(text, Instant.now())
        await task

    def _drafts(self, now: Instant) -> list[tuple[Meter, Draft]]:
        """Return the draft of each meter that can give one."""
        drafts = []
        for meter in self._meters:
            everything = meter.name in self._unsure
            self._unsure.add(meter.name)
            attempt = self._isolation.attempt
            draft = attempt("draft", meter, now, meter.draft, now, everything=everything)
            if draft is not None:
                drafts.append((meter, draft))
        return drafts

    def _show(self, meter: Meter, draft: Draft, now: Instant) -> None:
        self._isolation.attempt("commit", meter, now, meter.commit, draft, now)
        if self._isolation.is_whole(meter):
            self._unsure.discard(meter.name)

    def _news(self) -> dict[str, str]:
        """Return the notes that changed."""
        news = {k: v for k, v in self._memory().items() if self._remembered.get(k) != v}
        self._remembered |= news
        return news

    def _tell(self, text: str | None, now: Instant) -> None:
        if self._failed != (text is not None):
            self._audit.note("store_failed" if text else "store_good", at=now, text=text or "")
        self._failed = text is not None
        for meter in self._meters:
            self._isolation.attempt("trouble", meter, now, meter.trouble, Reason.STORE, text, now)


def _sample(meter: Meter, now: Instant) -> SampleRow:
    values = {
        name: reading.value
        for name, reading in meter.readings.items()
        if reading.quality.good and reading.value is not None
    }
    clock = meter.instrument_time(now)
    return SampleRow(int(now.utc), meter.name, values, clock.text if clock else None)
