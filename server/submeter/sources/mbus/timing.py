"""How long to wait for whom on the line (EN 13757-2, 5.5)."""

from typing import NamedTuple

from submeter.sources.mbus.link import LONGEST
from submeter.sources.port import Line

_LONGEST_REPLY = 330  # bit times from a request to its answer, and:
_MORE_REPLY = 0.05
_PATIENCE = 1.5  # times what the standard allows: meters and adapters are late
_REMOTE = 1.0  # s that a TCP converter may take at least
_GAP = 33  # bit times of silence that end an answer
_LOCAL_GAP, _REMOTE_GAP = 0.05, 0.3  # s that adapters may hold bytes back
_PAUSE = 33  # bit times before the next request
_SHORTEST_PAUSE = 0.02
_BEYOND = 5.0  # s that an attempt may cost beyond those of one that nobody answers


class Timing(NamedTuple):
    """Seconds of waiting: for the first byte of an answer, within it, and before a request.

    `byte` is how long one byte takes on the line.
    """

    window: float
    gap: float
    pause: float
    byte: float = 0.0
    retries: int = 2

    @property
    def in_vain(self) -> float:
        """How long requests of one attempt may take that bring nothing."""
        return (2 + self.retries) * self.window + _BEYOND

    @property
    def longest(self) -> float:
        """How long an answer may go on; an answer and its double are no noise."""
        answer = LONGEST * self.byte
        return answer + min(answer + 4 * self.gap, _BEYOND)


def of(
    line: Line, *, remote: bool, retries: int = 2, window: float | None = None, pause: float = 0.0
) -> Timing:
    """Return what fits `line`; `remote` is one behind a network.

    `window` and `pause` are wishes: the window instead of the standard's, the pause if it is
    longer.
    """
    bit = 1 / line.baudrate
    standard = _PATIENCE * (_LONGEST_REPLY * bit + _MORE_REPLY)
    return Timing(
        window or (max(_REMOTE, standard) if remote else standard),
        max(_GAP * bit, _REMOTE_GAP if remote else _LOCAL_GAP),
        max(_PAUSE * bit, _SHORTEST_PAUSE, pause),
        line.bits * bit,
        retries,
    )
