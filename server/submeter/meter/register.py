"""An instrument's energy register, followed through roll-over, reset, exchange and damage."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from submeter.meter import saved as taken
from submeter.meter.clock import STEP
from submeter.meter.feed import Dial
from submeter.meter.instant import Instant
from submeter.meter.limits import Limits, Seen
from submeter.meter.track import Track

_PERSISTS = (5, 60.0)  # readings, seconds: so long stands what is no damage
_LASTS = (3, 20.0)  # readings, seconds: refusals that end before are not worth a word
_RENAMED = 3  # readings; damage does not write one serial number three times
_RETURN = 86_400.0  # s in which a register that fell or jumped may come back
_COURSES = 4


class Event(NamedTuple):
    """What befell a register; numbers in `detail` are mWh (mvarh).

    `kind` is index_refused once refusals last, index_resumed at the end of such, or where a former
    course is taken up again, index_rolled_over, index_reset, index_jumped or instrument_changed.
    """

    kind: str
    detail: Mapping[str, int | str]


class Register:
    """Counts the energy that one register of one instrument shows.

    `largest_power` in W (var) is what the connection can carry: a growth is possible if it is not
    above largest_power * (seconds + SLACK) / 3.6 + the dial's step. A reading is accepted once a
    later one follows from it. Others are refused, until five of them over a minute follow one
    another, or three under another instrument's name: then the register goes on from there, what it
    counted since is booked, and the jump itself is not. `counted` is the energy in mWh (mvarh) that
    was accepted, and never falls. `accepted` is when the last accepted reading was taken, `refused`
    the number of refused ones, `breaks` how often in this run energy may have been missed by a
    change of course. `unit` is what people read off the instrument: kWh, m3.
    """

    def __init__(self, dial: Dial, largest_power: float, unit: str = "kWh") -> None:
        self._unit = unit
        self.counted = 0
        self.refused = 0
        self.breaks = 0
        self.accepted: Instant | None = None
        self._limits = Limits(dial, largest_power)
        self._late: int | None = None  # what the instrument booked late; None if not said yet
        self._main: Track | None = None
        self._others: list[Track] = []  # courses that refused readings may be the start of
        self._formers: list[Track] = []  # courses that were left, oldest first
        self._original = True
        self._drift = 0.0
        self._refusals = 0  # since the last accepted reading
        self._refused_since = 0.0  # monotonic s
        self._told = False  # that readings are being refused

    @property
    def reading(self) -> int | None:
        """The last accepted reading; None before the first."""
        return self._main.sure.total + self.late if self._main else None

    @property
    def late(self) -> int:
        """What of the reading is energy of a time before, which the instrument found afterwards."""
        return self._late or 0

    @property
    def doubtful(self) -> bool:
        """Whether a reading was refused since the last accepted one."""
        return self._refusals > 0

    @property
    def key(self) -> tuple[object, ...]:
        """What differs, beside `counted`, once there is something to save.

        An exchange of instruments that read the same is something, too.
        """
        main = self._main
        name = main.instrument if main else None
        return self.reading, name, self.passed_through, len(self._formers)

    @property
    def passed_through(self) -> bool:
        """Whether `counted` only ever was the reading less the first one.

        No roll-over, reset, jump or change of instrument came between.
        """
        main = self._main
        if main is None or main.origin is None:
            return False
        return self.counted == main.sure.total + self.late - main.origin

    def take(
        self, reading: int, at: Instant, instrument: str | None = None, late: int = 0
    ) -> Sequence[Event]:
        """Take a reading in mWh (mvarh), late and repeated ones too; tell what it brought about.

        `late` is the part of it that says nothing of the time since the reading before: see
        `Update`. What it grows is counted whatever the bound, but not where it begins anew.
        """
        main = self._main
        if main is None or main.named(instrument):
            self._book_late(late)
        events = self._take(Seen(reading - late, at, instrument))
        if self._main is not main:
            self._late = late  # that of the course that is followed now
        return events

    def swap(self, new: int | None, old: int | None, now: Instant) -> None:
        """Go on with another instrument, that reads `new` first, after the old one read `old` last.

        What the old one grew up to `old` is counted. Without `new` the register goes on from its
        next reading. Where the change was noticed already it is corrected, if both are given.
        Raises ValueError if `old` or `new` cannot be true.
        """
        main = self._main
        counted = self.counted
        old = None if old is None else max(0, old - self.late)
        if main and old is not None:
            growth = self._limits.growth(main.sure, Seen(old, now))
            if growth is None:
                self._correct(main, new, old, now)
                return
            counted = max(counted, main.counted + growth)
        # The exchange may have been right after the last reading.
        at, restored = (main.sure.at, main.sure.restored) if main else (now, False)
        self.counted = counted
        self.breaks += 1
        self._main = None
        if new is not None:
            self._main = Track(self._limits, Seen(new, at, None, restored), counted)
        self._others = []
        self._formers = []
        self._original = False
        self._late = None
        self._end_refusals()
        self.accepted = now

    def saved(self, now: Instant) -> dict[str, Any]:
        """Return the state as plain data for `restore`, its times by the clock as it is now."""
        state: dict[str, Any] = {"counted": self.counted}
        if self._original:
            state["original"] = 1
        if self._late is not None:
            state["late"] = self._late
        if self._main:
            state["course"] = [self._main.saved(now)]
        if self._formers:
            state["formers"] = [former.saved(now) for former in self._formers]
        return state

    def restore(self, saved: taken.Saved, now: Instant) -> None:
        """Go on where `saved` was made; raises ValueError, and changes nothing, if it is damaged.

        The time since is told by the UTC clock, which may be set right later.
        """
        counted = taken.whole(saved, "counted")
        original = "original" in saved and bool(taken.whole(saved, "original"))
        late = taken.whole(saved, "late") if "late" in saved else None
        courses = taken.tables(saved, "course") if "course" in saved else []
        tracks = [Track.restored(self._limits, each, now) for each in courses]
        formers = taken.tables(saved, "formers") if "formers" in saved else []
        self._formers = [Track.restored(self._limits, each, now) for each in formers]
        self._main = tracks[0] if tracks else None
        self._others = []
        self.counted, self._original, self._late = counted, original, late
        if self._main:
            utc = self._main.sure.at.utc
            self.accepted = Instant(now.mono - max(0.0, now.utc - utc), utc)

    def _take(self, seen: Seen) -> Sequence[Event]:
        main = self._main
        if main is None:
            return self._stray(seen)
        if self._formers:
            main = self._reconsider(main, seen.at)
        before = main.sure
        if not main.offer(seen):
            return self._stray(seen)
        return () if main.sure is before else self._accept(main, before)

    def _book_late(self, late: int) -> None:
        """Count what the present instrument booked late since it was heard last.

        Less than before is of a book that is not the one; what comes back was counted.
        """
        before, self._late = self._late, max(late, self._late or 0)
        if self._main and before is None:
            # What an exchange said that it reads first has it in it.
            self._main.rebase(min(late, self._main.first.total))
            return
        grown = late - (before or 0)
        if self._main and grown > 0:
            self.counted += grown
            for track in (self._main, *self._formers):
                track.offset += grown

    def _accept(self, main: Track, before: Seen) -> Sequence[Event]:
        self._count(main)
        if self._others:
            self._others = []
        events = []
        if main.sure.total < before.total:
            detail = {"from": before.total, "to": main.sure.total}
            events.append(Event("index_rolled_over", detail))
        if self._told:
            events.append(Event("index_resumed", {"reading": main.sure.total}))
        if self._refusals:
            self._end_refusals()
        return events

    def _count(self, main: Track) -> None:
        """Take over what `main` counts; where that is less than before, wait until it is not."""
        self.accepted = main.sure.at
        counted = main.offset + main.grown
        if counted > self.counted:
            self.counted = counted

    def _stray(self, seen: Seen) -> Sequence[Event]:
        """Take a reading that does not follow from the accepted ones."""
        main = self._main
        if main and main.named(seen.instrument):
            # Another name counts only while nothing comes under the old one.
            self._others = [track for track in self._others if main.named(track.instrument)]
        fitting = [track for track in self._others if track.offer(seen)]
        if not fitting:
            if len(self._others) == _COURSES:
                self._others.remove(min(self._others, key=_count_of))
            fitting = [Track(self._limits, seen)]
            self._others += fitting
        best = max(fitting, key=_count_of)
        if self._persists(best, seen):
            return self._adopt(best, seen.at)
        first = main is None and best.count == 1 and len(self._others) == 1 and not self._refusals
        return () if first else self._refuse(main, seen)

    def _refuse(self, main: Track | None, seen: Seen) -> Sequence[Event]:
        """Count a refused reading; a line that damages one in many is no news each time."""
        self.refused += 1
        if not self._refusals:
            self._refused_since = seen.at.mono
        self._refusals += 1
        readings, seconds = _LASTS
        lasts = self._refusals >= readings and seen.at.mono - self._refused_since >= seconds
        if self._told or not lasts:
            return ()
        self._told = True
        detail = {"reading": seen.total} | ({"after": main.sure.total} if main else {})
        return (Event("index_refused", detail),)

    def _end_refusals(self) -> None:
        self._refusals = 0
        self._told = False

    def _persists(self, track: Track, seen: Seen) -> bool:
        if self._main is None:
            return track.count >= 2
        if not self._main.named(track.instrument):
            return track.count >= _RENAMED
        readings, seconds = _PERSISTS
        return track.count >= readings and seen.at.mono - track.first.at.mono >= seconds

    def _adopt(self, track: Track, at: Instant) -> Sequence[Event]:
        """Follow `track` from now on."""
        main, told = self._main, self._told
        self._others = []
        self._end_refusals()
        if main is None:
            track.offset = self.counted
            track.origin = track.first.total + self.late if self._original else None
            self._original = False
            self._follow(track)
            return (Event("index_resumed", {"reading": track.sure.total}),) if told else ()
        return (self._resume(main, track, at) or self._leave(main, track),)

    def _follow(self, track: Track) -> None:
        self._main = track
        self._count(track)

    def _resume(self, main: Track, track: Track, at: Instant) -> Event | None:
        """Join `track` to a course that it continues after all.

        That is the present one, if its last readings were late copies of an earlier one, or one
        that was left when the register fell or jumped: the energy in between is counted once.
        """
        first = _retimed(track.first, at)
        # What comes back stands at least where it stood: a lower one began anew.
        left = [
            each
            for each in self._formers
            if each.sure.elapsed(at) <= _RETURN and first.total >= each.since.total
        ]
        for base in (main, *reversed(left)):
            growth = self._limits.growth(base.since, first)
            if growth is not None and base.named(track.instrument):
                if base is not main:
                    del self._formers[self._formers.index(base) :]
                base.join(track, growth)
                self._follow(base)
                return Event("index_resumed", {"reading": track.sure.total})
        return None

    def _leave(self, main: Track, track: Track) -> Event:
        """Begin `track` as another course; all it did not grow while it was followed is lost."""
        self.breaks += 1
        self._formers = [*self._formers, main][-_COURSES:]
        kind, booked = self._change(main, track)
        track.offset = self.counted + booked
        self._follow(track)
        detail: dict[str, int | str] = {"from": main.sure.total, "to": track.first.total}
        if kind == "instrument_changed":
            detail |= {"before": main.instrument or "", "instrument": track.instrument or ""}
        return Event(kind, detail)

    def _change(self, main: Track, track: Track) -> tuple[str, int]:
        """Tell what ended `main`, and how much energy the first reading of `track` shows."""
        first = track.first
        if not main.named(track.instrument):
            return "instrument_changed", 0
        if first.total < main.sure.total and first.total <= self._limits.bound(main.sure, first.at):
            return "index_reset", first.total
        return "index_jumped", 0

    def _reconsider(self, main: Track, at: Instant) -> Track:
        """Return the course that is right now that the clock may have been set.

        It may explain a jump after a restart by the time that the restart took.
        """
        drift = at.utc - at.mono
        former = self._formers[-1]
        if abs(drift - self._drift) < STEP or main.first.restored or not former.since.restored:
            return main
        self._drift = drift
        growth = self._limits.growth(former.since, _retimed(main.first, at))
        fall = former.since.total - main.first.total
        # A wrong clock must not make a roll-over of a reset: none takes most of a dial's energy.
        if growth is None or 9 * growth > fall > 0 or not former.named(main.instrument):
            return main
        self._formers.pop()
        former.join(main, growth)
        self._follow(former)
        return former

    def _correct(self, main: Track, new: int | None, old: int, now: Instant) -> None:
        """Take back the change of instrument that was noticed last, and book it as announced."""
        former = self._formers[-1] if self._formers else None
        if former is None or new is None:
            raise ValueError(
                f"the old instrument cannot have read {self._k(old)}: "
                f"{self._k(main.sure.total)} was read {main.sure.elapsed(now):.0f} s ago"
            )
        grown = self._limits.growth(former.sure, Seen(old, main.first.at))
        since = main.first.total - new
        if grown is None or since < 0:
            raise ValueError(
                f"the old instrument cannot have read {self._k(old)}, or the new one "
                f"{self._k(new)}: they read {self._k(former.sure.total)} before and "
                f"{self._k(main.first.total)} after the exchange"
            )
        if grown + since > self._limits.bound(former.sure, main.first.at):
            raise ValueError(
                f"{self._k(grown + since)} is more than the connection can have carried"
            )
        main.offset = former.counted + grown + since
        main.origin = None
        self._formers = []
        self._count(main)

    def _k(self, millionths: int) -> str:
        """Return a reading as text for people, who read it off the instrument."""
        return f"{millionths / 1_000_000:.3f} {self._unit}"


def _count_of(track: Track) -> int:
    return track.count


def _retimed(seen: Seen, now: Instant) -> Seen:
    """Return `seen`, taken in this run, with the UTC time that the clock now says it was."""
    return seen._replace(at=Instant(seen.at.mono, seen.utc(now)))
