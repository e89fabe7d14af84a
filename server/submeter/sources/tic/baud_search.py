"""The search for the baud rate of a TIC line: 9600 in standard mode, 1200 in historique."""

from submeter.errors import LinkError
from submeter.sources.port import Line, Port

BAUDRATES = (9600, 1200)
DEAF = 5.0  # s without a valid group at one baud rate
QUIET = 1.0  # s between bytes, on a line that was understood before
SILENCE = 60.0  # s without anything valid: the adapter or the converter hangs, open it again


class BaudSearch:
    """Changes the baud rate of a device node while nothing that is TIC is heard.

    With `auto` false, or on another port, it only watches. Raises LinkError once nothing valid came
    for SILENCE.
    """

    def __init__(self, port: Port, auto: bool) -> None:
        self._port = port
        self._auto = auto and port.tunable
        self._since = self._last_valid = self._called = port.elapsed()
        self._good = 0
        self._turn = 0

    def patience(self, good: int) -> float:
        """Return how many seconds to wait for bytes, after `good` valid groups."""
        return DEAF if self._auto and not good else SILENCE

    async def heard(self, good: int) -> None:
        """Take the total of valid groups so far, and try the next baud rate if it stands still."""
        now = self._port.elapsed()
        if self._good and now - self._called > QUIET:
            self._since += now - self._called  # nothing came, so nothing was misunderstood
        self._called = now
        if good != self._good:
            self._good, self._since, self._last_valid = good, now, now
        elif now - self._last_valid > SILENCE:
            raise LinkError(f"no valid TIC for {SILENCE:.0f} s; check wiring, baudrate and format")
        elif self._auto and now - self._since > DEAF:
            self._turn += 1
            self._since = now
            await self._port.retune(Line(BAUDRATES[self._turn % len(BAUDRATES)], "7E1"))
