"""A board with ideal inputs: the records that follow from known voltages, currents and phases."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from submeter.sources.rp2040.scale import Scale, of_code
from tooling.board import line

SCALE = Scale(voltage=230 / 0.75, current=50.0)
"""Of a transformer of 0.75 V at 230 V and clamps of 1 V at 50 A."""


class Load(NamedTuple):
    """A current in A that follows the voltage by `lag` degrees; 180: the clamp is reversed."""

    amperes: float
    lag: float = 0.0


class IdealBoard:
    """Counts without noise, second by second; what it is may be changed between two of them.

    `volts` is 0 without mains. `rest` is what each channel rests at, in centred codes.
    """

    def __init__(
        self,
        *,
        uid: str = "e66038b713000001",
        boot: str = "0000a001",
        layout: str = "v3i",
        order: Sequence[int] = (0, 1, 2, 3),
        lags: Sequence[int] = (0, 0, 0),
        quarter: int = 30,
        rate: int = 6000,
        volts: float = 230.0,
        hertz: float = 50.0,
        loads: Sequence[Load] = (Load(10.0), Load(5.0, 60.0), Load(2.0, -37.0)),
        scale: Scale = SCALE,
        rest: Sequence[float] = (3.0, -2.0, 1.0, 4.0),
        pins: Sequence[int] = (),
    ) -> None:
        self.uid, self.boot, self.layout = uid, boot, layout
        self.order, self.lags, self.quarter, self.rate = order, lags, quarter, rate
        self.volts, self.hertz, self.loads, self.scale = volts, hertz, list(loads), scale
        self.rest, self.pins, self.reason = rest, list(pins), "power"
        self.firmware, self.version, self.steps = "1.0.0", 1, (9, 9, 9, 9)
        self.period = 1
        self._begin()

    def _begin(self) -> None:
        self.seq = self.frames = self.cycles = self.length = 0
        self.seconds = 0.0
        self.overruns = self.lost = 0
        self.saturated = [0, 0, 0, 0]
        self.closed = [0] * len(self.pins)
        self._sums = [0.0] * (17 if self.layout == "v3i" else 8)
        self._quadrants = [0.0] * (24 if self.layout == "v3i" else 0)

    def reset(self, boot: str, reason: str = "watchdog") -> None:
        """Begin a new run, in which everything counts from 0."""
        self.boot, self.reason = boot, reason
        self._begin()

    def identity(self) -> dict[str, Any]:
        """Return the content of `$ID`."""
        return {
            "uid": self.uid, "boot": self.boot, "fw": self.firmware, "v": self.version,
            "fs": self.rate, "ch": 4, "layout": self.layout, "order": list(self.order),
            "lags": list(self.lags), "quarter": self.quarter, "steps": list(self.steps),
            "period": self.period, "pins": list(self.pins), "debounce": 20, "reset": self.reason,
        }  # fmt: skip

    def second(self, seconds: float = 1.0) -> dict[str, Any]:
        """Live on for `seconds`, and return the content of the `$S` that is due then."""
        self.seq += 1
        self.seconds += seconds
        sampled = round(self.seconds * self.rate)
        cycles, frames = self._cut(seconds, sampled)
        self._add(frames)
        self.frames += frames
        if cycles:
            self.length += round(cycles * 4096 * self.rate / self.hertz)
        self.cycles += cycles
        return self._content(sampled)

    def line(self, tag: str, content: object) -> bytes:
        """Return the line that says `content`."""
        return line(tag, content)

    def lines(self, count: int) -> bytes:
        """Return the records of the next `count` seconds."""
        return b"".join(self.line("S", self.second()) for _ in range(count))

    def _cut(self, seconds: float, sampled: int) -> tuple[int, int]:
        """Return how many cycles and frames the record adds: whole cycles, or pieces of 400."""
        free = sampled - self.lost - self.frames
        if not self._carries():
            return 0, free // 400 * 400
        long = self.rate / self.hertz
        cycles = int(free / long + 1e-9)
        return cycles, round(cycles * long)

    def _carries(self) -> bool:
        if self.layout == "v3i":
            return self.volts > 0
        return any(load.amperes > 0 for load in self.loads)

    def _add(self, frames: int) -> None:
        if self.layout == "v3i":
            self._add_v3i(frames)
            return
        for role, load in enumerate(self.loads):
            self._square(2 * role, self.order[role], self._amperes(load), frames)

    def _add_v3i(self, frames: int) -> None:
        span = 4096 + sum(self.steps)
        volts = self.volts / of_code(self.scale.voltage, span)
        turn = 2 * math.pi * self.hertz / self.rate
        self._square(0, self.order[0], volts, frames)
        for k, load in enumerate(self.loads):
            amperes = self._amperes(load)
            first, channel = 2 + 5 * k, self.order[k + 1]
            self._square(first, channel, amperes, frames)
            means = self.rest[self.order[0]] * self.rest[channel]
            late = self.lags[k] + (channel - self.order[0]) / 4
            made = [
                volts * amperes * math.cos(math.radians(load.lag) - turn * (late + more))
                for more in (0, 1, self.quarter)
            ]
            for place, product in enumerate(made):
                self._sums[first + 2 + place] += (product + means) * frames
            if frames:
                quadrant = _quadrant(made[0], made[2])
                self._quadrants[8 * k + 2 * quadrant] += made[0] * frames
                self._quadrants[8 * k + 2 * quadrant + 1] += made[2] * frames

    def _amperes(self, load: Load) -> float:
        return load.amperes / of_code(self.scale.current, 4096 + sum(self.steps))

    def _square(self, place: int, channel: int, codes: float, frames: int) -> None:
        rest = self.rest[channel]
        self._sums[place] += rest * frames
        self._sums[place + 1] += (codes * codes + rest * rest) * frames

    def _content(self, sampled: int) -> dict[str, Any]:
        mains = self._carries()
        square = round(16 * (self.volts / of_code(self.scale.voltage, 4132)) ** 2)
        return {
            "uid": self.uid, "b": self.boot, "q": self.seq, "t": round(self.seconds * 1e6),
            "f": sampled, "n": self.frames, "c": self.cycles, "z": self.length,
            "s": [round(each) for each in self._sums],
            "e": [round(each) for each in self._quadrants],
            "x": list(self.saturated), "m": [square, square] if mains else [0, 0],
            "a": int(mains), "p": list(self.closed), "w": 40, "o": self.overruns, "l": self.lost,
        }  # fmt: skip


def _quadrant(active: float, reactive: float) -> int:
    """Return the place of a quadrant, 0 to 3."""
    if reactive >= 0:
        return 0 if active >= 0 else 1
    return 3 if active >= 0 else 2
