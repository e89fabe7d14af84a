"""Records of several boards that belong together."""

from collections.abc import Iterable
from typing import NamedTuple

from submeter.meter.instant import Instant
from submeter.sources.rp2040.share import Share

LONGEST = 2.0  # s; each board sends a record a second


class Round(NamedTuple):
    """One record of each board at most, by its phase; `whole` where it is one of each.

    `at` is when the last of them came.
    """

    shares: dict[str, Share]
    whole: bool
    at: Instant


class Rounds:
    """Puts records of `boards` into rounds.

    A round ends with the last board that was awaited. Where one sends its next record before, or
    LONGEST s have passed, the round ends without those that are missing: what is old is not mixed
    with what is new.
    """

    def __init__(self, boards: Iterable[str]) -> None:
        self._boards = tuple(sorted(boards))
        self._open: dict[str, tuple[Share, Instant]] = {}

    def take(self, board: str, share: Share, at: Instant) -> Round | None:
        """Return the round that this record of `board` ends, None if none."""
        begun = min((since.mono for _, since in self._open.values()), default=at.mono)
        ended = None
        if board in self._open or at.mono - begun > LONGEST:
            ended = self._end()
        self._open[board] = share, at
        return ended if len(self._open) < len(self._boards) else self._end()

    def _end(self) -> Round:
        found, self._open = self._open, {}
        shares = {board: found[board][0] for board in self._boards if board in found}
        at = max((at for _, at in found.values()), key=_mono)
        return Round(shares, len(shares) == len(self._boards), at)


def _mono(at: Instant) -> float:
    return at.mono
