"""Compares the energies that two sources count of one circuit."""

import math
from bisect import bisect_right
from typing import NamedTuple

from submeter.meter.instant import Instant

GRAINS = 120  # entries of a track in a window; more would only cost memory
APART = 1 / 60  # of the window: how much later one source may be read than the other
HOLD = 1 / 10  # of the window: how long a difference has to last
LARGEST = 1000.0  # %; said for a difference that is beyond it
# mWh; the resolution that a register may have which has not stepped yet.
COARSEST = 1_000_000


class CrossCheck:
    """The difference of the `second` source from the `first` over `window` s, in % of the first.

    An alarm beyond `limit` % ends `hysteresis` % below it. Nothing is judged while neither counts
    `least` mWh in a window, nor where resolution and reading times leave open what is true: the
    registers are compared at the steps of the slower one, between those of the other, and what
    can lie between is taken off. So is what one may count more or less because it is always read
    some seconds after the other, up to a sixtieth of the window. What remains must last for a
    tenth of the window.
    """

    _tracks: "tuple[_Track, _Track] | None"
    _difference: float | None
    _alarm: bool | None
    _beyond_since: float | None

    def __init__(self, window: float, limit: float, hysteresis: float, least: int) -> None:
        self._window = window
        self._limit = limit / 100
        self._end = (limit - hysteresis) / 100
        self._least = least
        self._grain = window / GRAINS
        self._reset()

    @property
    def difference(self) -> float | None:
        """The difference in % of the first source's energy; None while nothing can be judged."""
        return self._difference

    @property
    def alarm(self) -> bool | None:
        """Whether the sources disagree; None until first judged, then the last judgement."""
        return self._alarm

    def take(self, first: int | None, second: int | None, at: Instant) -> None:
        """Take the cumulative energies in mWh (mvarh) as they stand at `at`.

        What was seen is forgotten when one of them is None or fell, and after a pause that is
        longer than the window.
        """
        now = at.mono
        if first is None or second is None:
            self._reset()
            return
        tracks = self._tracks
        if tracks is None or self._breaks(tracks, first, second, now):
            self._reset()
            self._tracks = (_Track(first, now), _Track(second, now))
            self._asked, self._next = now, now + self._window
            return
        self._asked = now
        tracks[0].take(first, now, self._grain)
        tracks[1].take(second, now, self._grain)
        if now >= self._next:
            self._next = now + self._grain
            self._judge(tracks, now)

    def _reset(self) -> None:
        self._tracks = None
        self._asked = self._next = 0.0
        self._difference = self._alarm = self._beyond_since = None

    def _breaks(
        self, tracks: tuple["_Track", "_Track"], first: int, second: int, now: float
    ) -> bool:
        fell = first < tracks[0].totals[-1] or second < tracks[1].totals[-1]
        return fell or now - self._asked > self._window

    def _judge(self, tracks: tuple["_Track", "_Track"], now: float) -> None:
        for track in tracks:
            track.forget(now - 4 * self._window)
        self._difference = None
        span = self._span(tracks, now)
        if span is None:
            return
        first, second = (track.growth(*span) for track in tracks)
        if max(first.energy, second.energy) < self._least:
            return
        apart = abs(second.energy - first.energy)
        # Where one of them has not stepped yet, only the other shows what a shift would change.
        shifts = (
            self._shift(track, growth.energy, *span)
            for track, growth in zip(tracks, (first, second), strict=True)
        )
        doubt = first.doubt + second.doubt + max(shifts)
        beyond = apart - doubt > self._limit * first.energy
        if not beyond and doubt > self._limit * first.energy:
            return
        self._difference = _percent(second.energy - first.energy, first.energy)
        self._decide(beyond, apart <= self._end * first.energy, now)

    def _shift(self, track: "_Track", energy: float, start: float, end: float) -> float:
        """Return by how much `energy` would differ if the track were read earlier or later."""
        apart = self._window * APART
        shifted = (track.growth(start + each, end + each).energy for each in (-apart, apart))
        return max(abs(each - energy) for each in shifted)

    def _decide(self, beyond: bool, agree: bool, now: float) -> None:
        if not beyond:
            self._beyond_since = None
            self._alarm = bool(self._alarm) and not agree
            return
        if self._beyond_since is None:
            self._beyond_since = now
        if now - self._beyond_since >= self._window * HOLD:
            self._alarm = True

    def _span(self, tracks: tuple["_Track", "_Track"], now: float) -> tuple[float, float] | None:
        """Return the two moments between which the growths are compared.

        They are steps of the slower register, at which it is known best, unless it rests.
        """
        slow, fast = sorted(tracks, key=lambda track: len(track.times))
        end = fast.step_before(now - self._window * APART)
        if end < now - self._window:
            return None
        if not slow.resolution:
            return slow.began, end
        stepped = slow.step_before(end)
        if stepped >= now - self._window:
            end = stepped
        if end - self._window < slow.began:
            return None
        start = slow.step_before(end - self._window)
        return (start if start >= end - 2 * self._window else end - self._window), end


class _Growth(NamedTuple):
    """An energy in mWh, and by how much it may be wrong."""

    energy: float
    doubt: float


class _Track:
    """When one register stepped to what: thinned to one entry a grain, but for the last."""

    __slots__ = ("_initial", "began", "resolution", "times", "totals")

    def __init__(self, total: int, now: float) -> None:
        self.began = now
        self._initial = total
        self.resolution = 0  # mWh that all steps are multiples of; 0 before the first
        self.times = [now]
        self.totals = [total]

    def take(self, total: int, now: float, grain: float) -> None:
        """Take the register's reading."""
        step = total - self.totals[-1]
        if not step:
            return
        self.resolution = math.gcd(self.resolution, step)
        if len(self.times) > 1 and self.times[-1] - self.times[-2] < grain:
            self.times[-1], self.totals[-1] = now, total
        else:
            self.times.append(now)
            self.totals.append(total)

    def forget(self, before: float) -> None:
        """Drop the entries before `before`, but for the last of them."""
        place = bisect_right(self.times, before) - 1
        if place > 0:
            del self.times[:place], self.totals[:place]

    def step_before(self, moment: float) -> float:
        """Return the time of the last entry at or before `moment`, else of the first."""
        return self.times[max(0, bisect_right(self.times, moment) - 1)]

    def growth(self, start: float, end: float) -> _Growth:
        """Return what the register counted from `start` to `end`."""
        (low, below), (high, above) = self._at(start), self._at(end)
        return _Growth(high - low, below + above + (self.resolution or COARSEST))

    def _at(self, moment: float) -> tuple[float, float]:
        """Return the total at `moment`, interpolated, and by how much it may be wrong."""
        if moment <= self.began:
            return self._initial, 0.0
        place = bisect_right(self.times, moment) - 1
        before, total = self.times[place], self.totals[place]
        if before == moment or place + 1 == len(self.times):
            return total, 0.0
        part = (moment - before) / (self.times[place + 1] - before)
        step = self.totals[place + 1] - total
        return total + part * step, max(part, 1 - part) * step


def _percent(difference: float, reference: float) -> float:
    if abs(difference) * 100 >= LARGEST * reference:
        return math.copysign(LARGEST, difference)
    return difference / reference * 100
