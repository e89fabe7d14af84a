"""States that may come and go without end: told when they begin, and when they are really over."""

import logging
from collections.abc import Callable

from submeter.meter.instant import Instant

_log = logging.getLogger(__name__)

QUIET = 60.0
"""Seconds that a state has to be over before that is told; what begins again sooner goes on."""


class ToldOnce:
    """States of one kind: the log says `event` when one begins, `over` when it is over for QUIET.

    However often they come and go there are at most two lines a minute of each.
    """

    def __init__(self, event: str, over: str, clock: Callable[[], Instant] = Instant.now) -> None:
        self._event = event
        self._over = over
        self._clock = clock
        # By what the log says of each: since when it is over (monotonic), None while it is not.
        self._ends: dict[str, float | None] = {}

    def change(self, detail: str, lasts: bool) -> None:
        """Note that the state that the log calls `detail`, key=value, begins or ends."""
        if lasts and detail not in self._ends:
            _log.warning("event=%s %s", self._event, detail)
        if lasts:
            self._ends[detail] = None
        elif self._ends.get(detail, 0.0) is None:
            self._ends[detail] = self._clock().mono

    def tick(self) -> None:
        """Tell what is over by now; to be called often, it costs nothing while nothing lasts."""
        if not self._ends:
            return
        now = self._clock().mono
        for detail, end in list(self._ends.items()):
            if end is not None and now - end >= QUIET:
                del self._ends[detail]
                _log.info("event=%s %s", self._over, detail)
