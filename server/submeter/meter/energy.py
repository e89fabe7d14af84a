"""The indexes of one meter: energies and volumes."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from submeter.meter.accumulator import Accumulator, Counter
from submeter.meter.clock import STEP
from submeter.meter.feed import Dial, Feed
from submeter.meter.instant import Instant
from submeter.meter.integrator import Integrator
from submeter.meter.point import INDEX_UNITS, Point
from submeter.meter.reading import LARGEST, Quality, Update
from submeter.meter.register import Event, Register


class _Kind(NamedTuple):
    """One kind of energy: its two indexes, and the powers it can be integrated from."""

    imported: str
    exported: str
    powers: tuple[tuple[str, ...], ...]


_KINDS = (
    _Kind(
        "Active_Energy_Import",
        "Active_Energy_Export",
        (
            ("Active_Power_Total",),
            ("Active_Power_L1", "Active_Power_L2", "Active_Power_L3"),
        ),
    ),
    _Kind("Reactive_Energy_Import", "Reactive_Energy_Export", (("Reactive_Power_Total",),)),
)
# A power that was derived from an index would only give that index back, less exactly.
_OWN = (Quality.MEASURED, Quality.ESTIMATED)
UNRATED = 1e6  # W or L/h; of what has no rating, not being electric, and no instrument to bound it
_UNIT = "kWh"


class _Sum(NamedTuple):
    """Powers whose sum is integrated, phase by phase netted as a meter's total does."""

    powers: tuple[str, ...]
    integrators: tuple[Integrator, ...]
    indexes: tuple[str, ...]


class Energy:
    """Counts the `indexes` of one meter from the registers and the powers of its feeds.

    Where they are said to be in mWh, they are in millionths of the unit that `points` gives them:
    mvarh, mVAh, mL. `initial` is a total to begin with, used where `saved` has none;
    `largest_power` (W, var, L/h) is what the connection carries; where it is `rated`, that is of
    electricity alone, and each feed bounds the rest.
    `totals` has every index that some feed can give, None before it is known. Raises ValueError
    if `saved` is damaged.
    """

    def __init__(
        self,
        feeds: Sequence[Feed],
        indexes: Sequence[str],
        initial: Mapping[str, int],
        largest_power: float,
        now: Instant,
        saved: Mapping[str, str] | None = None,
        points: Iterable[Point] = (),
        *,
        rated: bool = False,
    ) -> None:
        self._points = {point.name: point for point in points}
        self._largest_power = largest_power
        self._rated = rated
        self._beyond = 0  # readings that are beyond any index
        self._told: set[tuple[str, str]] = set()  # sources and points that had one
        self._now = now
        self._drift = now.utc - now.mono
        self._registers: dict[str, tuple[tuple[str, Register], ...]] = {}
        self._read: dict[tuple[str, str], Instant] = {}  # when what is held came, by source, point
        self._sums: dict[str, tuple[_Sum, ...]] = {}
        self._gives: dict[str, dict[str, Quality]] = {}
        counters: dict[str, dict[str, Counter]] = {}
        for feed in feeds:
            self._follow(feed, indexes, counters)
            self._integrate(feed, indexes, largest_power, counters)
        self._accumulators = {
            point: Accumulator(
                initial.get(point),
                counters[point],
                max(self._bound(point, feed) for feed in feeds if feed.name in counters[point]),
            )
            for point in indexes
            if point in counters
        }
        for point, state in (saved or {}).items():
            if point in self._accumulators:
                self._restore(point, state)
        self.totals = {point: each.total for point, each in self._accumulators.items()}
        self._keys = {
            point: self._accumulators[point].key() if point in (saved or {}) else ()
            for point in self._accumulators
        }

    def gives(self, source: str) -> Mapping[str, Quality]:
        """Return the indexes that are integrated from powers of `source`, with their quality."""
        return self._gives[source]

    def powers(self, source: str, point: str) -> tuple[str, ...]:
        """Return the powers of `source` that the index `point` is integrated from, if it is."""
        sums = self._sums.get(source, ())
        return next((each.powers for each in sums if point in each.indexes), ())

    def take(self, source: str, update: Update, at: Instant) -> list[tuple[str, Event]]:
        """Let the counters of `source` see an update; return what befell which index."""
        self._now = at
        values = update.values
        events: list[tuple[str, Event]] = []
        for point, register in self._registers[source]:
            value = values.get(point)
            if value is not None and not -LARGEST < value.number < LARGEST:
                events += self._refuse(source, point, value.number)
            elif value is not None:
                held = update.read.get(point)
                if held:
                    if held == self._read.get((source, point)):
                        continue  # that reading again: it bears nothing out
                    self._read[source, point] = held
                read = held or at
                late = update.late.get(point, 0)
                found = register.take(int(value.number), read, update.instrument, late)
                if found:
                    events += [(point, event) for event in found]
        for each in self._sums[source]:
            self._add_up(each, update, at)
        return events

    def _refuse(self, source: str, point: str, number: int | float) -> list[tuple[str, Event]]:
        """Count a number that is beyond any index; it is told once for each register."""
        self._beyond += 1
        if (source, point) in self._told:
            return []
        self._told.add((source, point))
        total = self.totals[point]
        after = "nothing" if total is None else total
        return [(point, Event("index_refused", {"reading": str(number)[:24], "after": after}))]

    def book(self, speakers: Mapping[str, str]) -> None:
        """Add to each index what the source that speaks for it counted."""
        totals = self.totals
        for point, accumulator in self._accumulators.items():
            speaker = speakers.get(point)
            if speaker is not None:
                accumulator.book(speaker)
                totals[point] = accumulator.total

    def counted(self, source: str, point: str) -> int | None:
        """Return the mWh (mvarh) that `source` counted of `point`; None if it does not yet."""
        counter = self._counter(source, point)
        return counter.counted if counter and counter.accepted else None

    def accepted(self, point: str, source: str) -> Instant | None:
        """Return when the last reading of `point` that was accepted from `source` was taken."""
        counter = self._counter(source, point)
        return counter.accepted if counter else None

    def late(self, point: str, source: str) -> int:
        """Return what of the register of `point` `source` found only after its time."""
        counter = self._counter(source, point)
        return counter.late if isinstance(counter, Register) else 0

    @property
    def refused(self) -> int:
        """How many readings of registers were refused since the start."""
        every = (r.refused for registers in self._registers.values() for _, r in registers)
        return self._beyond + sum(every)

    @property
    def gap_seconds(self) -> float:
        """How many s of power are missing, in the integration that misses most.

        Since the index was begun: earlier runs and the time between them are in it.
        """
        sums = [each for every in self._sums.values() for each in every]
        return max((i.gap_seconds for each in sums for i in each.integrators), default=0.0)

    def doubtful(self, point: str, source: str) -> bool:
        """Tell whether readings of `point` from `source` are being refused now."""
        counter = self._counter(source, point)
        return isinstance(counter, Register) and counter.doubtful

    def trouble(self, point: str, source: str) -> str | None:
        """Say that readings of `point` are being refused, if they are."""
        counter = self._counter(source, point)
        if not isinstance(counter, Register) or not counter.doubtful:
            return None
        unit = INDEX_UNITS[self._unit(point)]
        reading = counter.reading
        before = "the one before" if reading is None else f"{reading} {unit}"
        return (
            f"{source} sends a {point} that cannot follow from {before}; "
            f"{counter.refused} readings refused so far"
        )

    def passed_through(self, point: str) -> bool:
        """Tell whether the index always was the register of the source that speaks.

        A sum that `Calculated` sends counts as a register here, and so does a simulated one: that
        such a meter has no certificate is up to who configures it.
        """
        accumulator = self._accumulators.get(point)
        return accumulator is not None and accumulator.passed_through

    def swap(self, point: str, source: str, old: int | None, new: int | None, now: Instant) -> None:
        """Book that the instrument `source` was exchanged, in mWh (mvarh); see `Register.swap`.

        It shows in `totals` with the next booking. Raises ValueError if that cannot be.
        """
        if point not in self._accumulators:
            raise ValueError(f"no source of this meter gives {point}")
        self._accumulators[point].swap(source, new, old, now)

    def saved(self, everything: bool = False, now: Instant | None = None) -> dict[str, str]:
        """Return as JSON what to keep of each index; only of those that changed since last time.

        `now` is the present, else that of the last update: what is kept has its times by the clock
        as it is set then, and is kept anew when the clock was set.
        """
        now = now or self._now
        # From the last time on, not from call to call as `Clock`: slow corrections add up here too.
        if abs(now.utc - now.mono - self._drift) > STEP:
            self._drift = now.utc - now.mono
            everything = True
        states = {}
        for point, accumulator in self._accumulators.items():
            key = accumulator.key()
            if everything or key != self._keys[point]:
                self._keys[point] = key
                states[point] = json.dumps(accumulator.saved(now), separators=(",", ":"))
        return states

    def _follow(
        self,
        feed: Feed,
        indexes: Sequence[str],
        counters: dict[str, dict[str, Counter]],
    ) -> None:
        """Make a register for each index that `feed` gives."""
        found = []
        for point in indexes:
            if point in feed.expected:
                dial = feed.dials.get(point, Dial())
                register = Register(dial, self._bound(point, feed), self._unit(point))
                counters.setdefault(point, {})[feed.name] = register
                found.append((point, register))
        self._registers[feed.name] = tuple(found)

    def _integrate(
        self,
        feed: Feed,
        indexes: Sequence[str],
        largest_power: float,
        counters: dict[str, dict[str, Counter]],
    ) -> None:
        """Make integrators for the energies of which `feed` gives the power alone."""
        sums = []
        gives = self._gives[feed.name] = {}
        for kind in _KINDS:
            powers = _powers(kind, feed)
            if not powers:
                continue
            estimated = any(feed.expected[power] is Quality.ESTIMATED for power in powers)
            integrators, counted = [], []
            for point, sign in ((kind.imported, 1), (kind.exported, -1)):
                if point in indexes:
                    integrator = Integrator(sign, feed.max_age, largest_power)
                    counters.setdefault(point, {})[feed.name] = integrator
                    integrators.append(integrator)
                    counted.append(point)
                    gives[point] = Quality.ESTIMATED if estimated else Quality.DERIVED
            sums.append(_Sum(powers, tuple(integrators), tuple(counted)))
        self._sums[feed.name] = tuple(sums)

    def _restore(self, point: str, state: str) -> None:
        try:
            saved = json.loads(state)
            if not isinstance(saved, dict):
                raise ValueError("saved state: not a table")
            self._accumulators[point].restore(saved, self._now)
        except ValueError as error:
            raise ValueError(f"{point}: {error}") from None

    def _bound(self, point: str, feed: Feed) -> float:
        """Return how fast an index of `feed` can grow at most, in W, var, VA or L/h."""
        known = self._points.get(point)
        if self._rated and known and "elec" not in known.haystack:
            return max(self._largest_power, feed.largest_power or UNRATED)
        return self._largest_power

    def _unit(self, point: str) -> str:
        known = self._points.get(point)
        return known.unit or _UNIT if known else _UNIT

    def _counter(self, source: str, point: str) -> Counter | None:
        accumulator = self._accumulators.get(point)
        return accumulator.counter(source) if accumulator else None

    @staticmethod
    def _add_up(each: _Sum, update: Update, at: Instant) -> None:
        power = 0.0
        for name in each.powers:
            value = update.values.get(name)
            if value is None:
                return
            power += value.number
        for integrator in each.integrators:
            integrator.take(power, at)


def _powers(kind: _Kind, feed: Feed) -> tuple[str, ...]:
    """Return the powers from which `feed` gives an energy; none if it has a register of it."""
    if kind.imported in feed.expected or kind.exported in feed.expected:
        return ()
    for powers in kind.powers:
        if all(feed.expected.get(power) in _OWN for power in powers):
            return powers
    return ()
