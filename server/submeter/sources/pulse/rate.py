"""Power (or flow) from the time between pulses."""

from collections import deque

from submeter.sources.pulse.weight import Weight

_SECOND = 1_000_000_000
_HOUR = 3600 * _SECOND
_OF_A_MILLION = 1_000_000  # what an index is counted in -> its unit: mWh to kWh, mL to m3


class PulseRate:
    """The power in kW (kvar, kVA, m3/h) of pulses of `weight` each.

    It is the weight over the median of the last three intervals, by the times of the pulses in ns.
    While the next pulse is awaited it cannot be more than the weight over the time waited. It is 0
    after `idle` ns without a pulse, or three times the last interval if that is longer. An interval
    lasts `shortest` ns at least, which helps where times are rough: then it is the mean of several.
    """

    def __init__(self, weight: Weight, idle: int, now: int, shortest: int = 1) -> None:
        self._weight = float(weight.each) / _OF_A_MILLION
        self._idle = idle
        self._shortest = shortest
        self._intervals: deque[float] = deque(maxlen=3)  # ns per pulse
        self._start: int | None = None  # of the interval that is running
        self._running = 0  # pulses in it
        self._last = now  # pulse, or when it was begun to listen
        self._gap = 0  # between the last two pulses

    def pulse(self, at: int, count: int = 1) -> None:
        """Take `count` pulses, the last of which came at `at` ns."""
        if self._rests(at):
            # What came before is another load: the time since is all that is known of this one.
            self._intervals.clear()
            self._start, self._running = self._last, 0
        self._gap = 0 if self._start is None else at - self._last
        self._last = at
        if self._start is None:
            self._start = at
            return
        self._running += count
        if at - self._start >= self._shortest:
            self._intervals.append((at - self._start) / self._running)
            self._start, self._running = at, 0

    def power(self, now: int) -> float | None:
        """Return the power at `now` ns; None while too little is known."""
        if self._rests(now):
            return 0.0
        if not self._intervals:
            return None
        waited = now - self._last
        interval = max(self._interval(), waited)
        return self._weight * _HOUR / interval

    def _interval(self) -> float:
        if len(self._intervals) < 3:
            return self._intervals[-1]
        return sorted(self._intervals)[1]

    def _rests(self, now: int) -> bool:
        longest = self._intervals[-1] if self._intervals else 0.0
        return now - self._last > max(self._idle, 3 * max(longest, self._gap))
