"""What a serial line has seen, as one unit on it counts it (V1.1b3, 6.8 to 6.10)."""

from collections import deque
from typing import NamedTuple

from submeter.modbus.exceptions import BUSY, NEGATIVE_ACKNOWLEDGE

MOST_EVENTS = 64
"""Events in the log of function 12 (V1.1b3, 6.10)."""

_RECEIVED, _ERROR, _OVERRUN, _LISTENS, _BROADCAST = 0x80, 0x02, 0x10, 0x20, 0x40
_SENT = 0x40
_SENT_CODES = {1: 0x01, 2: 0x01, 3: 0x01, 4: 0x02, 5: 0x04, 6: 0x04, 7: 0x08}
_ENTERED_LISTENING, _RESTARTED = 0x04, 0x00
_EVENT_COUNTER = 11


class Bus:
    """What befalls all units on a line, counted once however many they are.

    `messages` were heard, whoever they were for; `errors` could not be read, `overruns` of them
    because a character was lost; `broadcasts` nobody obeyed, `refused` of them for they may not be.
    """

    def __init__(self) -> None:
        self.messages = 0
        self.errors = 0
        self.overruns = 0
        self.broadcasts = 0
        self.refused = 0
        self._events: deque[int] = deque(maxlen=MOST_EVENTS)
        self._logged = 0

    def broken(self, overrun: bool) -> None:
        """Count a message that could not be read, because a character was overrun or otherwise."""
        self.errors += 1
        self.overruns += overrun
        self._log(_RECEIVED | _ERROR | (_OVERRUN if overrun else 0))

    def passed_over(self, refused: bool) -> None:
        """Count a broadcast that no unit obeys, because it is `refused` or no write at all."""
        self.broadcasts += 1
        self._log(_RECEIVED | _BROADCAST)
        if refused:
            self.refused += 1
            self._log(_SENT)

    def now(self) -> "_Seen":
        """Return all counts."""
        return _Seen(self.errors, self.overruns, self.broadcasts, self.refused, self._logged)

    def events(self, after: int) -> list[int]:
        """Return the latest events but the first `after`, oldest first."""
        new = min(self._logged - after, len(self._events))
        return [self._events[place] for place in reversed(range(new))]

    def _log(self, event: int) -> None:
        self._events.appendleft(event)
        self._logged += 1


class _Seen(NamedTuple):
    """How much of what befell the line a unit has counted."""

    errors: int
    overruns: int
    broadcasts: int
    refused: int
    logged: int


class Counters:
    """One unit's diagnostic counters, event log and listen-only mode.

    The counts have no end; function 8 shows the low 16 bits. `events` are those of the log, latest
    first. `messages` and `unanswered` count what was addressed to the unit, broadcasts too. What
    befalls the whole line is counted here when a message to the unit is `received`.
    """

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._seen = bus.now()
        self.listens_only = False
        self.events: deque[int] = deque(maxlen=MOST_EVENTS)
        self.clear()

    @property
    def bus_messages(self) -> int:
        """Messages heard on the line since the counters were cleared."""
        return self._bus.messages - self._before

    @property
    def register(self) -> int:
        """The diagnostic register: bit 0 a character was overrun, bit 1 a message was broken."""
        return bool(self.overruns) | bool(self.errors) << 1

    def clear(self) -> None:
        """Begin to count anew; the event log stays."""
        self._before = self._bus.messages
        self.errors = 0
        self.exceptions = 0
        self.messages = 0
        self.unanswered = 0
        self.refusals = 0
        self.busy = 0
        self.overruns = 0
        self.completed = 0

    def received(self, broadcast: bool = False) -> None:
        """Count a message to the unit, before anything is done about it."""
        self._catch_up()
        self.messages += 1
        self._log(_RECEIVED | (_BROADCAST if broadcast else 0))

    def done(self, function: int, reply: bytes | None, answered: bool = True) -> None:
        """Count what became of a message: `reply`, which was sent unless `answered` is False.

        None is a message without any outcome that could be told.
        """
        self.unanswered += reply is None or not answered
        event = _SENT
        if reply is not None and reply[0] & 0x80:
            code = reply[1]
            self.exceptions += 1
            self.refusals += code == NEGATIVE_ACKNOWLEDGE
            self.busy += code == BUSY
            event |= _SENT_CODES.get(code, 0) if answered else 0
        elif reply is not None and function != _EVENT_COUNTER:
            self.completed += 1
        self._log(event)

    def ignored(self) -> None:
        """Count a message that listen-only mode passes over."""
        self.unanswered += 1

    def restart(self, forget_events: bool) -> None:
        """Leave listen-only mode and begin to count anew (V1.1b3, 6.8.1, sub-function 1)."""
        self.listens_only = False
        self.clear()
        if forget_events:
            self.events.clear()
        self.events.appendleft(_RESTARTED)

    def listen(self) -> None:
        """Enter listen-only mode (V1.1b3, 6.8.1, sub-function 4)."""
        self.listens_only = True
        self.events.appendleft(_ENTERED_LISTENING)

    def _catch_up(self) -> None:
        before, now = self._seen, self._bus.now()
        if now == before:
            return
        self._seen = now
        self.errors += now.errors - before.errors
        self.overruns += now.overruns - before.overruns
        self.messages += now.broadcasts - before.broadcasts
        self.unanswered += now.broadcasts - before.broadcasts
        new = self._bus.events(before.logged)
        if self.listens_only:  # who refuses nothing
            self.events.extendleft(event | _LISTENS for event in new if event != _SENT)
        else:
            self.exceptions += now.refused - before.refused
            self.events.extendleft(new)

    def _log(self, event: int) -> None:
        self.events.appendleft(event | (_LISTENS if self.listens_only else 0))
