"""What a board counted, from record to record, whatever comes between them."""

import time
from collections import deque
from collections.abc import Mapping
from typing import Any

from submeter.errors import Condition
from submeter.sources.rp2040 import memory
from submeter.sources.rp2040.memory import Left
from submeter.sources.rp2040.record import SQUARES, Record, Window, between, nothing

SLACK = 60.0  # s by which records may come late, or too early by the clock of the host
DRIFT = 1.001  # of a crystal against the clock of the host
BACK = 3  # records in a row that count for nothing, before it is a trouble
PATIENCE = 60.0  # s of them, before the counters are taken as they stand
RUNS = 3  # that may begin within CALM
CALM = 60.0  # s that a run must last after more of them
_PAST = 16  # runs that are remembered
_FULL = 2200  # codes; no centred one is larger
_RING = 10_000  # frames that may wait to be counted


class Follower:
    """Follows one board: of each record it returns what was counted since the one before.

    - The first record ever counts nothing: what was counted before is not ours. Of a run that is
      new all it counted is new, if there was time for it since the record before.
    - A record that comes twice or late counts for nothing. So does one whose counters fall, or grow
      by more than the time allows: it is not believed. From the BACKth in a row on it is NOISE, and
      after PATIENCE s the counters are taken as they stand.
    - Of another board what was counted before is not ours either, nor is what a board counted while
      another one was in its place.
    - More than RUNS runs begun within CALM s are RESETTING: nothing counts until one has lasted for
      CALM s. Then all of that run does.
    """

    def __init__(self) -> None:
        self._base: Record | None = None  # what is counted up to
        self._at = 0  # s UTC of it
        self._heard: float | None = None  # monotonic s of it, None if it was saved
        self._anchor: tuple[float, int] | None = None  # monotonic s and us of the run, once heard
        self._past: deque[Left] = deque(maxlen=_PAST)
        self._vain = 0  # records in a row
        self._vain_since = 0.0
        self._begun: deque[float] = deque(maxlen=RUNS + 1)  # runs, in monotonic s
        self._resetting = False

    @property
    def trouble(self) -> Condition | None:
        """RESETTING, or NOISE: records that cannot be."""
        if self._resetting:
            return Condition.RESETTING
        return Condition.NOISE if self._vain >= BACK else None

    def take(self, record: Record, now_mono: float) -> Window | None:
        """Return what `record` adds, None if that is nothing; `now_mono` is monotonic time in s."""
        base = self._base
        if base is None:
            self._settle(record, now_mono)
            return None
        if any(each.has(record) for each in self._past):
            return self._refused(record, now_mono)
        if record.uid != base.uid:
            self._settle(record, now_mono)
            return None
        if record.boot != base.boot:
            return self._begin(base, record, now_mono)
        return self._go_on(base, record, now_mono)

    def saved(self) -> dict[str, Any]:
        """Return what to remember, for JSON; it is the same while nothing was counted."""
        return memory.saved(self._base, self._past, self._at)

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Go on from what `saved` returned; raises ValueError if it is damaged."""
        self._base, past, self._at = memory.restored(saved)
        self._past = deque(past, _PAST)
        self._heard = self._anchor = None

    def _go_on(self, base: Record, record: Record, now: float) -> Window | None:
        if not self._in_time(record, now) or len(record.sums) != len(base.sums):
            return self._refused(record, now)
        window = between(base, record)
        if not _can_be(window):
            return self._refused(record, now)
        self._anchor = self._anchor or (now, record.micros)
        if self._resetting:
            if now - self._begun[-1] < CALM:
                self._hear(base, now)
                return None
            self._resetting = False
            self._begun.clear()
        self._hear(record, now)
        return window

    def _begin(self, base: Record, record: Record, now: float) -> Window | None:
        """Take the first record of a run."""
        zero = nothing(record)
        window = between(zero, record)
        possible = self._since(now) * DRIFT + SLACK
        if record.micros > possible * 1e6 or not _can_be(window):
            self._settle(record, now)
            return None
        self._leave(base, record)
        self._anchor = now, record.micros
        self._resetting |= self._comes_to_no_rest(now)
        self._hear(zero if self._resetting else record, now)
        return None if self._resetting else window

    def _settle(self, record: Record, now: float) -> None:
        """Take the counters as they stand."""
        base = self._base
        if base and (base.uid, base.boot) != (record.uid, record.boot):
            self._leave(base, record)
            if base.uid == record.uid:
                self._resetting |= self._comes_to_no_rest(now)
        kept = [each for each in self._past if not each.has(record)]
        self._past = deque(kept, _PAST)
        self._anchor = now, record.micros
        self._hear(record, now)

    def _leave(self, base: Record, record: Record) -> None:
        self._past.append(Left(base.uid, base.boot, base.seq, base.uid == record.uid))

    def _comes_to_no_rest(self, now: float) -> bool:
        self._begun.append(now)
        return len(self._begun) > RUNS and now - self._begun[0] < CALM

    def _hear(self, base: Record, now: float) -> None:
        self._base, self._heard, self._vain = base, now, 0
        self._at = int(time.time())

    def _refused(self, record: Record, now: float) -> Window | None:
        """Return nothing: `record` is not believed."""
        if not self._vain:
            self._vain_since = now
        self._vain += 1
        if self._vain > BACK and now - self._vain_since >= PATIENCE:
            self._settle(record, now)
        return None

    def _in_time(self, record: Record, now: float) -> bool:
        # A run that goes on over a restart of ours is known by its name; the clock may be wrong.
        if self._anchor is None:
            return True
        began, micros = self._anchor
        return record.micros - micros <= ((now - began) * DRIFT + SLACK) * 1e6

    def _since(self, now: float) -> float:
        """Return the s since the last record that was believed."""
        if self._heard is None:
            return max(0.0, time.time() - self._at)
        return max(0.0, now - self._heard)


def _can_be(window: Window) -> bool:
    """Tell whether no counter fell, and none grew by more than the converter can tell."""
    most = window.frames * _FULL**2
    grown = (
        window.records - 1, window.micros - 1, window.sampled, window.frames, window.cycles,
        window.length, *window.saturated, window.overruns, window.lost,
        *(window.sums[place] for place in SQUARES[len(window.sums)]),
        window.sampled + _RING - window.frames,
        most - max(map(abs, window.sums)),
        4 * most - max(map(abs, window.quadrants), default=0),
    )  # fmt: skip
    return min(grown) >= 0
