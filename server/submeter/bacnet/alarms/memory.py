"""Keeps the events of one device, so that a restart loses none of them."""

import asyncio
import logging
from collections.abc import Callable, Mapping

from submeter.bacnet.alarms import past
from submeter.bacnet.alarms.past import NO_EVENTS, Past

PAUSE = 1.0  # s from one note to the next

_log = logging.getLogger(__name__)


class Memory:
    """The note `bacnet_events:<device>`: what was kept in `notes`, and what `keep` is to keep.

    `gather` returns all that there is to keep, by the name of the object. Without `keep` nothing
    is kept.
    """

    def __init__(
        self,
        device: int,
        notes: Mapping[str, str],
        keep: Callable[[str, str], None] | None,
        gather: Callable[[], Mapping[str, Past]],
    ) -> None:
        self._key = f"bacnet_events:{device}"
        self._kept = self._read(notes)
        self._keep = keep
        self._gather = gather
        self._timer: asyncio.TimerHandle | None = None
        self._noted = float("-inf")

    def of(self, name: str) -> Past:
        """Return what was kept of the object `name`."""
        return self._kept.get(name, NO_EVENTS)

    def changed(self) -> None:
        """Keep all anew, once what happens now is over; at most every PAUSE."""
        if self._keep and self._timer is None:
            loop = asyncio.get_running_loop()
            due = max(loop.time(), self._noted + PAUSE)
            self._timer = loop.call_at(due, self._note)

    def close(self) -> None:
        """Keep what is not kept yet."""
        if self._timer:
            self._timer.cancel()
            self._note()

    def _note(self) -> None:
        self._timer = None
        self._noted = asyncio.get_running_loop().time()
        if self._keep:
            self._keep(self._key, past.written(self._gather()))

    def _read(self, notes: Mapping[str, str]) -> dict[str, Past]:
        try:
            return past.read(notes.get(self._key, "{}"))
        except ValueError as error:
            _log.warning('event=bacnet_events_lost note=%s reason="%s"', self._key, error)
            return {}
