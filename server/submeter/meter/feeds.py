"""Several sources of one meter: which of them speaks for which point."""

import math
from collections.abc import Iterable, Mapping, Sequence

from submeter.meter.feed import Feed
from submeter.meter.instant import Instant
from submeter.meter.reading import LARGEST, Quality, Reading, Update

_UNKNOWN = Reading(None, Quality.STALE)
_ABSENT = Reading(None, Quality.ABSENT)


class Feeds:
    """What the sources of one meter say, and who of them is believed, point by point.

    A point's preferred source is the first of `priority[point]`, then of `feeds`. Another one
    speaks at once when the speaker is stale, has failed or is absent; a better one returns only
    after it has been good without a break for `return_after` seconds, unless it never broke off.
    While no one is good the preferred one speaks, of those that have the point and ever knew it: so
    that the last good value is kept and a point is absent only if no source has it.

    Values of points that their source does not expect are ignored. Raises ValueError for a name in
    `priority` that is not a source's, or that of a point which no source gives.
    """

    __slots__ = (
        "_away",
        "_by_name",
        "_ranks",
        "_return_after",
        "_served",
        "_speakers",
        "_speaking",
        "_switches",
        "_told",
        "_turned",
        "_voices",
        "given",
    )

    def __init__(
        self,
        feeds: Sequence[Feed],
        priority: Mapping[str, Sequence[str]] | None = None,
        return_after: float = 60.0,
    ) -> None:
        self._turned: set[str] = set()  # points to choose the speaker of, at the next look
        self._voices = tuple(_Voice(feed, self._turned) for feed in feeds)
        self._by_name = {voice.feed.name: voice for voice in self._voices}
        _check([feed.name for feed in feeds], "two sources of one meter are both called")
        self._return_after = return_after
        self._ranks = self._ranked(priority or {})
        self._speaking = {point: ranks[0] for point, ranks in self._ranks.items()}
        for point, voice in self._speaking.items():
            voice.speaks.add(point)
        self._told = {point: voice.feed.name for point, voice in self._speaking.items()}
        self._away: set[str] = set()  # points whose speaker is not the preferred one
        self._switches: list[tuple[str, str, str]] = []
        # With one source its own readings are what is served: nothing is copied twice.
        alone = len(self._voices) == 1
        self._served = self._voices[0].readings if alone else dict.fromkeys(self._ranks, _UNKNOWN)
        self.given: frozenset[str] = frozenset(self._ranks)
        self._speakers = dict(self._told)

    @property
    def speakers(self) -> Mapping[str, str]:
        """The name of the source that speaks, by point; changes with `readings`."""
        return self._speakers

    def update(self, source: str, update: Update, at: Instant) -> None:
        """Take over what one valid frame of `source` says; KeyError for an unknown source."""
        voice = self._by_name[source]
        voice.take(update, at)
        readings, served = voice.readings, self._served
        if readings is not served:
            for name in voice.speaks.intersection(update.values):
                served[name] = readings[name]

    def readings(self, now: Instant) -> dict[str, Reading]:
        """Return the reading of every given point at `now`, as its speaker has it.

        The speakers are chosen here, so that all of an update becomes visible together. The caller
        owns the result.
        """
        for voice in self._voices:
            voice.age(now.mono)
        if self._turned or self._away:
            self._choose(now.mono)
        return self._served.copy()

    def voices(self, point: str, now: Instant) -> list[tuple[str, Reading]]:
        """Return the sources that can give `point`, the preferred one first, and what each says."""
        ranks = self._ranks.get(point, ())
        for voice in ranks:
            voice.age(now.mono)
        return [(voice.feed.name, voice.readings[point]) for voice in ranks]

    def online(self, now: Instant) -> bool:
        """Tell whether any source was heard within its own `max_age`."""
        return any(
            voice.heard is not None and now.mono - voice.heard.mono <= voice.max_age
            for voice in self._voices
        )

    def take_switches(self) -> list[tuple[str, str, str]]:
        """Return each change of speaker once, as point, source before and source now.

        Told are changes to a source that is good: a loss of all of them is no switch.
        """
        taken, self._switches = self._switches, []
        return taken

    def _ranked(self, priority: Mapping[str, Sequence[str]]) -> dict[str, tuple["_Voice", ...]]:
        """Return the sources of every point, the preferred one first."""
        ranks: dict[str, tuple[_Voice, ...]] = {}
        for voice in self._voices:
            for point in voice.feed.expected:
                ranks[point] = (*ranks.get(point, ()), voice)
        for point, names in priority.items():
            if point not in ranks:
                raise ValueError(f"priority of '{point}': no source of this meter gives it")
            if unknown := [name for name in names if name not in self._by_name]:
                known = ", ".join(self._by_name)
                message = f"priority of '{point}': unknown source '{unknown[0]}'; known: {known}"
                raise ValueError(message)
            _check(names, f"priority of '{point}': twice in the list is")
            places = {name: place for place, name in enumerate(names)}
            by_place = sorted(ranks[point], key=lambda v: places.get(v.feed.name, len(places)))
            ranks[point] = tuple(by_place)
        return ranks

    def _choose(self, now: float) -> None:
        for point in self._turned | self._away:
            ranks, before = self._ranks[point], self._speaking[point]
            speaker = self._best(point, ranks, before, now)
            if speaker is not before:
                before.speaks.discard(point)
                speaker.speaks.add(point)
                self._speaking[point] = speaker
                self._speakers[point] = speaker.feed.name
            if speaker is ranks[0]:
                self._away.discard(point)
            else:
                self._away.add(point)
            self._tell(point, speaker)
            self._served[point] = speaker.readings[point]
        self._turned.clear()

    def _best(
        self, point: str, ranks: tuple["_Voice", ...], speaker: "_Voice", now: float
    ) -> "_Voice":
        lost = point not in speaker.good_since
        for voice in ranks:
            since = voice.good_since.get(point)
            if since is None:
                continue
            if lost or voice is speaker or now - since >= self._return_after:
                return voice
        return min(ranks, key=lambda voice: voice.ignorance(point))

    def _tell(self, point: str, speaker: "_Voice") -> None:
        name, before = speaker.feed.name, self._told[point]
        if name != before and point in speaker.good_since:
            self._switches.append((point, before, name))
            self._told[point] = name


class _Voice:
    """One source as it was heard: its readings, and since when each of them has been good.

    Points whose quality turned are put into `turned`.
    """

    __slots__ = (
        "_broken",
        "_oldest",
        "_turned",
        "feed",
        "good_since",
        "heard",
        "max_age",
        "readings",
        "speaks",
    )

    def __init__(self, feed: Feed, turned: set[str]) -> None:
        self.feed = feed
        self.readings = dict.fromkeys(feed.expected, _UNKNOWN)
        self.speaks: set[str] = set()
        self.heard: Instant | None = None
        self.max_age = feed.max_age
        self.good_since: dict[str, float] = {}  # of the points that are good: monotonic s
        self._broken: set[str] = set()
        self._turned = turned
        # No reading that can still go stale is older: what is younger needs no look at each.
        self._oldest = math.inf

    def take(self, update: Update, at: Instant) -> None:
        """Take over one frame."""
        self.age(at.mono)  # what went stale before this frame has had a break
        readings = self.readings
        for name in update.absent & readings.keys():
            self._turn(name, Quality.ABSENT, at.mono)
            readings[name] = _ABSENT
        for name in update.failed & readings.keys():
            self._turn(name, Quality.FAILED, at.mono)
            readings[name] = Reading(readings[name].value, Quality.FAILED, at)
        make = tuple.__new__  # in half the time of Reading(...), which does the same
        for name, (number, quality) in update.values.items():
            if name in readings:
                if not -LARGEST < number < LARGEST:  # nor is NaN
                    self._turn(name, Quality.FAILED, at.mono)
                    readings[name] = Reading(readings[name].value, Quality.FAILED, at)
                    continue
                if readings[name][1] is not quality:
                    self._turn(name, quality, at.mono)
                readings[name] = make(Reading, (number, quality, at))
        self.heard = at
        most = self.feed.max_age
        self.max_age = most if update.max_age is None else min(update.max_age, most)
        self._oldest = min(self._oldest, at.mono)

    def age(self, now: float) -> None:
        """Let readings go stale whose frame is more than `max_age` ago."""
        max_age = self.max_age
        if now - self._oldest <= max_age:
            return
        oldest = math.inf
        for name, reading in self.readings.items():
            if reading.at is None or reading.quality is Quality.STALE:
                continue
            if now - reading.at.mono > max_age:
                self._turn(name, Quality.STALE, now)
                self.readings[name] = reading._replace(quality=Quality.STALE)
            else:
                oldest = min(oldest, reading.at.mono)
        self._oldest = oldest

    def ignorance(self, name: str) -> int:
        """Return 0 if it has ever known the point's value, 1 if not yet, 2 if it has none."""
        value, quality, _ = self.readings[name]
        return 2 if quality is Quality.ABSENT else int(value is None)

    def _turn(self, name: str, quality: Quality, now: float) -> None:
        self._turned.add(name)
        if quality.good:
            # The first words of a source are no return: it has not proved unsteady.
            self.good_since.setdefault(name, now if name in self._broken else -math.inf)
        else:
            self.good_since.pop(name, None)
            self._broken.add(name)


def _check(names: Iterable[str], message: str) -> None:
    """Raise ValueError with `message` for the first name that stands twice."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ValueError(f"{message} '{name}'")
        seen.add(name)
