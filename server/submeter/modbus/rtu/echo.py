"""Our own answers, which some adapters let us hear."""

import logging

from submeter.modbus.rtu import frames

_log = logging.getLogger(__name__)

HELD_BACK = 0.02
"""Seconds that an adapter may hold back an echo that it is not known to have."""
NEAR = 0.3
"""Seconds after an answer within which not more than COPIES of it are answered."""
COPIES = 3


class Echo:
    """Knows the copy of what was sent last: the answer to a write looks like the request.

    Where an echo is certain, as `expected` or because an answer that can be no request was heard,
    the first copy is the echo, however late, unless another frame came before it. Elsewhere it is
    one if it is over before a request could be, or HELD_BACK later as long as no other frame came
    right after an answer, which shows that there is no echo. Until that is shown an answer to a
    later echo would have an echo again: hence COPIES. Times are in seconds; `where` is for the log.
    """

    def __init__(self, expected: bool, where: str) -> None:
        self._where = where
        self._certain = expected
        self._absent = False
        self._sent = b""
        self._soonest = 0.0
        self._awaited = False  # nothing was heard since
        self._copies = 0

    def sent(self, frame: bytes, soonest: float) -> None:
        """Note that `frame` is sent; as long a request, t3.5 after it, is over at `soonest`."""
        self._sent = frame
        self._soonest = soonest
        self._awaited = True

    def takes(self, frame: bytes, over: float) -> bool:
        """Tell whether `frame`, which was `over` then, is the copy of what was sent."""
        awaited, self._awaited = self._awaited, False
        if frame != self._sent:
            self._absent |= awaited
            self._copies = 0
            return False
        if frames.is_answer(frame):
            self._prove()
            return True
        if self._certain:
            return awaited
        if awaited and over < self._soonest + (0.0 if self._absent else HELD_BACK):
            return True
        return not self._absent and self._too_many(over)

    def _prove(self) -> None:
        if not self._certain:
            _log.warning("event=rtu_echo where=%s set=modbus.rtu.echo", self._where)
        self._certain = True

    def _too_many(self, over: float) -> bool:
        """Count a copy that may be a request; tell whether too many followed each other closely."""
        if over >= self._soonest + NEAR:
            self._copies = 0
            return False
        self._copies += 1
        return self._copies > COPIES
