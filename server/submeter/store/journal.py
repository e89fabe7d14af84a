"""Writes down what the meters counted, and only then lets them show it."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from submeter.errors import StoreError, SubmeterError
from submeter.meter.audit import Audit, Entry
from submeter.meter.clock import Clock
from submeter.meter.instant import Instant
from submeter.meter.interval import Interval
from submeter.meter.meter import Draft, Meter
from submeter.meter.trouble import Reason
from submeter.store.page import IndexRow, Page, SampleRow, SettingRow
from submeter.store.requests import Request
from submeter.store.store import Store

SECOND = 1.0
DAY = 86_400
MOST_SAMPLES = 10_000  # kept for a disk that comes back; intervals are kept without a limit
PRUNE_EVERY = 3600.0

Handle = Callable[[Request, Instant], str]

_log = logging.getLogger(__name__)


@dataclass
class _Backlog:
    """What waits for the next commit beside the drafts of the meters."""

    intervals: list[Interval] = field(default_factory=list)
    samples: list[SampleRow] = field(default_factory=list)
    notes: dict[str, str] = field(default_factory=dict)


class Journal:
    """Commits all meters together, every `every` seconds or when something must not wait.

    `sample` is the period of the history in s, `retention` how many days it is kept. `handle` does
    what another process asked for, and returns the answer or raises SubmeterError; `memory` gives
    notes to keep, of which those are written that changed.
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
        self._backlog = _Backlog()
        self._failed = False
        self._unsure = False  # whether the last drafts may not be on the disk
        self._sampled: int | None = None
        self._committed = self._pruned = float("-inf")
        self._clock = Clock()
        self._urgent = False
        self._one_at_a_time = asyncio.Lock()
        audit.on_entry = self.hurry

    def hurry(self) -> None:
        """Let the next commit come within a second."""
        self._urgent = True

    def note(self, key: str, text: str) -> None:
        """Keep `text` under `key` from the next commit on."""
        self._backlog.notes[key] = text
        self._urgent = True

    async def run(self) -> None:
        """Tick, answer requests and commit, for ever; the last commit is `close`'s."""
        while True:
            await asyncio.sleep(SECOND)
            try:
                await self.second(Instant.now())
            except Exception:
                # Without commits no index would ever move again.
                _log.exception("event=journal_failed")

    async def close(self) -> None:
        """Write what is left; a commit that was under way ends first."""
        self._audit.note("stopped", at=Instant.now())
        self.note("state", "stopped")
        await self.commit(Instant.now())

    async def second(self, now: Instant) -> None:
        """Do what is due at `now`, to be called once a second."""
        self._watch_clock(now)
        for meter in self._meters:
            if interval := meter.close_interval(now):
                self._backlog.intervals.append(interval)
        self._take_samples(now)
        await self._answer(now)
        first = not self._failed and any(meter.withholds for meter in self._meters)
        if first or self._urgent or now.mono - self._committed >= self._every:
            await self.commit(now)
        if now.mono - self._pruned >= PRUNE_EVERY and not self._failed:
            self._pruned = now.mono
            with contextlib.suppress(StoreError):
                await self._store.prune(int(now.utc) - self._retention * DAY)

    def _watch_clock(self, now: Instant) -> None:
        step = self._clock.take(now)
        if step is not None:
            _log.warning("event=clock_stepped seconds=%.1f", step)
            self._audit.note("clock_stepped", at=now, seconds=f"{step:.1f}")
            for meter in self._meters:
                meter.clock_stepped()

    async def _answer(self, now: Instant) -> None:
        """Do what other processes asked for; the answer is given once it is on disk."""
        try:
            requests = await self._store.requests()
        except StoreError:
            return  # the next commit tells
        for request in requests:
            try:
                text, good = self._handle(request, now), True
            except SubmeterError as error:
                text, good = str(error), False
            await self.commit(now)
            with contextlib.suppress(StoreError):
                await self._store.answer(request.id, text, good)

    async def commit(self, now: Instant) -> None:
        """Write one page; on success the meters show their indexes, on failure Meter_Error.

        Who is cancelled while waiting for it does not take it back.
        """
        await asyncio.shield(asyncio.ensure_future(self._commit(now)))

    async def _commit(self, now: Instant) -> None:
        async with self._one_at_a_time:
            await self._write(now)

    async def _write(self, now: Instant) -> None:
        self._urgent, self._committed = False, now.mono
        drafts = [meter.draft(now, everything=self._unsure) for meter in self._meters]
        self._unsure = True
        for key, text in self._memory().items():
            if self._remembered.get(key) != text:
                self._backlog.notes[key] = self._remembered[key] = text
        backlog, self._backlog = self._backlog, _Backlog()
        audits = self._audit.take()
        try:
            await self._store.commit(_page(self._meters, drafts, backlog, audits))
        except Exception as error:
            self._keep(backlog)
            self._audit.put_back(audits)
            if not isinstance(error, StoreError):
                raise
            self._tell(str(error), Instant.now())
            return
        self._unsure = False
        now = Instant.now()
        for meter, draft in zip(self._meters, drafts, strict=True):
            meter.commit(draft, now)
        self._tell(None, now)

    def _take_samples(self, now: Instant) -> None:
        turn = int(now.utc) // self._sample
        if turn == self._sampled:
            return
        first, self._sampled = self._sampled is None, turn
        if not first:
            self._backlog.samples += [_sample(meter, now) for meter in self._meters]

    def _keep(self, backlog: _Backlog) -> None:
        newer = self._backlog
        self._backlog = _Backlog(
            backlog.intervals + newer.intervals,
            (backlog.samples + newer.samples)[-MOST_SAMPLES:],
            backlog.notes | newer.notes,
        )

    def _tell(self, text: str | None, now: Instant) -> None:
        if self._failed != (text is not None):
            self._audit.note("store_failed" if text else "store_good", at=now, text=text or "")
        self._failed = text is not None
        for meter in self._meters:
            meter.trouble(Reason.STORE, text, now)


def _sample(meter: Meter, now: Instant) -> SampleRow:
    values = {
        name: reading.value
        for name, reading in meter.readings.items()
        if reading.quality.good and reading.value is not None
    }
    return SampleRow(int(now.utc), meter.name, values, meter.clock.text if meter.clock else None)


def _page(
    meters: Sequence[Meter], drafts: Sequence[Draft], backlog: _Backlog, audits: Sequence[Entry]
) -> Page:
    each = list(zip(meters, drafts, strict=True))
    return Page(
        indexes=[
            IndexRow(meter.name, point, total, state)
            for meter, draft in each
            for point, (total, state) in draft.indexes.items()
        ],
        settings=[
            SettingRow(meter.name, point, value)
            for meter, draft in each
            for point, value in draft.settings
        ],
        demands={meter.name: draft.demand for meter, draft in each if draft.demand},
        samples=backlog.samples,
        intervals=backlog.intervals,
        audits=audits,
        notes=backlog.notes,
    )
