"""Cuts the samples into cycles of the mains, and sums them up.

Samples are taken piece by piece. A piece ends where the voltage has risen through its middle (of
four clamps: where the current that is strongest has), or after LONGEST frames; one between two
crossings is a cycle. How the ring is drained makes no difference to any sum.
"""

import math
from array import array

from core import crossing, sums

HISTORY = 151  # frames: the longest lag, the quarter of 50 Hz, one more
LONGEST = 400  # frames of a piece: the 32-bit sums hold 490
_VOLTAGE_DEPTH = 64 * 16  # 4 % of the range: more than any noise
_LEAST_CURRENT = 121  # codes^2: the level is 8 codes then, which noise does not reach
_LARGER = 2  # times the square of another clamp's current, before it is preferred


class Cycles:
    """Sums of the frames since the start of a run; `settings` as in core/settings.py.

    `hear(frames, length, square)` is called at the end of each piece: its length in 1/4096 frames
    too, 0 if it was no cycle, and 1/16 codes^2 as the mean of V^2, None with four clamps. `ahead`
    is how many of the frames that are being taken in come after that piece.
    """

    def __init__(self, settings, middle, rate, hear):
        self.frames = 0
        self.cycles = 0
        self.length = 0
        self.ahead = 0
        self._hear = hear
        self._middle = middle
        self._rate = rate
        self._hold = rate // 80  # frames in which no second crossing is looked for
        self._slowest = rate // 40  # frames of a cycle; two of 65 Hz are more
        self._quick = rate // 200  # frames of a rise; it takes more where there is no mains
        self._layout = settings["layout"]
        self._order = settings["order"]
        self._setup = _setup(settings, middle)
        self._accumulate = sums.accumulate_v3i if self._layout == "v3i" else sums.accumulate_4i
        self._count = sums.SUMS[self._layout]
        self._acc = array("i", [0] * self._count)
        self._high = array("i", [0] * self._count)
        self._low = array("i", [0] * self._count)
        self._totals = [0] * self._count
        self._state = array("i", [0] * crossing.SIZE)
        self._smallest = self._largest = 0
        self._watch(0, 16 * middle, 0, _VOLTAGE_DEPTH, _VOLTAGE_DEPTH)
        self._judged = self._totals
        self._judged_frames = 0
        self.begin()

    def begin(self):
        """Start with frames that follow no others: of the last piece nothing is kept."""
        for k in range(self._count):
            self._acc[k] = 0
        self._piece = 0
        self._late = 0
        self._begun = False  # a piece has ended
        self._whole = False  # the piece began at a crossing
        self._state[crossing.ARMED] = 0
        self._warm = HISTORY

    def totals(self):
        """Return the cumulative sums up to the end of the last piece."""
        self._totals = [
            self._totals[k] + (self._high[k] << 16) + self._low[k] for k in range(self._count)
        ]
        for k in range(self._count):
            self._high[k] = self._low[k] = 0
        return self._totals

    def extremes(self):
        """Return least and largest V^2 of a cycle since the last call, in 1/16 codes^2."""
        found = [self._smallest, self._largest]
        self._smallest = self._largest = 0
        return found

    def take(self, ring, at, frames, mask):
        """Take in `frames` frames of codes from word `at` of the ring on."""
        skipped = min(self._warm, frames)
        self._warm -= skipped
        at = (at + 4 * skipped) & mask
        frames -= skipped
        while frames:
            room = min(frames, LONGEST - self._piece)
            found = self._find(ring, at, room, mask)
            n = room if found < 0 else found
            if n:
                self._accumulate(ring, at, n, mask, self._setup, self._acc)
            self._piece += n
            at = (at + 4 * n) & mask
            frames -= n
            self.ahead = frames
            if found >= 0:
                self._cross(ring, at, mask)
            elif self._piece == LONGEST:
                self._close(0)
                self._whole = False
            if self._layout == "4i" and self.frames - self._judged_frames >= self._rate:
                self._choose()

    def _find(self, ring, at, frames, mask):
        """Return how many frames lie before the next crossing, -1 if there is none."""
        held = min(max(self._hold - self._piece, 0), frames) if self._whole else 0
        start = (at + 4 * held) & mask
        found = crossing.scan(ring, start + self._channel, frames - held, mask, self._state)
        return found if found < 0 else found + held

    def _cross(self, ring, at, mask):
        quick = crossing.retrace(ring, at + self._channel, self._quick, mask, self._state)
        if not quick and self._layout == "v3i":  # it came back from where it had broken down
            self._whole = False
            return
        late = crossing.lateness(self._state)
        if self._begun or self._whole:
            cycle = self._whole and self._piece <= self._slowest
            self._close(4096 * self._piece - late + self._late if cycle else 0)
        else:
            self._drop()
        self._late = late
        self._whole = True

    def _drop(self):
        """Forget the frames before the first crossing: they are no cycle."""
        for k in range(self._count):
            self._acc[k] = 0
        self._piece = 0

    def _close(self, length):
        """End a piece; `length` of a cycle in 1/4096 frames, 0 if it is none."""
        frames = self._piece
        self._begun = True
        if not frames:
            return
        acc = self._acc
        # A part of a cycle has another mean than the input.
        if length or (frames == LONGEST and not self._whole):
            self._track(acc[self._first], frames)
        square = None
        if self._layout == "v3i":  # a cycle is no whole number of frames, but its ends are near 0
            square = 16 * 4096 * acc[1] // (length or 4096 * frames)
        if length:
            self.cycles += 1
            self.length += length
            self._stretch(square)
        sums.fold(acc, self._high, self._low, self._count)
        self.frames += frames
        self._piece = 0
        self._hear(frames, length, square)

    def _stretch(self, square):
        if square is None:
            return
        if not self._smallest or square < self._smallest:
            self._smallest = square
        if square > self._largest:
            self._largest = square

    def _track(self, total, frames):
        """Follow slowly the mean of the channel that crosses."""
        mean = 16 * self._middle + 16 * total // frames
        self._mean += (mean - self._mean) >> 3
        self._state[crossing.LEVEL] = self._mean + self._lift

    def _watch(self, first, mean, lift, depth, height):
        """Look for crossings where the sums of a channel begin at `first`; 1/16 codes all.

        They are at `lift` above `mean`, after `depth` below that level, and seen at `height`.
        """
        self._first = first
        self._channel = self._order[first // 2]
        self._mean = mean
        self._lift = lift
        self._state[crossing.ARMED] = 0
        self._state[crossing.LEVEL] = mean + lift
        self._state[crossing.DEPTH] = depth
        self._state[crossing.HEIGHT] = height

    def _choose(self):
        """Of four clamps take the strongest one of the last second for the crossings."""
        now = self.totals()
        frames = self.frames - self._judged_frames
        sections = [now[k] - self._judged[k] for k in range(self._count)]
        squares = [_variance(sections, first, frames) for first in range(0, self._count, 2)]
        self._judged = now
        self._judged_frames = self.frames
        best = 2 * squares.index(max(squares))
        kept = squares[self._first // 2]
        if kept >= _LEAST_CURRENT and squares[best // 2] < _LARGER * kept:
            best = self._first
        lift = int(12 * math.sqrt(max(squares[best // 2], _LEAST_CURRENT)))
        mean = 16 * self._middle + 16 * sections[best] // frames
        if best == self._first and 8 * abs(lift - self._lift) <= lift:
            return
        self._whole = False  # no cycle goes from the crossing of one level to that of another
        self._watch(best, mean, lift, 2 * lift, 0)


def _variance(sections, first, frames):
    mean = sections[first] * sections[first] // frames
    return (sections[first + 1] - mean) // frames


def _setup(settings, middle):
    """Return what the sums are made by, as core/sums.py takes it."""
    delays = [4 * lag for lag in settings["lags"]] + [4 * settings["quarter"]]
    return array("i", delays + settings["order"] + [middle])
