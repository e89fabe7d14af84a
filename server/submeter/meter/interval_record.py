"""Makes the closed intervals of one meter: one after the other, without a hole, none twice."""

from collections.abc import Mapping, Sequence

from submeter.meter.instant import Instant
from submeter.meter.interval import LENGTH, Interval, Spread
from submeter.meter.reading import Quality, Reading

LONGEST = 10.0  # s from one look to the next; what happened in a longer pause is not known
DAY = 86_400  # s
_VOLTAGES = ("Voltage_L1_N", "Voltage_L2_N", "Voltage_L3_N")
_RANKS = {
    Quality.MEASURED: 1,
    Quality.DERIVED: 2,
    Quality.ESTIMATED: 3,
    Quality.STALE: 4,
    Quality.FAILED: 5,
}


class _Running:
    """Least, time-weighted mean and most of one point so far."""

    __slots__ = ("_least", "_most", "_point", "_sum", "seconds")

    def __init__(self, point: str) -> None:
        self._point = point
        self.clear()

    def clear(self) -> None:
        self.seconds = self._sum = 0.0
        self._least, self._most = float("inf"), float("-inf")

    def add(self, readings: Mapping[str, Reading], seconds: float) -> None:
        """Let the present value stand for the last `seconds`, if it is good."""
        reading = readings.get(self._point)
        if reading is None or reading.value is None or not reading.quality.good:
            return
        value = reading.value
        self.seconds += seconds
        self._sum += value * seconds
        if value < self._least:
            self._least = value
        if value > self._most:
            self._most = value

    def spread(self) -> Spread | None:
        """Return the three; None without a good value."""
        if not self.seconds:
            return None
        mean = self._sum / self.seconds
        return Spread(self._least, min(max(mean, self._least), self._most), self._most)


class IntervalRecord:
    """The interval of `meter` that is in progress, with the index points `indexes`.

    `last` is the last one that was closed and stored: this one began at its end, with the indexes
    of its end, and the program did not run for the whole of it. Without `last` the first record
    begins at the next boundary. An index at a boundary is the one known at the first look after it.

    Where the program was down, or the clock was set forward, one record stands for the whole time.
    If the clock was set backward, none is closed until UTC is past the next boundary again. That
    would take years after a boot with a clock far ahead, so neither the first record begins nor one
    of more than a day ends unless the clock is known to be right.
    """

    def __init__(self, meter: str, indexes: Sequence[str], last: Interval | None = None) -> None:
        self._meter = meter
        self._indexes = tuple(indexes)
        self._power = _Running("Active_Power_Total")
        self._voltages = [_Running(name) for name in _VOLTAGES]
        self._worst: Quality | None = None
        self._seen = False
        self._looked: float | None = None
        self._first: dict[str, int | None] = {}
        self._start: int | None = None
        self._awaited: int | None = None
        self._recovered = self._stepped = False
        if last is not None:
            self._start, self._recovered = last.end, True
            known = {name: end for name, (_, end) in last.indexes.items()}
            self._first = {name: known.get(name) for name in self._indexes}

    @property
    def start(self) -> int | None:
        """The beginning of the record in progress, UTC seconds; None before the first."""
        return self._start

    def step(self) -> None:
        """Note that the system clock was set within the record in progress."""
        self._stepped = True

    def take(self, readings: Mapping[str, Reading], now: Instant) -> None:
        """Look at the readings, about once a second and before `close`.

        They stand for the time since the last look, by the monotonic clock; not if that was more
        than LONGEST seconds ago.
        """
        looked, self._looked = self._looked, now.mono
        self._seen = True
        for name in self._indexes:
            reading = readings.get(name)
            if reading is not None and reading.quality is not self._worst:
                self._judge(reading.quality)
        if looked is not None and 0 < now.mono - looked <= LONGEST:
            seconds = now.mono - looked
            self._power.add(readings, seconds)
            for each in self._voltages:
                each.add(readings, seconds)

    def close(self, totals: Mapping[str, int | None], now: Instant, sure: bool) -> Interval | None:
        """Return the record that ended since the last call, None if none did.

        `totals` are the indexes as they are to be served, in mWh (mvarh); `sure` says whether the
        clock is known to be right.
        """
        if self._start is not None and now.utc < self._start + LENGTH:
            return None
        boundary = int(now.utc // LENGTH) * LENGTH
        late = now.utc - boundary > LONGEST
        if self._start is None:
            if boundary != self._awaited or late or not sure:
                self._awaited = boundary + LENGTH
                return None
            self._begin(boundary, totals)
            self._stepped = False
            return None
        if boundary - self._start > DAY and not sure:
            return None
        closed = self._record(self._start, boundary, totals)
        self._begin(boundary, totals)
        # What made this one late happened within the next as well.
        self._recovered, self._stepped = self._recovered and late, self._stepped and late
        return closed

    def _judge(self, quality: Quality) -> None:
        """Remember the worst quality; an index that the meter does not have is none."""
        rank = _RANKS.get(quality)
        if rank is not None and (self._worst is None or rank > _RANKS[self._worst]):
            self._worst = quality

    def _begin(self, boundary: int, totals: Mapping[str, int | None]) -> None:
        self._start = boundary
        self._first = {name: totals.get(name) for name in self._indexes}
        self._worst, self._seen = None, False
        self._power.clear()
        for each in self._voltages:
            each.clear()

    def _record(self, start: int, end: int, totals: Mapping[str, int | None]) -> Interval:
        unseen = Quality.ABSENT if self._seen else Quality.STALE
        first, second, third = (each.spread() for each in self._voltages)
        return Interval(
            meter=self._meter,
            start=start,
            end=end,
            indexes={name: (self._first[name], totals.get(name)) for name in self._indexes},
            power=self._power.spread(),
            voltages=(first, second, third),
            quality=(self._worst or unseen).value,
            covered=min(round(self._power.seconds), end - start),
            recovered=self._recovered,
            stepped=self._stepped,
        )
