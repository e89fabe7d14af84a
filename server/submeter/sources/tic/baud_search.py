"""The search for the baud rate of a TIC line, by what is understood at it."""

from submeter.errors import Condition, LinkError
from submeter.sources.port import Line, Port

BAUDRATES = (9600, 1200, 19200, 4800, 2400)
"""Standard mode, historique mode, then those of PME-PMI meters; a module may use any of them."""
DEAF = 5.0  # s without a valid group at a baud rate that was right
TRIAL = 3.0  # s without one at a baud rate that is tried
QUIET = 1.0  # s between bytes, on a line that was understood before
SILENCE = 60.0  # s without anything valid: the adapter or the converter hangs, open it again


class BaudSearch:
    """Changes the baud rate of a port while nothing that is TIC is heard.

    With `auto` false, or on a port without a baud rate, it only watches. `line` is how the port is
    set. Raises LinkError once nothing valid came for SILENCE.
    """

    def __init__(self, port: Port, line: Line, auto: bool) -> None:
        self.line = line
        self._port = port
        self._auto = auto and port.tunable
        self._since = self._last_valid = self._called = port.elapsed()
        self._good = 0
        self._received = False  # bytes since the last valid group
        self._left: list[int] = []  # to try, before the one that was right comes again
        self._trying = True

    @property
    def deaf(self) -> bool:
        """Whether bytes come and nothing of them has been understood for a while."""
        return self._received and self._called - self._last_valid > DEAF

    def patience(self, good: int) -> float:
        """Return how many seconds to wait for bytes, after `good` valid groups."""
        return TRIAL if self._auto and not good else SILENCE

    async def heard(self, good: int, received: bool = True) -> None:
        """Take the total of valid groups so far, and try the next baud rate if it stands still.

        `received` tells whether bytes came at all.
        """
        now = self._port.elapsed()
        if self._good and now - self._called > QUIET:
            self._since += now - self._called  # nothing came, so nothing was misunderstood
        self._called = now
        self._received |= received
        if good != self._good:
            self._good, self._since, self._last_valid = good, now, now
            self._received, self._trying, self._left = False, False, []
        elif now - self._last_valid > SILENCE:
            raise self._lost()
        elif self._auto and now - self._since > (TRIAL if self._trying else DEAF):
            self._since, self._trying = now, True
            await self._try_next()

    async def _try_next(self) -> None:
        if not self._left:
            others = [rate for rate in BAUDRATES if rate != self.line.baudrate]
            self._left = [*others, self.line.baudrate]
        self.line = self.line._replace(baudrate=self._left.pop(0))
        await self._port.retune(self.line)

    def _lost(self) -> LinkError:
        if self._received:
            message = f"no valid TIC for {SILENCE:.0f} s; check wiring, baudrate and format"
            return LinkError(message, Condition.NOISE)
        return LinkError(f"nothing arrives; not a byte for {SILENCE:.0f} s", Condition.SILENT)
