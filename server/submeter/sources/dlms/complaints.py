"""What the log is told of messages that cannot be used: each kind of trouble once."""

import logging
import time
from collections.abc import Callable

from submeter.errors import Condition

QUIET = 60.0
MANY = 10
"""Seconds and good messages without a trouble of a kind after which the next one is told again."""

_log = logging.getLogger(__name__)


class Complaints:
    """The troubles of the source called `name`; `clock` gives seconds that only grow.

    Troubles that take turns, or come and go with good messages between, are told once each.
    """

    def __init__(self, name: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._name = name
        self._clock = clock
        self._good = 0
        self._last: dict[Condition, tuple[float, int]] = {}

    def good(self) -> None:
        """Take that a message was good."""
        self._good += 1

    def tell(self, trouble: Condition, reason: str) -> None:
        """Tell a trouble, unless it lasts or was there a moment ago."""
        now = self._clock()
        last, good = self._last.get(trouble, (now - QUIET, self._good - MANY))
        self._last[trouble] = now, self._good
        if now - last >= QUIET and self._good - good >= MANY:
            _log.warning('event=dlms_trouble source=%s reason="%s"', self._name, reason)
