"""Tells dips and swells of the voltage, and whether there is mains, from piece to piece."""

_MEMORY = 128  # cycles of the mean that the voltage is compared with
_SETTLED = 50  # cycles before it is
_CYCLES = 2  # that follow one another are mains
_LONGEST = 60  # s of a dip; what lasts longer is how the mains is now

# Squares of 90, 110, 92 and 108 %, in 1/10000.
_LOW, _HIGH = 8100, 12100
_LOW_OVER, _HIGH_OVER = 8464, 11664


class Events:
    """Follows the pieces of core/cycles.py.

    `tell(kind, frames, values)` is called for each event, with how many frames ago it began and
    the further pairs of the line `$E`.
    """

    def __init__(self, rate, tell):
        self.mains = False
        self._tell = tell
        self._patience = rate // 10  # frames without a cycle, that are no mains
        self._longest = _LONGEST * rate * 4096
        self._lost = False
        self.begin()

    def begin(self):
        """Start with pieces that follow no others: what was not over is forgotten."""
        self._quiet = 0
        self._followed = 0
        self._reference = 0
        self._known = 0  # cycles in the reference, at most _MEMORY
        self._kind = ""  # of what goes on
        self._worst = 0
        self._length = 0

    def piece(self, frames, length, square):
        """Take in a piece; arguments as those of `hear` of Cycles."""
        if length:
            self._follow(square)
        else:
            self._miss(frames, square)
        if self.mains and square is not None:
            self._judge(frames, length or 4096 * frames, square, bool(length))

    def _follow(self, square):
        self._quiet = 0
        self._followed += 1
        if self.mains or self._followed < _CYCLES:
            return
        self.mains = True
        if self._lost and square is not None:
            self._tell("back", 0, ())
        self._lost = False

    def _miss(self, frames, square):
        self._followed = 0
        self._quiet += frames
        if not self.mains or self._quiet < self._patience:
            return
        self.mains = False
        self._lost = True
        self._kind = ""  # an interruption is told as such
        if square is not None:
            self._tell("lost", self._quiet, ())

    def _judge(self, frames, length, square, cycle):
        if self._kind:
            self._go_on(frames, length, square)
        elif self._known >= _SETTLED and self._leaves(square):
            self._worst = square
            self._length = length
        elif cycle:
            self._known = min(self._known + 1, _MEMORY)
            self._reference += (square - self._reference) // self._known

    def _leaves(self, square):
        if square * 10000 < self._reference * _LOW:
            self._kind = "dip"
        elif square * 10000 > self._reference * _HIGH:
            self._kind = "swell"
        return self._kind

    def _go_on(self, frames, length, square):
        """Follow a dip or swell until it is over."""
        if self._kind == "dip":
            over = square * 10000 >= self._reference * _LOW_OVER
            self._worst = min(self._worst, square)
        else:
            over = square * 10000 <= self._reference * _HIGH_OVER
            self._worst = max(self._worst, square)
        if not over and self._length < self._longest:
            self._length += length
            return
        began = self._length // 4096 + frames
        values = (("v", self._worst), ("r", self._reference), ("d", self._length))
        self._tell(self._kind, began, values)
        self._kind = ""
        if not over:
            self._known = 0
