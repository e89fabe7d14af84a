"""Our own answers, which some adapters let us hear."""

import logging
from collections import deque

from submeter.modbus.rtu import frames

_log = logging.getLogger(__name__)

AGAIN = 1.0
"""Seconds within which a master repeats what got no answer."""
LATEST = 0.5
"""Seconds after which a copy is no echo, unless the adapter is known to have one."""
RUN = 16
"""Copies that are answered one after another before one is passed over, to see that it is asked."""
_MORE = 4  # times as many, each time that it was
_RECENT = 8


class Echo:
    """Knows the copy of what was sent last: the answer to a write looks like the request.

    With `expected` the adapter is known to do this: the first copy of an answer is its echo,
    however late. Without, that is so once an answer that can be no request was heard, and of a copy
    that is over before a request could be. Otherwise the first copy before LATEST is passed over. A
    master repeats what got no answer, within AGAIN: that says that there is no echo, and so does
    any other frame right after an answer. Even then not more than RUN copies in a row are taken for
    requests, at first, for an answer to an echo has an echo again. Times are in seconds; `where` is
    for the log.
    """

    def __init__(self, expected: bool, where: str) -> None:
        self._where = where
        self._certain = expected
        self._absent: bool | None = None
        self._sent = b""
        self._soonest = 0.0
        self._awaited = False  # nothing was heard since
        self._passed: float | None = None  # when a copy was passed over
        self._copies = 0
        self._run = RUN
        self._recent: deque[bytes] = deque(maxlen=_RECENT)

    def sent(self, frame: bytes, soonest: float) -> None:
        """Note that `frame` is sent; as long a request, t3.5 after it, is over at `soonest`."""
        self._sent = frame
        self._soonest = soonest
        self._awaited = True
        self._recent.append(frame)

    def takes(self, frame: bytes, over: float) -> bool:
        """Tell whether `frame`, which was `over` then, is the copy of what was sent."""
        awaited, self._awaited = self._awaited, False
        if frame in self._recent and frames.is_answer(frame):
            self._prove()
            return True
        if frame != self._sent:
            self._absent = True if awaited else self._absent
            self._passed = None
            self._copies = 0
            return False
        if not awaited:
            self._repeated(over)
            return False
        if self._certain or over < self._soonest:
            return True
        return over < self._soonest + LATEST and self._passes_over(over)

    def _prove(self) -> None:
        if not self._certain:
            _log.warning("event=rtu_echo where=%s set=modbus.rtu.echo", self._where)
        self._certain = True

    def _passes_over(self, over: float) -> bool:
        """Tell whether a copy that may be a request is not to be answered."""
        self._copies += 1
        if self._absent and self._copies < self._run:
            return False
        self._passed = over
        return True

    def _repeated(self, over: float) -> None:
        """Learn from a copy that follows one: an echo comes once."""
        if self._passed is None or self._absent is False:
            return
        asked = over - self._passed <= AGAIN
        if self._absent:
            self._run *= _MORE
            self._absent = asked
        elif asked:
            self._absent = True
        self._passed = None
        self._copies = 0
