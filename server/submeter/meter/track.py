"""Readings that follow one another, as those of one energy register do."""

from typing import Any

from submeter.meter import saved as taken
from submeter.meter.instant import Instant
from submeter.meter.limits import Limits, Seen

_UNCONFIRMED = 4


class Track:
    """One course that a register may be on, from the reading `first` on.

    `sure` is the latest reading that a later one bore out, `since` the first of those that read the
    same, `grown` the energy from `first` to `sure`, all in mWh (mvarh). `count` readings fitted.
    To the owner belong `offset`, what was counted before `first`, and `origin`, the reading at
    which nothing was counted, None once what is counted no longer is the reading less that.
    """

    __slots__ = (
        "_limits",
        "_spared",
        "_unconfirmed",
        "count",
        "first",
        "grown",
        "instrument",
        "offset",
        "origin",
        "since",
        "sure",
    )

    def __init__(
        self, limits: Limits, first: Seen, offset: int = 0, origin: int | None = None
    ) -> None:
        self.first = self.sure = self.since = first
        self.instrument = first.instrument
        self.count = 1
        self.grown = 0
        self.offset = offset
        self.origin = origin
        self._limits = limits
        # Each with what the register grew from `sure` to it.
        self._unconfirmed: list[tuple[Seen, int]] = []
        self._spared: list[tuple[Seen, int]] = []

    @property
    def counted(self) -> int:
        """What is counted at `sure`."""
        return self.offset + self.grown

    def named(self, instrument: str | None) -> bool:
        """Tell whether `instrument` may be the one of this track; None is an unknown one."""
        mine = self.instrument
        return instrument == mine or instrument is None or mine is None

    def offer(self, seen: Seen) -> bool:
        """Take `seen` if it fits, and tell; `sure` moves on if it bears an earlier reading out.

        A checksum of a few bits lets one damaged reading in many through: none is sure until a
        later one follows from it. The largest such wins, so that a late reading cannot displace a
        newer one.
        """
        if not self.named(seen.instrument):
            return False
        place, borne_out, step = -1, 0, 0
        for index, (earlier, grown) in enumerate(self._unconfirmed):
            if grown >= borne_out:
                growth = self._limits.growth(earlier, seen)
                if growth is not None:
                    place, borne_out, step = index, grown, growth
        if place >= 0:
            self._confirm(place, seen, step)
        else:
            growth = self._limits.growth(self.sure, seen)
            if growth is None:
                return False
            self._unconfirmed.append((seen, growth))
            del self._unconfirmed[:-_UNCONFIRMED]
        self.count += 1
        return True

    def join(self, track: "Track", growth: int) -> None:
        """Go on as `track`, up to whose first reading this one grew `growth`."""
        self.grown += growth + track.grown
        self.sure, self.since = track.sure, track.since
        self.instrument = track.instrument or self.instrument
        self._unconfirmed = track._unconfirmed

    def rebase(self, amount: int) -> None:
        """Take `amount` off all readings, which had it in them."""
        same = self.since is self.sure
        self.first = self.first._replace(total=self.first.total - amount)
        self.sure = self.sure._replace(total=self.sure.total - amount)
        since = self.since._replace(total=self.since.total - amount)
        self.since = self.sure if same else since

    def _confirm(self, place: int, seen: Seen, step: int) -> None:
        sure, grown = self._unconfirmed[place]
        earlier, later = self._unconfirmed[:place], self._unconfirmed[place + 1 :]
        if grown:
            self.since = sure
            self.grown += grown
            earlier = []
        self.sure = sure
        if self.instrument is None and sure.instrument == seen.instrument:
            self.instrument = sure.instrument
        # Late copies of the reading before bear that out, and prove nothing against a newer one;
        # more of them do.
        self._spared = [each for each in earlier if each not in self._spared]
        self._unconfirmed = [*self._spared]
        for each, _ in later:
            growth = self._limits.growth(sure, each)
            if growth is not None:
                self._unconfirmed.append((each, growth))
        self._unconfirmed.append((seen, step))

    def saved(self, now: Instant) -> dict[str, Any]:
        """Return the state as plain data, its times by the clock as it is set now.

        It goes to the disk with every commit: what is as usual is left out.
        """
        state: dict[str, Any] = {
            "first": self.first.total,
            "first_utc": self.first.utc(now),
            "total": self.sure.total,
            "utc": self.sure.utc(now),
            "grown": self.grown,
            "unconfirmed": [[seen.total, seen.utc(now)] for seen, _ in self._unconfirmed],
        }
        if self.since is not self.sure:
            state["since"] = self.since.utc(now)
        if self.instrument is not None:
            state["instrument"] = self.instrument
        if self.offset:
            state["offset"] = self.offset
        if self.origin != self.first.total:
            state["origin"] = self.origin
        return state

    @classmethod
    def restored(cls, limits: Limits, saved: taken.Saved, now: Instant) -> "Track":
        """Return the track that gave `saved`; raises ValueError if none can have."""

        def seen(total: str, utc: str, entry: taken.Saved = saved) -> Seen:
            at = Instant(now.mono, taken.seconds(entry, utc))
            return Seen(taken.whole(entry, total), at, instrument, restored=True)

        instrument = taken.text(saved, "instrument")
        track = cls(limits, seen("first", "first_utc"))
        track.sure = seen("total", "utc")
        track.since = seen("total", "since") if "since" in saved else track.sure
        track.grown = taken.whole(saved, "grown")
        track.offset = taken.whole(saved, "offset") if "offset" in saved else 0
        track.origin = track.first.total
        if "origin" in saved:
            track.origin = None if saved["origin"] is None else taken.whole(saved, "origin")
        for pair in taken.pairs(saved, "unconfirmed")[-_UNCONFIRMED:]:
            reading = seen("total", "utc", pair)
            # Both times are of the clock before the restart.
            growth = limits.growth(track.sure, reading)
            if growth is not None:
                track._unconfirmed.append((reading, growth))
        return track
