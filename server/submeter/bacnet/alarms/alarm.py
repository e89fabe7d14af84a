"""The alarm of one point: its object reports the changes of its event state."""

import asyncio
import time
from collections.abc import Callable

from submeter.bacnet import clock, encoding
from submeter.bacnet.alarms import wording
from submeter.bacnet.alarms.event import (
    Event,
    change_of_reliability,
    change_of_state,
    event_type,
)
from submeter.bacnet.alarms.event_properties import EventProperties
from submeter.bacnet.alarms.event_state import Change, EventState, StateMachine
from submeter.bacnet.alarms.past import NO_EVENTS, UNSPECIFIED_STAMP, Past
from submeter.bacnet.alarms.policy import Policy
from submeter.bacnet.fault import INVALID_EVENT_STATE, INVALID_TIME_STAMP, Fault
from submeter.bacnet.objects import quality
from submeter.bacnet.objects.point import PointObject
from submeter.bacnet.objects.served import PRESENT_VALUE, ServedObject

SETTLING = 30.0  # s


class Alarm:
    """Follows `entry`, which is in alarm while its number is `on`, and keeps its event properties.

    `tell` gets the transition, 0 to-offnormal, 1 to-fault, 2 to-normal, and the event of each that
    is enabled, once the object shows it. The object's other listeners hear of a new event state
    together with what caused it. `past` is what was kept of an earlier run, and `remember` is
    called with every change of it.
    """

    __slots__ = ("_machine", "_on", "_policy", "_remember", "_shown", "_tell", "_timer", "entry")

    def __init__(
        self,
        entry: PointObject,
        on: int,
        policy: Policy,
        tell: Callable[[int, Event], None],
        settling: float = SETTLING,
        past: Past = NO_EVENTS,
        remember: Callable[[], None] = lambda: None,
    ) -> None:
        self.entry = entry
        self._on = on
        self._policy = policy
        self._tell = tell
        self._remember = remember
        self._machine = StateMachine(policy.delay, settling, past.state)
        self._shown = EventProperties(entry, policy, on, past)
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Follow the object from now on; needs a running event loop."""
        self.entry.reports_events = True
        self.entry.listeners = (self._changed, *self.entry.listeners)
        self.entry.changed()

    @property
    def identifier(self) -> bytes:
        """The four octets of the object's identifier."""
        return self.entry.identifier.to_bytes(4, "big")

    @property
    def state(self) -> EventState:
        """The event state that the object shows."""
        return self._machine.state

    @property
    def past(self) -> Past:
        """The events so far. A fault from the start on is none, though `state` is fault then."""
        return self._shown.past

    @property
    def acked(self) -> tuple[bool, ...]:
        """Which transitions need no acknowledgement, or have it."""
        return self.past.acked

    @property
    def stamps(self) -> tuple[bytes, ...]:
        """The time of the last transition of each kind, as BACnetTimeStamp."""
        return self.past.stamps

    def acknowledge(self, state: int, stamp: bytes) -> Fault | Event | None:
        """Take note that somebody has seen the transition to `state` at `stamp` (135, 13.5).

        Returns the notification of that, None if it was known already, or why it cannot be.
        """
        if state not in list(EventState):
            return INVALID_EVENT_STATE
        if stamp == UNSPECIFIED_STAMP:
            return INVALID_TIME_STAMP  # that of a transition that never was
        seen = EventState(state)
        which = seen.transition
        past = self.past
        if stamp != past.stamps[which]:
            # The stamp of another transition is a good one: then the state is wrong.
            return INVALID_EVENT_STATE if stamp in past.stamps else INVALID_TIME_STAMP
        if past.acked[which]:
            return None
        self._shown.acknowledge(which)
        self._remember()
        self.entry.changed()
        priority, kind = self._policy.priorities[which], past.types[which]
        return Event(self.identifier, _stamp(), priority, kind, seen)

    def close(self) -> None:
        """Follow the object no longer."""
        self._stop_timer()
        others = (each for each in self.entry.listeners if each != self._changed)
        self.entry.listeners = tuple(others)

    def _changed(self, _: ServedObject) -> None:
        self._evaluate(time.monotonic())

    def _expired(self, deadline: float) -> None:
        """Evaluate again, though the event loop may be early by a clock tick."""
        self._timer = None
        if self._evaluate(max(deadline, time.monotonic())):
            self.entry.changed()

    def _evaluate(self, now: float) -> bool:
        """Make the transitions that are due, and tell whether there were any."""
        before = self._machine.deadline
        alarm = self.entry.number == self._on
        changes = self._machine.take(alarm, self.entry.reliability, now)
        for change in changes:
            self._enter(change)
        if self.entry.event_state != self._machine.state:
            self.entry.show_event_state(self._machine.state)
        if self._machine.deadline != before:
            self._set_timer(now)
        return bool(changes)

    def _enter(self, change: Change) -> None:
        which = change.after.transition
        self.entry.show_event_state(change.after)
        event = Event(
            self.identifier,
            _stamp(),
            self._policy.priorities[which],
            event_type(change),
            change.after,
            change.before,
            wording.of(self.entry, change),
            self._policy.acknowledge[which],
            self._values(change),
        )
        self._shown.enter(which, event)
        self._remember()
        if self._policy.enabled[which]:
            self._tell(which, event)

    def _values(self, change: Change) -> bytes:
        """Return the event values: what the object shows now."""
        entry = self.entry
        # Below another tag, so without the octet of the application tag.
        bits = quality.status_flags(entry.event_state, entry.reliability)[1:]
        if change.of_reliability:
            return change_of_reliability(entry.reliability, bits, entry.read(PRESENT_VALUE))
        return change_of_state(int(entry.number or 0), bits)

    def _set_timer(self, now: float) -> None:
        self._stop_timer()
        if (deadline := self._machine.deadline) is not None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(deadline - now, self._expired, deadline)

    def _stop_timer(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None


def alarm_number(entry: PointObject) -> int | None:
    """Return the number that `entry` has while it is in alarm, None if it never is."""
    mapped = entry.entry
    return None if mapped.alarm is None else list(mapped.point.states).index(mapped.alarm)


def _stamp() -> bytes:
    return encoding.enclosed(2, clock.date_time(clock.now()))
