"""The sums of a board with a voltage and three clamps, in numpy: number by number those of it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from submeter.sources.rp2040.identity import Identity
from tooling.clamp_waves import WIDE, Codes

_HISTORY = 151  # frames
_LONGEST = 400
_DEPTH = 64 * 16  # 1/16 codes

_Ints = NDArray[np.int64]


class BoardSums:
    """Takes what the converter says, and returns records; see docs/board-lines.md."""

    def __init__(self, identity: Identity) -> None:
        self._identity = identity
        self._middle = 2048 + sum(identity.steps) // 2
        self._table = _table(identity.steps)
        self._hold, self._slowest = int(identity.rate) // 80, int(identity.rate) // 40
        self._quick = int(identity.rate) // 200
        self._codes: _Ints = np.empty((0, 4), np.int64)  # centred, with the history of the piece
        self._start = _HISTORY
        self._level = 16 * self._middle
        self._armed = self._whole = self._closed = False
        self._late = 0
        self._seq = self._sampled = 0
        self._frames = self._cycles = self._length = 0
        self._sums = [0] * 17
        self._ends = np.zeros(4, np.int64)
        self._quadrants = [0] * 24
        self._last_sums, self._last_frames = self._sums, 0
        self._extremes: list[int] = []

    def identity(self) -> dict[str, Any]:
        """Return the content of `$ID`."""
        who = self._identity
        return {
            "uid": who.uid, "boot": who.boot, "fw": "1.0.0", "v": 1, "fs": int(who.rate),
            "ch": 4, "layout": who.layout, "order": list(who.order), "lags": list(who.lags),
            "quarter": who.quarter, "steps": list(who.steps), "period": 1,
            "pins": [], "debounce": 20, "reset": who.reset,
        }  # fmt: skip

    def record(self, samples: Codes) -> dict[str, Any]:
        """Take `samples`, frames x 4, and return the content of the `$S` that is due then."""
        self.take(samples)
        frames = self._frames - self._last_frames
        if frames:
            grown = [b - a for a, b in zip(self._last_sums, self._sums, strict=True)]
            self._split(grown, frames)
        self._last_sums, self._last_frames = self._sums, self._frames
        self._seq += 1
        extremes, self._extremes = self._extremes, []
        return {
            "uid": self._identity.uid, "b": self._identity.boot, "q": self._seq,
            "t": round(self._sampled * 1e6 / self._identity.rate), "f": self._sampled,
            "n": self._frames, "c": self._cycles, "z": self._length, "s": self._sums,
            "e": list(self._quadrants), "x": self._ends.tolist(),
            "m": [min(extremes), max(extremes)] if extremes else [0, 0],
            "a": int(self._whole), "p": [],
            "w": 40, "o": 0, "l": 0,
        }  # fmt: skip

    def take(self, samples: Codes) -> None:
        """Take in `samples`, frames x 4 as the converter says them."""
        self._ends += ((samples < 5) | (samples > 4090)).sum(axis=0)
        self._sampled += len(samples)
        self._codes = np.concatenate((self._codes, self._table[samples] - self._middle))
        if len(self._codes) > self._start:
            self._cut()
            self._codes = self._codes[self._start - _HISTORY :]
            self._start = _HISTORY

    def _cut(self) -> None:
        """Close every piece that has come to its end."""
        origin, wave = self._start, 16 * (self._codes[:, self._identity.order[0]] + self._middle)
        running = self._products()
        while (room := min(len(wave) - self._start, _LONGEST)) > 0:
            found, armed, whole = self._scan(wave, self._start + room)
            if found is None and room < _LONGEST:
                return
            self._armed, self._whole = armed, whole
            size = room if found is None else found - self._start
            begin = self._start - origin
            sums = running[begin + size] - running[begin]
            self._start += size
            if found is None:
                self._close(sums, size, 0)
                self._whole = False
            else:
                self._cross(sums, size, wave[self._start - self._quick : self._start + 1].tolist())

    def _scan(self, wave: _Ints, end: int) -> tuple[int | None, bool, bool]:
        """Return where the piece crosses, whether that is awaited after it, and if it is whole."""
        deep, high = wave < self._level - _DEPTH, wave >= self._level + _DEPTH
        armed, whole = self._armed, self._whole
        place: int | None = min(self._start + (self._hold if whole else 0), end)
        while place is not None:
            if not armed and (place := _first(deep, place, end)) is None:
                return None, False, whole
            assert place is not None
            if (place := _first(high, place, end)) is None:
                return None, True, whole
            if deep[place - self._quick : place].any():
                return place, False, whole
            armed = whole = False
        raise AssertionError

    def _cross(self, sums: _Ints, size: int, around: list[int]) -> None:
        back = next(k for k, code in enumerate(around[::-1]) if code < self._level)
        before, after = around[-1 - back], around[-back]
        late = 4096 * back - min((self._level - before) * 4096 // (after - before), 4096)
        if self._closed or self._whole:
            cycle = self._whole and size <= self._slowest
            self._close(sums, size, 4096 * size - late + self._late if cycle else 0)
        self._late = late
        self._whole = True

    def _close(self, sums: _Ints, size: int, length: int) -> None:
        self._closed = True
        if not size:
            return
        added = sums.tolist()
        if length or (size == _LONGEST and not self._whole):
            mean = 16 * self._middle + 16 * added[0] // size
            self._level += (mean - self._level) >> 3
        if length:
            self._cycles += 1
            self._length += length
            self._extremes.append(16 * 4096 * added[1] // length)
        self._sums = [a + b for a, b in zip(self._sums, added, strict=True)]
        self._frames += size

    def _products(self) -> _Ints:
        """Return the running sums of all products from the piece's start on."""
        codes, end = self._codes, len(self._codes)
        volts = codes[:, self._identity.order[0]]
        now = volts[self._start :]
        made = [now, now * now]
        for channel, lag in zip(self._identity.order[1:], self._identity.lags, strict=True):
            current = codes[self._start :, channel]
            made += [current, current * current]
            for delay in (lag, lag + 1, lag + self._identity.quarter):
                made.append(current * volts[self._start - delay : end - delay])
        running = np.zeros((len(now) + 1, 17), np.int64)
        np.cumsum(np.stack(made, axis=1), axis=0, out=running[1:])
        return running

    def _split(self, grown: list[int], frames: int) -> None:
        for clamp in range(3):
            first = 2 + 5 * clamp
            means = grown[0] * grown[first] // frames
            active, reactive = grown[first + 2] - means, grown[first + 4] - means
            quadrant = (2, 1, 3, 0)[2 * (active >= 0) + (reactive >= 0)]
            self._quadrants[8 * clamp + 2 * quadrant] += active
            self._quadrants[8 * clamp + 2 * quadrant + 1] += reactive


def _first(holds: NDArray[np.bool_], begin: int, end: int) -> int | None:
    """Return where it holds first."""
    found = holds[begin:end]
    place = int(found.argmax()) if len(found) else 0
    return begin + place if len(found) and found[place] else None


def linear(samples: Codes, steps: tuple[int, ...]) -> _Ints:
    """Return the codes that a board makes of what its converter says."""
    return _table(steps)[samples]


def _table(steps: tuple[int, ...]) -> _Ints:
    codes = np.arange(4096)
    for at, step in zip(WIDE, steps, strict=True):
        codes[at] += step // 2
        codes[at + 1 :] += step
    return codes
