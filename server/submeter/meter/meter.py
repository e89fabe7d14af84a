"""A virtual submeter: the readings of every point, updated as a whole."""

import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from submeter.errors import Refusal, WriteRefusedError
from submeter.meter import mid
from submeter.meter.access import Access, Who
from submeter.meter.access_settings import AccessSettings
from submeter.meter.audit import Audit
from submeter.meter.derivation import Derivation
from submeter.meter.derived import prospects
from submeter.meter.door import Door, Wish
from submeter.meter.energy import Energy
from submeter.meter.exchange import Exchange
from submeter.meter.feed import Feed
from submeter.meter.feeds import Feeds
from submeter.meter.instant import Instant
from submeter.meter.interval import LENGTH, Interval
from submeter.meter.interval_record import IntervalRecord
from submeter.meter.peak import ENERGY, PEAK, Peak
from submeter.meter.point import Point
from submeter.meter.reading import Quality, Reading, Stamp, Update, Value
from submeter.meter.second_opinion import SecondOpinion
from submeter.meter.settings import Settings
from submeter.meter.setup import Saved, Setup
from submeter.meter.shown_index import ShownIndexes
from submeter.meter.states import States
from submeter.meter.trouble import Reason, Troubles

Readings = Mapping[str, Reading]
Listener = Callable[[Readings], None]

COMMUNICATION = "Communication_Status"
CERTIFICATE = "MID_Certification_Valid"
ERROR, ERROR_REASON = "Meter_Error", "Meter_Error_Reason"
REFUSED, GAP_TIME = "Index_Readings_Refused", "Index_Gap_Time"
_CONDITION = (COMMUNICATION, ERROR, ERROR_REASON, REFUSED, GAP_TIME, CERTIFICATE)
_ABSENT = Reading(None, Quality.ABSENT)
_NEVER = Instant(0.0, 0.0)
_NAMED = 5  # points of a change of source
_FRESH = 0.5  # s; what was settled so recently needs no tick

_log = logging.getLogger(__name__)


class Draft(NamedTuple):
    """What of a meter is to be written: an index as (total, JSON), settings, demand; None: same."""

    indexes: Mapping[str, tuple[int | None, str]]
    settings: Sequence[tuple[str, int | float | None]]
    demand: str | None


class Meter:
    """One meter, fed by `feeds`; every change is told to the listeners once an update.

    A point that a feed can give reads stale without a value until the first frame. One that none
    gives, and that nothing derives, is absent. An energy index shows what `commit` said, never
    what was only counted. What is told are the readings whose value or quality changed. Raises
    ValueError if `saved` is damaged.
    """

    def __init__(
        self,
        name: str,
        points: Iterable[Point],
        feeds: Sequence[Feed],
        setup: Setup | None = None,
        saved: Saved | None = None,
        *,
        audit: Audit | None = None,
        access: Access | None = None,
        start: Instant = _NEVER,
    ) -> None:
        setup, saved = setup or Setup(), saved or Saved()
        self.name = name
        self.points = tuple(points)
        self.audit = audit or Audit()
        self._clocks: dict[str, tuple[Stamp, Instant]] = {}
        names = [point.name for point in self.points]
        indexes = [point.name for point in self.points if point.kind == "index"]
        largest, states = setup.largest_power, saved.states
        rated, first = setup.rating.power is not None, setup.initial
        self.energy = Energy(
            feeds, indexes, first, largest, start, states, self.points, rated=rated
        )
        self._gives = {feed.name: self.energy.gives(feed.name) for feed in feeds}
        feeds = [_of_points(feed, self._gives[feed.name], names) for feed in feeds]
        self._max_age = {feed.name: feed.max_age for feed in feeds}
        self.feeds = Feeds(feeds, setup.priority, setup.return_after)
        self.settings = Settings(self.points, setup.configured, saved.settings, setup.sealed)
        longest = max(60.0, 2 * max(feed.max_age for feed in feeds))
        interval = self.settings.value("Demand_Interval")
        step = max((feed.dials[ENERGY].step for feed in feeds if ENERGY in feed.dials), default=1)
        self._peak = Peak(setup, interval, longest, saved.demand, step)
        self._peak_saved = saved.demand
        self._states = States(setup.alarms, setup.rating, names)
        self._troubles = Troubles()
        self._setup = setup
        self._first = feeds[0].name
        self._indexes = tuple(name for name in indexes if name in self.feeds.given)
        self.derivation = Derivation(self.points, self.feeds.given)
        self._expected = {n: q for feed in reversed(feeds) for n, q in feed.expected.items()}
        # What is counted on is what is shown: a total that says otherwise was not written here.
        kept = {n: t for n, t in self.energy.totals.items() if t is not None and n in saved.states}
        self._shown = ShownIndexes(self._indexes, self.energy, self._max_age, kept)
        self._interval = IntervalRecord(name, self._indexes, saved.interval)
        self._opinion = SecondOpinion(setup.cross_check) if setup.cross_check else None
        commands = {"Reset_Demand_Peak": self._reset_peak, **setup.commands}
        access = access or Access(AccessSettings(), self.audit)
        self._door = Door(name, self.settings, access, self.audit, commands)
        self._several = len(feeds) > 1
        self._integrates = any(self._gives.values())
        self._own = tuple(name for name in _CONDITION if name in names)
        self._blank = dict.fromkeys(names, _ABSENT)
        self._readings: dict[str, Reading] = dict(self._blank)
        self._listeners: list[Listener] = []
        self._broken: list[Listener] = []  # told once each
        self._settled = float("-inf")
        self.settings.subscribe(self._on_setting)
        self._settle(start)

    @property
    def readings(self) -> Readings:
        """The reading of every point, in the order of the list."""
        return self._readings

    def instrument_time(self, now: Instant) -> Stamp | None:
        """Return the time by the clock of the instrument behind the index; None if it is silent."""
        source = self.feeds.speakers.get(ENERGY, self._first)
        stamp, heard = self._clocks.get(source, (None, _NEVER))
        return stamp if now.mono - heard.mono <= self._max_age[source] else None

    def subscribe(self, listener: Listener) -> None:
        """Tell `listener` the readings now, and from now on those that change."""
        self._listeners.append(listener)
        listener(self._readings)

    def prospects(self) -> dict[str, Quality]:
        """Return the quality that each point will usually have, in the order of the list."""
        found = {}
        usual = prospects(self._expected)
        for name, reading in self._readings.items():
            guess = Quality.DERIVED if reading.quality is Quality.STALE else reading.quality
            found[name] = self._expected.get(name) or usual.get(name, guess)
        return found

    def update(self, update: Update, at: Instant, source: str | None = None) -> None:
        """Take over what one valid frame of a source says; all of it becomes visible together."""
        source = source or self._first
        for point, event in self.energy.take(source, update, at):
            self._note(event.kind, at, point=point, source=source, **event.detail)
        if self._gives[source]:
            update = self._with_indexes(source, update)
        self.feeds.update(source, update, at)
        if update.clock:
            self._clocks[source] = (update.clock, at)
        self._settle(at, heard=True)

    def tick(self, now: Instant) -> None:
        """Let readings age, and count the second for the interval."""
        if now.mono - self._settled > _FRESH:
            self._settle(now)
        self._interval.take(self._readings, now)

    def close_interval(self, now: Instant, sure: bool = True) -> Interval | None:
        """Return the record of the interval that has ended, if one has.

        Unless `sure` that the clock is right, none begins anew, nor ends after more than a day.
        """
        start = self._interval.start
        waits = start is not None and start - now.utc > LENGTH
        text = f"the clock is behind: an interval up to {start} UTC s is closed already"
        self.trouble(Reason.CLOCK, text if waits else None, now)
        return self._interval.close(self.energy.totals, now, sure)

    def clock_stepped(self) -> None:
        """Take note that the system clock was set."""
        self._interval.step()

    def write(self, point: str, value: int | float, who: Who, now: Instant) -> None:
        """Set a configuration point or give a command; raises WriteRefusedError.

        Nothing else can be written, and no write moves an energy index.
        """
        self.write_all([(point, value)], who, now)

    def write_all(self, wishes: Sequence[Wish], who: Who, now: Instant) -> None:
        """Write several points, or none of them; raises WriteRefusedError."""
        self._door.write_all(wishes, who, now)
        self._settle(now)

    def check(self, wish: Wish, who: Who, now: Instant) -> None:
        """Raise WriteRefusedError if `wish` would be refused now; nothing is written."""
        self._door.check(*wish, who, now)

    def refuse(self, what: str, value: object, reason: Refusal, who: Who, now: Instant) -> None:
        """Tell the audit log of a write to `what`, an address say, that came to no point."""
        self._door.refuse(what, value, reason, who, now)

    def reset_settings(self, point: str | None, who: Who, now: Instant) -> list[str]:
        """Forget the stored value of one setting, or of all; raises WriteRefusedError.

        Returns the names of those that had one.
        """
        stored = self.settings.stored_names()
        for name in stored if point is None else [point]:
            self._door.reset(name, who, now)
        self._settle(now)
        return stored if point is None else [name for name in stored if name == point]

    def swap(
        self,
        point: str,
        source: str | None,
        old: int | None,
        new: int | None,
        who: Who,
        now: Instant,
    ) -> None:
        """Book the exchange of an instrument: its last register in mWh, and the new one's first.

        Raises WriteRefusedError when that cannot be, or the meter is sealed.
        """
        exchange = Exchange(point, source or self._first, old, new)
        try:
            if self.settings.sealed:
                raise WriteRefusedError(Refusal.SEALED, f"{self.name} is sealed")
            exchange.book(self.energy, now)
        except WriteRefusedError as error:
            reason, teller = str(error), str(who)
            self.audit.note("swap_refused", self.name, teller, at=now, point=point, reason=reason)
            raise
        self.energy.book(self.feeds.speakers)
        exchange.note(self.audit, self.name, who, now)

    def report(self, point: str, value: int | None, now: Instant) -> None:
        """Show the state of what this program drives at `point`; None: it is not known now.

        A source that gives the point goes before it; one that the meter does not have is left out.
        """
        if point in self._blank:
            quality = Quality.STALE if value is None else Quality.MEASURED
            self._blank[point] = Reading(value, quality, now)
            self._settle(now)

    def trouble(self, reason: Reason, text: str | None, now: Instant) -> None:
        """Raise Meter_Error for `reason`, or with None clear it."""
        if self._troubles.tell(reason, text):
            if reason is not Reason.STORE:  # which befalls all meters, and is told once
                event = "meter_error" if text else "meter_error_over"
                self._note(event, now, reason=reason.name.lower(), text=text or "")
            self._settle(now)

    @property
    def withholds(self) -> bool:
        """Whether an index is known that was never shown, for want of its first commit."""
        return self._shown.withheld

    def draft(self, now: Instant | None = None, *, everything: bool = False) -> Draft:
        """Return what changed since the last draft, or all there is.

        `now` is the present, else that of the last update: times are kept by the clock as it is
        set then.
        """
        totals = self.energy.totals
        states = self.energy.saved(everything, now)
        peak = self._peak.saved()
        return Draft(
            {point: (totals[point], state) for point, state in states.items()},
            self.settings.unsaved(),
            peak if everything or peak != self._peak_saved else None,
        )

    def commit(self, draft: Draft, now: Instant) -> None:
        """Show the indexes of `draft`, which is on disk now."""
        self._shown.commit({point: total for point, (total, _) in draft.indexes.items()})
        self.settings.mark_saved(draft.settings)
        if draft.demand:
            self._peak_saved = draft.demand
            self._peak.commit(draft.demand)
        if draft.indexes or draft.demand:
            self._settle(now)

    def _settle(self, now: Instant, heard: bool = False) -> None:
        """Bring every point up to date, and publish the difference."""
        self._settled = now.mono
        readings = self._blank | self.feeds.readings(now)
        if self._several:
            self._note_switches(now)
        if heard:
            self.energy.book(self.feeds.speakers)
        for name in self._indexes:
            speaker = self.feeds.speakers[name]
            readings[name] = self._shown.reading(name, readings[name], speaker, now)
        self.derivation.apply(readings, self._expected)
        if heard:
            self._peak.take(self.energy, self.feeds.speakers.get(ENERGY), readings, now)
        if self._opinion:
            self._opinion.apply(self.energy, readings, now)
        readings.update(self.settings.readings())
        readings.update(self._door.readings(now))
        self._peak.show(readings)
        self._states.apply(readings, self.settings.value, now)
        self._show_condition(readings, now)
        self._publish(readings)

    def _publish(self, readings: dict[str, Reading]) -> None:
        before, self._readings = self._readings, readings
        changed = {}
        for name, reading in readings.items():
            old = before[name]
            if reading is not old and (reading[0] != old[0] or reading[1] is not old[1]):
                changed[name] = reading
        if changed:
            for listener in self._listeners:
                self._tell(listener, changed)

    def _tell(self, listener: Listener, changed: Readings) -> None:
        """Let `listener` hear; one that breaks must not keep the others from it."""
        try:
            listener(changed)
        except Exception:
            if listener not in self._broken:
                _log.exception("event=listener_failed meter=%s", self.name)
                self._broken.append(listener)
                self._troubles.tell(Reason.INTERNAL, "a face cannot show what it is told")

    def _show_condition(self, readings: dict[str, Reading], now: Instant) -> None:
        """Put in what the meter knows of itself."""
        refused = [n for n in self._indexes if readings[n].quality is Quality.FAILED]
        text = self.energy.trouble(refused[0], self.feeds.speakers[refused[0]]) if refused else None
        if self._troubles.tell(Reason.INDEX, text):
            event = "meter_error" if text else "meter_error_over"
            self._note(event, now, reason="index", text=text or "")
        certificate, intact = self._setup.certificate, self._setup.intact
        passed = certificate is not None and self.energy.passed_through(ENERGY)
        own = {
            COMMUNICATION: _own(self.feeds.online(now), now),
            ERROR: _own(bool(self._troubles), now),
            ERROR_REASON: _own(self._troubles.reason, now),
            REFUSED: _own(self.energy.refused, now) if self._indexes else _ABSENT,
            GAP_TIME: _own(self.energy.gap_seconds, now) if self._integrates else _ABSENT,
            CERTIFICATE: mid.certification(certificate, now, passed, intact),
        }
        readings.update({name: own[name] for name in self._own})

    def _with_indexes(self, source: str, update: Update) -> Update:
        """Add the indexes that were integrated from the powers of `update`."""
        values = dict(update.values)
        for point, quality in self._gives[source].items():
            accepted = self.energy.accepted(point, source)
            if accepted is not None:
                values[point] = Value(self.energy.counted(source, point) or 0, quality)
        return Update(values, update.absent, update.failed, update.instrument, update.clock)

    def _reset_peak(self, who: Who, now: Instant) -> str:
        if PEAK in self.feeds.given and self._readings[PEAK].quality is not Quality.ABSENT:
            message = f"{PEAK} is the instrument's own register"
            raise WriteRefusedError(Refusal.UNSUPPORTED, message)
        before = self._readings[PEAK].value
        self._peak.reset(now)
        return f"the peak was {before} kW" if before is not None else "there was no peak"

    def _on_setting(self, name: str, value: int | float) -> None:
        if name == "Demand_Interval":
            self._peak.set_interval(value)

    def _note_switches(self, now: Instant) -> None:
        """Tell which source took over from which, once for all of their points."""
        switched: dict[tuple[str, str], list[str]] = {}
        for point, before, source in self.feeds.take_switches():
            switched.setdefault((before, source), []).append(point)
        for (before, source), points in switched.items():
            named = ", ".join(points[:_NAMED]) + (", ..." if len(points) > _NAMED else "")
            self._note("source_switched", now, before=before, source=source, points=named)

    def _note(self, event: str, at: Instant, **detail: object) -> None:
        """Tell the log and the audit log of what befell this meter."""
        text = " ".join(f'{key}="{value}"' for key, value in detail.items())
        _log.warning("event=%s meter=%s %s", event, self.name, text)
        self.audit.note(event, self.name, "", at=at, **detail)


def _own(value: int | float, now: Instant) -> Reading:
    return Reading(value if isinstance(value, float) else int(value), Quality.MEASURED, now)


def _of_points(feed: Feed, extra: Mapping[str, Quality], names: Collection[str]) -> Feed:
    """Return `feed` with the points `extra`, without those that are not in `names`."""
    every = {**feed.expected, **extra}
    expected = {name: quality for name, quality in every.items() if name in names}
    return Feed(feed.name, expected, feed.max_age, feed.dials, feed.largest_power)


def values(numbers: Mapping[str, int | float], quality: Quality = Quality.MEASURED) -> Update:
    """Return an update in which every number has the same quality."""
    return Update({name: Value(number, quality) for name, number in numbers.items()})
