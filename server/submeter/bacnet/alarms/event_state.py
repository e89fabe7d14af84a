"""The event state of an object that reports changes of state (ASHRAE 135, 13.2.2 and 13.3.2)."""

from collections.abc import Iterator
from enum import IntEnum
from typing import NamedTuple

from submeter.bacnet.objects import quality
from submeter.bacnet.objects.quality import NO_FAULT


class EventState(IntEnum):
    """BACnetEventState, those of a two-state object."""

    NORMAL = quality.NORMAL
    FAULT = quality.FAULT
    OFFNORMAL = 2

    @property
    def transition(self) -> int:
        """Where the transition to it stands in arrays and bits: to-offnormal, -fault, -normal."""
        return {EventState.OFFNORMAL: 0, EventState.FAULT: 1, EventState.NORMAL: 2}[self]


class Change(NamedTuple):
    """A transition from one event state to another, or from one fault to the next."""

    before: EventState
    after: EventState

    @property
    def of_reliability(self) -> bool:
        """Whether it is told as CHANGE_OF_RELIABILITY (135, 13.2.5.3), not as CHANGE_OF_STATE."""
        return EventState.FAULT in self


class StateMachine:
    """Fault detection, and the algorithm CHANGE_OF_STATE with one alarm value.

    `before` is the state of the last transition, which may have been one of an earlier run. A state
    has to last `delay` seconds, in both directions; a fault does not. Until the object was reliable
    once its state is fault, but that is no transition: before the first frame of an instrument all
    are unreliable. The first reliable input then is followed by what is missing since `before`. One
    that is in alarm from the beginning, and was not before, has to stay so for `settling` seconds,
    as a communication status is while the first frame is awaited.
    """

    __slots__ = ("_before", "_delay", "_reliability", "_settling", "deadline", "state")

    def __init__(
        self, delay: float, settling: float, before: EventState = EventState.NORMAL
    ) -> None:
        self.state = before
        self.deadline: float | None = None
        """The moment at which `take` is to be called again, though nothing has changed."""
        self._before = before
        self._delay = delay
        self._settling = settling
        self._reliability: int | None = None  # None: never reliable so far

    def take(self, alarm: bool, reliability: int, now: float) -> list[Change]:
        """Return the transitions, in order, that the inputs cause at `now`, in monotonic s."""
        if self._reliability is None:
            self.state = self._before if reliability == NO_FAULT else EventState.FAULT
            if reliability != NO_FAULT:
                return []
        changes = list(self._changes(alarm, reliability, now))
        self._reliability = reliability
        return changes

    def _changes(self, alarm: bool, reliability: int, now: float) -> Iterator[Change]:
        if reliability != NO_FAULT:
            self.deadline = None
            if reliability != self._reliability:
                yield self._enter(EventState.FAULT)
            return
        if self.state is EventState.FAULT:
            yield self._enter(EventState.NORMAL)
        wanted = EventState.OFFNORMAL if alarm else EventState.NORMAL
        if wanted is self.state:
            self.deadline = None
            return
        if self.deadline is None:
            settles = alarm and self._reliability is None
            self.deadline = now + (max(self._delay, self._settling) if settles else self._delay)
        if now >= self.deadline:
            self.deadline = None
            yield self._enter(wanted)

    def _enter(self, state: EventState) -> Change:
        change = Change(self.state, state)
        self.state = state
        return change
