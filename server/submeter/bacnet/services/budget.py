"""How many answers a device gives in a second to those who broadcast questions."""

import asyncio
import logging
from collections.abc import Hashable

_log = logging.getLogger(__name__)

BURST = 20
RATE = 20.0  # a second
SAME = 0.1  # s within which the same question has been answered already
CALM = 10.0  # s without a dropped question, after which a flood is over


class Budget:
    """A bucket of BURST answers that RATE a second are poured into; `name` stands in the log."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._left = float(BURST)
        self._filled = float("-inf")
        self._last: Hashable = None
        self._last_at = float("-inf")
        self._dropped = 0
        self._dropped_at = 0.0
        self._watch: asyncio.TimerHandle | None = None

    def grant(self, question: Hashable) -> bool:
        """Tell whether to answer `question`, which names the asker, too.

        The one that was answered last is not answered again within SAME seconds: clients and their
        routers repeat themselves, and one who does nothing else leaves answers for the others.
        """
        now = asyncio.get_running_loop().time()
        if question == self._last and now - self._last_at < SAME:
            return False
        self._left = min(BURST, self._left + (now - self._filled) * RATE)
        self._filled = now
        if self._left < 1:
            self._drop(now)
            return False
        self._left -= 1
        self._last, self._last_at = question, now
        return True

    def close(self) -> None:
        """Stop the clock that tells the end of a flood."""
        if self._watch:
            self._watch.cancel()
            self._watch = None

    def _drop(self, now: float) -> None:
        self._dropped += 1
        self._dropped_at = now
        if self._watch is None:
            _log.warning("event=discovery_flood device=%s", self._name)
            self._look_again(CALM)

    def _look_again(self, seconds: float) -> None:
        self._watch = asyncio.get_running_loop().call_later(seconds, self._look)

    def _look(self) -> None:
        calm = asyncio.get_running_loop().time() - self._dropped_at
        if calm < CALM:
            self._look_again(CALM - calm)
            return
        self._watch = None
        _log.info("event=discovery_flood_over device=%s dropped=%d", self._name, self._dropped)
        self._dropped = 0
