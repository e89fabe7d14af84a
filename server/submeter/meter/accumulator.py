"""The index of one point of one meter, whichever of its sources speaks."""

from collections.abc import Mapping
from typing import Any

from submeter.meter import saved as taken
from submeter.meter.course import Course
from submeter.meter.feed import Dial
from submeter.meter.instant import Instant
from submeter.meter.integrator import Integrator
from submeter.meter.limits import Limits, Seen
from submeter.meter.register import Register

Counter = Register | Integrator


class _Line:
    """One source: where its counter stood when the total was `total`, at its reading `read`."""

    __slots__ = ("breaks", "counter", "mark", "read", "total")

    def __init__(self, counter: Counter) -> None:
        self.counter = counter
        self.mark = counter.counted
        self.breaks = counter.breaks
        self.total: int | None = None
        self.read: Instant | None = None

    @property
    def start(self) -> int | None:
        """The total with which this source begins; None as long as it has none."""
        return self.counter.reading if isinstance(self.counter, Register) else 0

    def align(self, total: int | None) -> None:
        self.mark = self.counter.counted
        self.breaks = self.counter.breaks
        self.read = self.counter.accepted
        self.total = total


class Accumulator:
    """Adds up what the counters of several sources see, each of their energies once.

    `total` in mWh (mvarh) begins at `initial`, or with the register of the source that is booked
    first, at 0 with a power. A source that takes over brings what it counted since the total was
    last in step with it: energy that another one booked meanwhile is not booked again, and no more
    than `largest_power` (W, var) explains since the last booking. The total never falls: where one
    that takes over counted less than was booked, the total waits until it counted as much.
    """

    def __init__(
        self, initial: int | None, counters: Mapping[str, Counter], largest_power: float
    ) -> None:
        self.total = initial
        self._lines = {source: _Line(counter) for source, counter in counters.items()}
        self._limits = Limits(Dial(), largest_power)
        self._speaker: str | None = None
        self._course = Course()
        self._booked: Seen | None = None  # the total, and when its last reading was taken

    @property
    def passed_through(self) -> bool:
        """Whether the total is what the register of the source that speaks reads, unmodified."""
        line = self._lines.get(self._speaker or "")
        if line is None or not isinstance(line.counter, Register):
            return False
        return line.counter.passed_through and line.counter.reading == self.total

    def counter(self, source: str) -> Counter | None:
        """Return the counter of `source`; None if it has none for this point."""
        line = self._lines.get(source)
        return line.counter if line else None

    def book(self, source: str) -> None:
        """Let what `source` counted since the total was last in step with it join the total."""
        line = self._lines.get(source)
        if line is None or line.counter.accepted is None:
            return
        if line.read is line.counter.accepted and source == self._speaker:
            # The others go on by themselves: one of them may have to bring what this one misses.
            return
        self._add(source, line, line.counter.accepted)
        if len(self._lines) > 1 and self.total is not None:
            self._course.note(line.counter.accepted.mono, self.total)
            for other in self._lines.values():
                self._align(other)

    def swap(self, source: str, new: int | None, old: int | None, now: Instant) -> None:
        """Book an exchange of the instrument `source`; raises ValueError, as `Register.swap`."""
        counter = self.counter(source)
        if not isinstance(counter, Register):
            raise ValueError(f"{source} has no register of this index")
        counter.swap(new, old, now)

    def _add(self, source: str, line: _Line, read: Instant) -> None:
        if self.total is None:
            self.total = total = line.start
        else:
            base = self.total if line.total is None else line.total
            total = base + line.counter.counted - line.mark
            if total > self.total:
                self.total = total = self._possible(total, source, read)
            elif line.breaks != line.counter.breaks:
                # It missed what another one booked meanwhile: there is nothing to wait for.
                total = self.total
        line.align(total)
        self._speaker = source
        if self.total is not None:
            self._booked = Seen(self.total, read)

    def _align(self, other: _Line) -> None:
        """Bring `other` into step, at the time of its own last reading."""
        read = other.counter.accepted
        if other.total is None:
            other.align(self.total)
        elif read is not None and read is not other.read:
            total = self._course.at(read.mono)
            if total is not None:
                other.align(total)

    def _possible(self, total: int, source: str, read: Instant) -> int:
        """Cut off by how much two instruments differ that took turns for long."""
        if source == self._speaker or self._booked is None:
            return total
        return min(total, self._booked.total + int(self._limits.bound(self._booked, read)))

    def key(self) -> tuple[object, ...]:
        """Return what differs once there is something to save."""
        counters = [line.counter for line in self._lines.values()]
        return (
            self.total,
            self._speaker,
            *(counter.counted for counter in counters),
            *(counter.key for counter in counters),
        )

    def saved(self, now: Instant) -> dict[str, Any]:
        """Return the state as plain data for `restore`, its times by the clock as it is now."""
        return {
            "total": self.total,
            "speaker": self._speaker,
            "booked": self._booked.utc(now) if self._booked else None,
            "sources": {
                source: self._saved_line(line, now) for source, line in self._lines.items()
            },
        }

    def _saved_line(self, line: _Line, now: Instant) -> dict[str, Any]:
        state: dict[str, Any] = {
            "kind": type(line.counter).__name__,
            "counter": line.counter.saved(now),
        }
        if line.mark != line.counter.counted:
            state["mark"] = line.mark
        if line.total != self.total:
            state["total"] = line.total
        return state

    def restore(self, saved: taken.Saved, now: Instant) -> None:
        """Go on where `saved` was made; raises ValueError if it is damaged: make another one then.

        Sources that are gone, or became of another kind, are dropped. New ones begin now.
        """
        total = None if saved.get("total") is None else taken.whole(saved, "total")
        speaker = taken.text(saved, "speaker")
        booked = None if saved.get("booked") is None else taken.seconds(saved, "booked")
        sources = taken.table(saved, "sources")
        for source, line in self._lines.items():
            entry = taken.table(sources, source) if source in sources else {}
            if entry.get("kind") == type(line.counter).__name__:
                self._restore_line(line, entry, total, now)
        if total is not None:
            self.total = total
            self._speaker = speaker if speaker in self._lines else None
            if booked is not None:
                self._booked = Seen(total, Instant(now.mono, booked), restored=True)

    @staticmethod
    def _restore_line(line: _Line, entry: taken.Saved, total: int | None, now: Instant) -> None:
        if isinstance(line.counter, Register):
            line.counter.restore(taken.table(entry, "counter"), now)
        else:
            line.counter.restore(taken.table(entry, "counter"))
        line.mark = taken.whole(entry, "mark") if "mark" in entry else line.counter.counted
        line.total = total
        if "total" in entry:
            line.total = None if entry["total"] is None else taken.whole(entry, "total")
        if line.mark > line.counter.counted:
            raise ValueError(f"saved state: mark is {line.mark}, more than was counted")
        # Else the next booking of another source would take it for a new reading.
        line.read = line.counter.accepted
        line.breaks = line.counter.breaks
