"""How often an input of a board closed, from record to record, whatever comes between them."""

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from submeter.count_file import Count
from submeter.errors import Condition
from submeter.sources.pulse.board import SPAN, Record, are_one, board_of

SLACK = 60.0  # s by which records may come late
MARGIN = 2.0  # of the fastest rate, which a long time may have: what can be is often set low
BOOT_SLACK = 5.0  # s by which the first one of a run may
BACK = 3  # records that count for nothing, before it is a trouble
PATIENCE = 10  # of them, before they are believed to be no old ones
BREAKS = 3  # resets, or what looks like one, that there may be in CALM
CALM = 60.0  # s that a run must last after more of them


class Step(NamedTuple):
    """What a record comes to: the count now, and why its counter was begun with anew, else ""."""

    now: Count
    anew: str = ""
    trouble: Condition | None = None


class _Taken(NamedTuple):
    """A record as such: the count with it, why it is begun with anew, whether a run began."""

    now: Count
    anew: str = ""
    begins: bool = False


class BoardCount:
    """Follows input `place` of a board, from 0 on, that closes `fastest` times a second at most.

    `heard` is the monotonic time in s of the last record before this one was made, None if that is
    not known.

    Of a run that is new all it counted is new; of the first one ever, and of another board, what
    was counted before is not ours. A record that stands back, or of a run that has ended, is an
    old one that came late: it counts for nothing. What cannot have been counted in the time since
    the records before was not counted at this input: the counter is begun with anew, as it stands.
    What can be is MARGIN times the fastest rate, and SLACK more, but no more than the fastest one
    since a reset. So it is where "old" records do not end; from the BACKth on they are NOISE.

    More than BREAKS resets or new beginnings within CALM s, and a counter that stands back for long
    again, are damage: NOISE, and nothing counts until one run grew for CALM s. Then the count goes
    on from how the counter stands.
    """

    def __init__(self, place: int, fastest: float, heard: float | None = None) -> None:
        self._place = place
        self._fastest = fastest
        self._heard = heard
        self._follows = False  # a record came
        self._room = SLACK  # s of the fastest rate that may still come at once
        self._old = 0  # records in a row
        self._stood_back: float | None = None  # last time that it was for long
        self._breaks: deque[float] = deque(maxlen=BREAKS + 1)
        self._damaged = False

    def take(self, count: Count, ended: Sequence[int], record: Record, now: float) -> Step:
        """Return what `count` comes to with `record`; `ended` are the runs before that of `count`.

        `now` is the monotonic time in s. Raises IndexError if the board has no such input.
        """
        raw = record.counters[self._place]
        taken = self._taken(count, ended, record, raw, now)
        if self._damaged:
            return self._until_calm(count, record, raw, taken, now)
        self._old = 0 if taken else self._old + 1
        if taken is None and self._old < PATIENCE:
            return Step(count, trouble=Condition.NOISE if self._old >= BACK else None)
        again = False
        if taken is None:
            taken, self._old = _anew(count, record, raw, "it stood back for long"), 0
            again = self._stood_back is not None and now - self._stood_back < CALM
            self._stood_back = now
        self._hear(now, taken.now.total - count.total)
        if taken.anew or taken.begins:
            self._breaks.append(now)
            many = len(self._breaks) > BREAKS and now - self._breaks[0] < CALM
            if many or again:
                self._damaged = True
                why = "it comes to no rest: runs and counters begin again and again"
                return Step(Count(count.total, record.run, raw), why, Condition.NOISE)
        return Step(taken.now, taken.anew)

    def _until_calm(
        self, count: Count, record: Record, raw: int, taken: _Taken | None, now: float
    ) -> Step:
        """Return a step that counts nothing, and end the damage if one run grew for long enough."""
        self._hear(now, taken.now.total - count.total if taken else 0)
        if taken is None or taken.anew or taken.begins:
            self._breaks.append(now)
        elif now - self._breaks[-1] >= CALM:
            self._damaged, self._old, self._stood_back = False, 0, None
            self._breaks.clear()
        follows = Count(count.total, record.run, raw)
        return Step(follows, trouble=Condition.NOISE if self._damaged else None)

    def _taken(
        self, count: Count, ended: Sequence[int], record: Record, raw: int, now: float
    ) -> _Taken | None:
        """Return what `record` comes to by itself, None if it is an old one."""
        if not count.boot:
            return _Taken(Count(count.total, record.run, raw))
        if board_of(count.boot) and record.uid and board_of(count.boot) != board_of(record.run):
            return _anew(count, record, raw, f"it is another board: {record.uid}")
        same = are_one(record.run, count.boot)
        if not same and any(are_one(record.run, each) for each in ended):
            return None
        grown = (raw - count.raw) % SPAN if same else raw
        if same and grown >= SPAN // 2:
            return None
        # A run that goes on over a restart of ours is known by its name; the clock may be wrong.
        if grown > self._most(now, same) and (self._follows or not same):
            return _anew(count, record, raw, f"{grown} pulses were more than can be")
        run = record.run if board_of(record.run) or not same else count.boot
        return _Taken(Count(count.total + grown, run, raw), begins=not same)

    def _most(self, now: float, same: bool) -> float:
        if self._heard is None:
            return float("inf")
        passed = max(0.0, now - self._heard)
        most = self._room + MARGIN * passed
        return self._fastest * (most if same else min(most, passed + BOOT_SLACK))

    def _hear(self, now: float, counted: int) -> None:
        """Take note of a record at `now` that came to so many pulses."""
        if self._follows and self._heard is not None:
            passed = max(0.0, now - self._heard)
            room = self._room + MARGIN * passed - counted / self._fastest
            self._room = max(0.0, min(SLACK, room))
        self._heard, self._follows = now, True


def _anew(count: Count, record: Record, raw: int, why: str) -> _Taken:
    return _Taken(Count(count.total, record.run, raw), why)
