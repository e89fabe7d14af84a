"""What a TIC line says at one setting of it, for somebody who looks for the right one."""

from submeter.sources.tic.baud_search import BAUDRATES
from submeter.sources.tic.decoder import Decoder, Mode

__all__ = ["BAUDRATES", "TicProbe"]

_IDENTITIES = {"ADSC", "ADCO", "ADS"}
_MOST_LABELS = 200  # standard mode has about 90; more are damage


class TicProbe:
    """Listens to the bytes of a line, all in the same setting.

    One setting is right if `good` grows: a checksum is right by chance once in 64 times, so a few
    are no proof while `bad` grows as well. `labels` are those heard, with their last data (and the
    time stamp, if there is one, before it).
    """

    def __init__(self) -> None:
        self.labels: dict[str, str] = {}
        self.meter: str | None = None
        """The meter's serial number, None if it has not said it."""
        self.frames = 0
        """Frames that came whole."""
        self._decoder = Decoder()

    @property
    def good(self) -> int:
        """Valid groups so far."""
        return self._decoder.good

    @property
    def bad(self) -> int:
        """Damaged groups so far."""
        return self._decoder.bad

    @property
    def mode(self) -> Mode | None:
        """The mode of the last valid group, None before the first."""
        return self._decoder.mode

    @property
    def error_rate(self) -> float:
        """The share of damaged groups, 0 to 1; 1 if nothing was understood."""
        return self.bad / (self.good + self.bad) if self.good else 1.0

    def feed(self, data: bytes) -> None:
        """Take in the next bytes; raises nothing."""
        for frame in self._decoder.feed(data):
            self.frames += frame.whole
            for group in frame.groups:
                if group.label in self.labels or len(self.labels) < _MOST_LABELS:
                    stamp = f"{group.horodate} " if group.horodate else ""
                    self.labels[group.label] = f"{stamp}{group.data}".rstrip()
                if group.label in _IDENTITIES:
                    self.meter = group.data
