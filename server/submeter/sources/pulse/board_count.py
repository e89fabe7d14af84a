"""How often an input of a board closed, from record to record, whatever comes between them."""

from collections.abc import Sequence
from typing import NamedTuple

from submeter.count_file import Count
from submeter.sources.pulse.board import SPAN, Record, are_one, board_of

SLACK = 60.0  # s by which records may come late
PATIENCE = 10  # records that count for nothing, before they are believed to be no old ones


class Step(NamedTuple):
    """What a record comes to: the count now, and why its counter was begun with anew, else ""."""

    now: Count
    anew: str = ""


class BoardCount:
    """Follows input `place` of a board, from 0 on, that closes `fastest` times a second at most.

    `heard` is the monotonic time in s of the last record before this one was made, None if that is
    not known.

    Of a run that is new all it counted is new; of the first one ever, and of another board, what
    was counted before is not ours. A record that stands back, or of a run that has ended, is an
    old one that came late: it counts for nothing. What cannot have been counted in the time since
    the record before was not counted at this input: the counter is begun with anew, as it stands.
    So it is where "old" records do not end.
    """

    def __init__(self, place: int, fastest: float, heard: float | None = None) -> None:
        self._place = place
        self._fastest = fastest
        self._heard = heard
        self._follows = False  # a record came
        self._old = 0  # records in a row

    def take(self, count: Count, ended: Sequence[int], record: Record, now: float) -> Step:
        """Return what `count` comes to with `record`; `ended` are the runs before that of `count`.

        Raises IndexError if the board has no such input.
        """
        raw = record.counters[self._place]
        step = self._step(count, ended, record, raw, now)
        self._old = self._old + 1 if step is None else 0
        if step is None and self._old < PATIENCE:
            return Step(count)
        self._heard, self._follows = now, True
        return step or _anew(count, record, raw, "it stood back for long")

    def _step(
        self, count: Count, ended: Sequence[int], record: Record, raw: int, now: float
    ) -> Step | None:
        """Return what `record` comes to, None if it is an old one."""
        if not count.boot:
            return Step(Count(count.total, record.run, raw))
        if board_of(count.boot) and record.uid and board_of(count.boot) != board_of(record.run):
            return _anew(count, record, raw, f"it is another board: {record.uid}")
        same = are_one(record.run, count.boot)
        if not same and any(are_one(record.run, each) for each in ended):
            return None
        grown = (raw - count.raw) % SPAN if same else raw
        if same and grown >= SPAN // 2:
            return None
        # A run that goes on over a restart of ours is known by its name; the clock may be wrong.
        if grown > self._most(now) and (self._follows or not same):
            return _anew(count, record, raw, f"{grown} pulses were more than can be")
        run = record.run if board_of(record.run) or not same else count.boot
        return Step(Count(count.total + grown, run, raw))

    def _most(self, now: float) -> float:
        if self._heard is None:
            return float("inf")
        return self._fastest * (max(0.0, now - self._heard) + SLACK)


def _anew(count: Count, record: Record, raw: int, why: str) -> Step:
    return Step(Count(count.total, record.run, raw), why)
