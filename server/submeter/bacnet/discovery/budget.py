"""How many answers the devices of one wire give to those who broadcast questions."""

import asyncio
import logging

_log = logging.getLogger(__name__)

BURST = 40
BURST_OF_DEVICE = 2  # more, for each device: all of them answer a global question, and a repetition
BURST_OF_NAMES = 200  # a client that binds the points of some meters by their names asks for each
RATE = 20  # a second, or as many as there are devices
CALM = 10.0  # s without a dropped question, after which a flood is over


class Bucket:
    """So many answers at once, and so many more each second; `name` stands in the log."""

    def __init__(self, name: str, burst: int, rate: int) -> None:
        self._name = name
        self._burst = burst
        self._rate = rate
        self._left = float(burst)
        self._filled = float("-inf")
        self._dropped = 0
        self._dropped_at = 0.0
        self._watch: asyncio.TimerHandle | None = None

    def grant(self) -> bool:
        """Tell whether to answer one more question."""
        now = asyncio.get_running_loop().time()
        self._left = min(self._burst, self._left + (now - self._filled) * self._rate)
        self._filled = now
        if self._left < 1:
            self._drop(now)
            return False
        self._left -= 1
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
            _log.warning("event=discovery_flood %s", self._name)
            self._look_again(CALM)

    def _look_again(self, seconds: float) -> None:
        self._watch = asyncio.get_running_loop().call_later(seconds, self._look)

    def _look(self) -> None:
        calm = asyncio.get_running_loop().time() - self._dropped_at
        if calm < CALM:
            self._look_again(CALM - calm)
            return
        self._watch = None
        _log.info("event=discovery_flood_over %s dropped=%d", self._name, self._dropped)
        self._dropped = 0


class Budget:
    """What the `devices` that stand on one wire may answer together; `where` stands in the log."""

    def __init__(self, where: str, devices: int = 1) -> None:
        more, rate = BURST_OF_DEVICE * devices, max(RATE, devices)
        self.who_is = Bucket(f"where={where} service=who-is", BURST + more, rate)
        self.who_has = Bucket(f"where={where} service=who-has", BURST_OF_NAMES + more, rate)

    def close(self) -> None:
        """Stop the clocks; may be called again."""
        self.who_is.close()
        self.who_has.close()
