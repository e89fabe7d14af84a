"""What a board counted, from record to record, whatever comes between them."""

import time
from collections import deque
from collections.abc import Mapping
from typing import Any, NamedTuple

from submeter.errors import Condition
from submeter.sources.rp2040 import memory
from submeter.sources.rp2040.belief import agree, can_be, lowered
from submeter.sources.rp2040.memory import Left
from submeter.sources.rp2040.record import Record, Window, between, nothing

SLACK = 60.0  # s by which records may come late, or too early by the clock of the host
STARTING = 600.0  # s that a machine without a clock of its own may need to start
DRIFT = 1.001  # of a crystal against the clock of the host
BACK = 3  # records in a row that count for nothing, before it is a trouble
PATIENCE = 60.0  # s of them that agree, before the counters are taken as they stand
RUNS = 3  # that may begin within CALM
CALM = 60.0  # s that a run must last after more of them
_PAST = 16  # runs that are remembered


class _Doubted(NamedTuple):
    """The first of some records in a row that are not believed, but agree; monotonic s of it."""

    record: Record
    at: float


class Follower:
    """Follows one board: of each record it returns what was counted since the one before.

    - The first record ever counts nothing: what was counted before is not ours. Of a run that is
      new all it counted is new, if there was time for it since the record before.
    - A record that comes twice or late counts for nothing. So does one whose counters fall, or grow
      by more than the time allows: it is not believed. From the BACKth in a row on it is NOISE.
    - If such records agree with one another for PATIENCE s, the one that was believed before them
      was a lie, and they go on from it; if even that cannot be, they are taken as they stand. Not
      so those up to a number of the run that was borne out by a later one: they are replayed.
    - Of another board what was counted before is not ours either, nor is what a board counted while
      another one was in its place.
    - More than RUNS runs begun within CALM s are RESETTING until one has lasted for CALM s; what
      they count is what they counted all the same. With `laps` runs are those of a recording,
      however short that is, and no sign of it.
    """

    def __init__(self, *, laps: bool = False) -> None:
        self._laps = laps
        self._base: Record | None = None  # what is counted up to
        self._at = 0  # s UTC of it
        self._heard: float | None = None  # monotonic s of it, None if it was saved
        self._sure = 0  # number of the last record of the run that a later one bore out
        self._anchor: tuple[float, int] | None = None  # monotonic s and us of the run, once heard
        self._past: deque[Left] = deque(maxlen=_PAST)
        self._vain = 0  # records in a row
        self._doubted: _Doubted | None = None
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
        return memory.saved(self._base, self._past, self._at, self._sure)

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Go on from what `saved` returned; raises ValueError if it is damaged."""
        self._base, past, self._at, self._sure = memory.restored(saved)
        self._past = deque(past, _PAST)
        self._heard = self._anchor = None

    def _go_on(self, base: Record, record: Record, now: float) -> Window | None:
        if not self._in_time(record, now) or len(record.sums) != len(base.sums):
            return self._refused(record, now)
        window = between(base, record)
        if not can_be(window):
            return self._refused(record, now)
        self._anchor = self._anchor or (now, record.micros)
        self._sure = max(self._sure, base.seq)
        if self._resetting and now - self._begun[-1] >= CALM:
            self._resetting = False
            self._begun.clear()
        self._hear(record, now)
        return window

    def _begin(self, base: Record, record: Record, now: float) -> Window | None:
        """Take the first record of a run."""
        window = between(nothing(record), record)
        possible = self._since(now) * DRIFT + SLACK
        if record.micros > possible * 1e6 or not can_be(window):
            self._settle(record, now)
            return None
        self._leave(base, record)
        self._anchor, self._sure = (now, record.micros), 0
        self._resetting |= self._comes_to_no_rest(now)
        self._hear(record, now)
        return window

    def _settle(self, record: Record, now: float) -> None:
        """Take the counters as they stand."""
        base = self._base
        if base and (base.uid, base.boot) != (record.uid, record.boot):
            self._leave(base, record)
            self._sure = 0
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
        return not self._laps and len(self._begun) > RUNS and now - self._begun[0] < CALM

    def _hear(self, base: Record, now: float) -> None:
        self._base, self._heard, self._vain, self._doubted = base, now, 0, None
        self._at = int(time.time())

    def _refused(self, record: Record, now: float) -> Window | None:
        """Return nothing, for `record` is not believed; what was not counted once it must be."""
        self._vain += 1
        doubted = self._doubted
        if self._is_replayed(record):
            self._doubted = None
        elif doubted is None or not agree(doubted.record, record, now - doubted.at):
            self._doubted = _Doubted(record, now)
        elif now - doubted.at >= PATIENCE:
            return self._correct(record, now)
        return None

    def _is_replayed(self, record: Record) -> bool:
        run = record.uid, record.boot
        if self._base and run == (self._base.uid, self._base.boot):
            return record.seq <= self._sure
        return any(run == (each.uid, each.boot) and record.seq <= each.seq for each in self._past)

    def _correct(self, record: Record, now: float) -> Window | None:
        """Go on with `record`, though it does not follow what was believed before."""
        base = self._base
        same = base and (base.uid, base.boot) == (record.uid, record.boot)
        if base and same and self._in_time(record, now) and len(record.sums) == len(base.sums):
            window = between(lowered(base, record), record)
            if can_be(window):
                self._hear(record, now)
                return window
        self._settle(record, now)
        return None

    def _in_time(self, record: Record, now: float) -> bool:
        # A run that goes on over a restart of ours is known by its name; the clock may be wrong.
        if self._anchor is None:
            return True
        began, micros = self._anchor
        return record.micros - micros <= ((now - began) * DRIFT + SLACK) * 1e6

    def _since(self, now: float) -> float:
        """Return the s since the last record that was believed, the most that it may be."""
        if self._heard is None:
            # After a power cut the clock may stand where it was saved before it.
            return max(0.0, time.time() - self._at) + STARTING
        return max(0.0, now - self._heard)
