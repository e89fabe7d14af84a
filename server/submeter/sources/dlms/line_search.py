"""The search for speed and format of a line on which a meter pushes, in bursts with pauses."""

from submeter.errors import Condition, LinkError
from submeter.sources.port import Line, Port

LINES = (Line(2400, "8E1"), Line(9600, "8N1"), Line(115200, "8N1"))
"""Customer interfaces: wired M-Bus level, optical, and the ports of newer meters."""

PAUSE = 1.0  # s without a byte: the burst is over
FEW = 2  # bursts; the first may be one that had begun before
MANY = 10  # on a line that was understood before
FLOOD = 4096  # bytes without a valid frame, which are longer than any two frames


class LineSearch:
    """Tries the next of LINES when bursts come in which no frame is valid.

    With `auto` false, or on a port without a speed, it only watches. Raises LinkError with NOISE
    when nothing helps.
    """

    def __init__(self, port: Port, auto: bool) -> None:
        self._port = port
        self._auto = auto and port.tunable
        self._unheard = 0  # bytes since the last valid frame
        self._burst = False
        self._bursts = 0
        self._understood = False
        self._turn = 0

    def took(self, size: int, *, good: bool) -> None:
        """Take that `size` bytes came, and whether they completed a valid frame."""
        if good:
            self._unheard = self._bursts = 0
            self._burst, self._understood = False, True
            self._turn %= len(LINES)
        else:
            self._unheard += size
            self._burst = True

    async def tried(self, *, paused: bool) -> bool:
        """Go on to the next line if this one is not understood; True when it did.

        Call it when a pause began, and with `paused` false after every read.
        """
        if paused and self._burst:
            self._burst = False
            self._bursts += 1
        limit = MANY if self._understood or not self._auto else FEW
        if self._bursts < limit and self._unheard < FLOOD:
            return False
        if not self._auto or self._turn >= 2 * len(LINES):
            raise LinkError(
                "bytes come, and no frame is valid; check baudrate, format and wiring",
                Condition.NOISE,
            )
        self._turn += 1
        self._bursts = self._unheard = 0
        await self._port.retune(LINES[self._turn % len(LINES)])
        return True
