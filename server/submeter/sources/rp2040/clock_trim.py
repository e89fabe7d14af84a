"""The true rate of a board's crystal, by the clock of the host."""

import math
from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

BLOCK = 30.0  # s; of each only the record that came with the least delay is used
LEAST = 8  # blocks
MOST = 120  # blocks: an hour, in which the temperature changes little
SURE = 5e-6  # standard error of the rate
CRYSTAL = 200e-6  # what a crystal may be off
_FINE = 1e-6  # s of scatter
_OUTLIER = 4.0  # times the usual scatter, by which a block that was late all along stands out


class _Point(NamedTuple):
    """A record: monotonic s, and how much later it came than at the nominal rate."""

    at: float
    late: float


class ClockTrim:
    """Compares frames with the host's monotonic clock, whose steps do no harm.

    USB delays a record by anything and never brings it early: of each block of BLOCK s the earliest
    counts. What was lost in an overrun is only estimated by the board: with each one, and with each
    run, it is begun anew; the rate that was found stands until then.
    """

    def __init__(self, nominal: float) -> None:
        self.rate: float | None = None
        self._nominal = nominal
        self._run: tuple[str, int] | None = None
        self._start = 0.0
        self._sampled = 0
        self._began = 0.0  # the block
        self._best: _Point | None = None  # of it
        self._points: list[_Point] = []

    def take(self, boot: str, overruns: int, sampled: int, now: float) -> None:
        """Take how many frames the record of `now`, in monotonic s, tells."""
        if self._run != (boot, overruns) or now < self._start or sampled < self._sampled:
            self._run, self._start, self._sampled = (boot, overruns), now, sampled
            self._best, self._points = None, []
        at = now - self._start
        point = _Point(at, at - (sampled - self._sampled) / self._nominal)
        if self._best and at - self._began >= BLOCK:
            self._points.append(self._best)
            del self._points[:-MOST]
            self._best = None
            self._judge()
        if self._best is None:
            self._began, self._best = at, point
        elif point.late < self._best.late:
            self._best = point

    def _judge(self) -> None:
        if len(self._points) < LEAST:
            return
        slope, error = _fit(_usual(self._points))
        if error < SURE:
            # A frame takes longer where records come later and later.
            self.rate = self._nominal * (1 - max(-CRYSTAL, min(CRYSTAL, slope)))


def _usual(points: Sequence[_Point]) -> Sequence[_Point]:
    """Return `points` without those that stand out of the line through them."""
    half = len(points) // 2
    slopes = [
        (later.late - early.late) / (later.at - early.at)
        for early, later in zip(points[:half], points[-half:], strict=True)
    ]
    slope = median(slopes)
    rests = [each.late - slope * each.at for each in points]
    middle = median(rests)
    scatter = median(abs(each - middle) for each in rests)
    return [
        each
        for each, rest in zip(points, rests, strict=True)
        if abs(rest - middle) <= _OUTLIER * max(scatter, _FINE)
    ]


def _fit(points: Sequence[_Point]) -> tuple[float, float]:
    """Return slope and standard error of the line of least squares."""
    count = len(points)
    if count < LEAST // 2 + 1:
        return 0.0, math.inf
    middle = sum(each.at for each in points) / count
    mean = sum(each.late for each in points) / count
    spread = sum((each.at - middle) ** 2 for each in points)
    slope = sum((each.at - middle) * (each.late - mean) for each in points) / spread
    rests = sum((each.late - mean - slope * (each.at - middle)) ** 2 for each in points)
    return slope, math.sqrt(rests / (count - 2) / spread)
