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
from submeter.bacnet.alarms.policy import Policy
from submeter.bacnet.fault import INVALID_EVENT_STATE, INVALID_TIME_STAMP, Fault
from submeter.bacnet.objects.point import PointObject
from submeter.bacnet.objects.served import PRESENT_VALUE, STATUS_FLAGS, ServedObject

SETTLING = 30.0  # s


class Alarm:
    """Follows `entry`, whose map entry has an alarm state, and keeps its event properties.

    `tell` gets the transition, 0 to-offnormal, 1 to-fault, 2 to-normal, and the event of each that
    is enabled, once the object shows it. The object's other listeners hear of a new event state
    together with what caused it. Until `start` the state is NORMAL.
    """

    __slots__ = ("_machine", "_on", "_policy", "_shown", "_tell", "_timer", "entry")

    def __init__(
        self,
        entry: PointObject,
        policy: Policy,
        tell: Callable[[int, Event], None],
        settling: float = SETTLING,
    ) -> None:
        assert entry.entry.alarm is not None
        self.entry = entry
        self._policy = policy
        self._tell = tell
        self._on = list(entry.entry.point.states).index(entry.entry.alarm)
        self._machine = StateMachine(policy.delay, settling)
        self._shown = EventProperties(entry, policy, self._on)
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Follow the object from now on; needs a running event loop."""
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
    def acked(self) -> tuple[bool, ...]:
        """Which transitions need no acknowledgement, or have it."""
        return self._shown.acked

    @property
    def stamps(self) -> tuple[bytes, ...]:
        """The time of the last transition of each kind, as BACnetTimeStamp."""
        return self._shown.stamps

    def acknowledge(self, state: int, stamp: bytes) -> Fault | Event | None:
        """Take note that somebody has seen the transition to `state` at `stamp` (135, 13.5).

        Returns the notification of that, None if it was known already, or why it cannot be.
        """
        if state not in list(EventState):
            return INVALID_EVENT_STATE
        seen = EventState(state)
        which = seen.transition
        if stamp != self.stamps[which]:
            # The stamp of another transition is a good one: then the state is wrong.
            return INVALID_EVENT_STATE if stamp in self.stamps else INVALID_TIME_STAMP
        if self.acked[which]:
            return None
        self._shown.acknowledge(which)
        self.entry.changed()
        priority, kind = self._policy.priorities[which], self._shown.types[which]
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
        if self._policy.enabled[which]:
            self._tell(which, event)

    def _values(self, change: Change) -> bytes:
        """Return the event values: what the object shows now."""
        entry = self.entry
        status_flags = entry.read(STATUS_FLAGS)
        assert isinstance(status_flags, bytes)
        bits = status_flags[1:]  # below another tag, so without the application tag's octet
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


def _stamp() -> bytes:
    return encoding.enclosed(2, clock.date_time(clock.now()))
