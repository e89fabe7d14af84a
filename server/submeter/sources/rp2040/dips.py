"""Dips and swells of the voltage at one board: counted, and told in the log."""

import logging
import math
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from submeter.errors import FrameError
from submeter.sources.rp2040 import checked
from submeter.sources.rp2040.identity import Identity

QUIET = 60.0  # s between two lines of the log on dips and swells
_LONGEST = 1 << 40  # 1/4096 frames, half a day

_MESSAGES = {
    "dip": "event=voltage_dip source=%s volts=%.1f ms=%.0f",
    "swell": "event=voltage_swell source=%s volts=%.1f ms=%.0f",
}

_log = logging.getLogger(__name__)


class Swing(NamedTuple):
    """A `dip` or `swell`: the worst root mean square of a cycle, in codes, and how long it was."""

    kind: Literal["dip", "swell"]
    codes: float
    seconds: float


def swing(identity: Identity, content: Mapping[str, Any]) -> Swing | None:
    """Return the dip or swell of an `$E` of docs/board-lines.md; None if it is neither."""
    kind = content.get("k")
    if kind not in ("dip", "swell"):
        return None
    try:
        square = checked.whole(content, "v", 0, 16 * identity.span**2) / 16
        frames = checked.whole(content, "d", 0, _LONGEST) / 4096
    except FrameError:
        return None
    return Swing(kind, math.sqrt(square), frames / identity.rate)


class SwingLog:
    """Tells the log of the dips and swells of a source, in one line a minute at most."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._told = -math.inf  # monotonic s
        self._untold = 0

    def tell(self, swing: Swing, volts: float, now: float) -> None:
        """Tell of one, unless the last line is too young; `now` is in monotonic s."""
        if now - self._told < QUIET:
            self._untold += 1
            return
        self._told = now
        _log.warning(_MESSAGES[swing.kind], self._source, volts, swing.seconds * 1000)

    def settle(self, now: float) -> None:
        """Tell how many more there were, once the last line is old enough."""
        if self._untold and now - self._told >= QUIET:
            message = "event=voltage_unsteady source=%s more=%d"
            _log.warning(message, self._source, self._untold)
            self._told, self._untold = now, 0
