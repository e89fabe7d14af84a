"""The demand: mean power over a window, and its peak."""

import math
from collections import deque
from collections.abc import Mapping
from typing import Any, NamedTuple

from submeter.meter.clock import STEP
from submeter.meter.demand_settings import Window
from submeter.meter.instant import Instant

_SECOND = 1_000_000_000  # ns
_MINUTE = 60 * _SECOND
_DAY = 1440 * _MINUTE
_MILLIWATT_HOUR = 3600 * _SECOND  # mW ns


class _Mark(NamedTuple):
    """Both clocks in ns, and the energy counted up to then in mW ns."""

    utc: int
    mono: int
    energy: int


class Demand:
    """The demand of active import, in kW, over windows of `interval_min` minutes (1 to 60).

    `sliding` windows end with every subinterval of `sub_min` minutes (a divisor of 60) on the UTC
    clock; where that does not divide the interval, their greatest common divisor is taken. `fixed`
    blocks begin at multiples of the interval from midnight UTC; one that midnight cuts short is
    partial. Where a window begins and ends is a matter of UTC, how long it was of monotonic time.

    `current` is the demand of the last complete window, None before the first; `partial` says that
    no complete window ends at the last boundary: after a start, a pause, a falling total, a step of
    the UTC clock. `peak` is the largest complete window, the earliest of equal ones, and `peak_at`
    its end in UTC seconds. `estimated` and `peak_estimated` say that a reading of an estimate is in
    `current` or `peak`. `saved` is what `saved()` gave; ValueError if it does not fit.
    """

    __slots__ = (
        "_by_power",
        "_guessed",
        "_integral",
        "_interval",
        "_last",
        "_marks",
        "_next",
        "_reset_at",
        "_step",
        "_sub",
        "_window",
        "current",
        "estimated",
        "partial",
        "peak",
        "peak_at",
        "peak_estimated",
    )

    def __init__(
        self,
        interval_min: float = 15,
        window: Window = "sliding",
        sub_min: int = 1,
        saved: Mapping[str, Any] | None = None,
    ) -> None:
        self._window = window
        self._sub = sub_min
        self.current: float | None = None
        self.partial = True
        self.peak: float | None = None
        self.peak_at: int | None = None
        self.estimated = self.peak_estimated = False
        self._guessed: int | None = None  # monotonic ns of the last reading that was an estimate
        self._reset_at: int | None = None
        self._last: _Mark | None = None
        self._by_power = False
        self._integral = 0
        self._next = 0
        self._divide(interval_min)
        if saved is not None:
            self.restore(saved)

    @property
    def interval(self) -> int:
        """The length of a window in minutes; setting another one starts anew, the peak stays."""
        return self._interval

    @interval.setter
    def interval(self, minutes: float) -> None:
        if minutes != self._interval:
            self._divide(minutes)
            if self._last is not None:
                self._restart(self._last)

    def take(
        self, total: int | None, at: Instant, longest: float, *, estimated: bool = False
    ) -> None:
        """Take the cumulative import in mWh as read at `at`; None is no reading.

        The energy between two readings counts as spread evenly over the time between them, so that
        slow readings make no false peak. A pause of more than `longest` seconds between them is
        not spread: the window is partial. A reading no later than the one before it is ignored.
        The energy up to one that is `estimated` is an estimate.
        """
        if total is not None:
            energy = total * _MILLIWATT_HOUR
            self._hear(energy, at, longest, by_power=False, estimated=estimated)

    def take_power(
        self, kw: float, at: Instant, longest: float, *, estimated: bool = False
    ) -> None:
        """Take the active power in kW, for a meter without an index; otherwise as `take`.

        A power stands for the time since the one before it. Export counts as no import, and what
        is not a number is no reading.
        """
        if not math.isfinite(kw):
            return
        if self._last is not None and self._by_power:
            elapsed = max(0, round(at.mono * _SECOND) - self._last.mono)
            self._integral += max(0, round(kw * 1_000_000)) * elapsed
        self._hear(self._integral, at, longest, by_power=True, estimated=estimated)

    def interrupt(self) -> None:
        """Let the next reading begin a new, partial window."""
        self._last = None

    def reset(self, at: Instant) -> None:
        """Forget the peak; windows that began before `at` do not count for the next one.

        So do meters: the reset of a demand register ends its period (IEC 62056-6-2, class 5). The
        peak is None until a window that began later is complete.
        """
        self.peak = self.peak_at = None
        self.peak_estimated = False
        self._reset_at = round(at.mono * _SECOND)

    def saved(self) -> dict[str, Any]:
        """Return what is to survive a restart: the peak in kW and its time in UTC seconds.

        `estimated` is there, and true, if the peak is an estimate.
        """
        state: dict[str, Any] = {"peak": self.peak, "peak_at": self.peak_at}
        if self.peak_estimated:
            state["estimated"] = True
        return state

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Take over what `saved()` gave; raises ValueError, and changes nothing, if that is not."""
        if saved.keys() - {"estimated"} != {"peak", "peak_at"}:
            raise ValueError("a saved demand has a peak, a peak_at and perhaps estimated")
        peak, peak_at = saved["peak"], saved["peak_at"]
        estimated = saved.get("estimated", False)
        if type(estimated) is not bool:
            raise ValueError(f"a saved demand cannot be estimated {estimated!r}")
        if peak is None and peak_at is None and not estimated:
            self.peak = self.peak_at = None
            self.peak_estimated = False
            return
        if type(peak) not in (int, float) or not 0 <= peak < math.inf or type(peak_at) is not int:
            raise ValueError(f"a saved demand cannot have peak {peak!r} at {peak_at!r}")
        self.peak, self.peak_at, self.peak_estimated = float(peak), peak_at, estimated

    def _divide(self, minutes: float) -> None:
        """Begin with windows of another length."""
        if not 1 <= minutes <= 60 or minutes != int(minutes):
            raise ValueError(f"a demand interval is 1 to 60 whole minutes, not {minutes}")
        self._interval = int(minutes)
        fixed = self._window == "fixed"
        step = self._interval if fixed else math.gcd(self._interval, self._sub)
        self._step = step * _MINUTE
        self._marks: deque[_Mark] = deque(maxlen=self._interval // step + 1)

    def _hear(
        self, energy: int, at: Instant, longest: float, *, by_power: bool, estimated: bool
    ) -> None:
        now = _Mark(round(at.utc * _SECOND), round(at.mono * _SECOND), energy)
        last, same = self._last, by_power == self._by_power
        if last is not None and same and now.mono <= last.mono:
            return
        self._last, self._by_power = now, by_power
        if estimated:
            self._guessed = now.mono
        if last is None or not same or not _goes_on(last, now, longest):
            self._restart(now)
            return
        while now.utc >= self._next:
            self._pass(last, now)

    def _restart(self, now: _Mark) -> None:
        self._marks.clear()
        if self._after(now.utc - 1) == now.utc:
            self._marks.append(now)
        self._next = self._after(now.utc)
        self.partial = True

    def _after(self, utc: int) -> int:
        """Return the first boundary after `utc`; midnight is always one."""
        midnight = utc - utc % _DAY
        return min(midnight + ((utc - midnight) // self._step + 1) * self._step, midnight + _DAY)

    def _pass(self, last: _Mark, now: _Mark) -> None:
        """Pass the next boundary, which lies between `last` and `now`."""
        share, whole = self._next - last.utc, now.utc - last.utc
        mark = _Mark(
            self._next,
            last.mono + (now.mono - last.mono) * share // whole,
            last.energy + (now.energy - last.energy) * share // whole,
        )
        self._marks.append(mark)
        self._next = self._after(mark.utc)
        start = self._marks[0]
        self.partial = mark.utc - start.utc != self._interval * _MINUTE
        if not self.partial:
            self._complete(start, mark)

    def _complete(self, start: _Mark, end: _Mark) -> None:
        self.current = (end.energy - start.energy) / (end.mono - start.mono) / 1_000_000
        self.estimated = self._guessed is not None and self._guessed > start.mono
        if self._reset_at is not None and start.mono < self._reset_at:
            return
        if self.peak is None or self.current > self.peak:
            self.peak, self.peak_at = self.current, end.utc // _SECOND
            self.peak_estimated = self.estimated


def _goes_on(last: _Mark, now: _Mark, longest: float) -> bool:
    """Tell whether the energy from `last` to `now` may be spread over the time between them."""
    elapsed = now.mono - last.mono
    step = abs(now.utc - last.utc - elapsed)
    return elapsed <= longest * _SECOND and step <= STEP * _SECOND and now.energy >= last.energy
