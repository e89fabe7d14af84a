"""What a board says of the pulses that it counts by itself.

Of the line `$S` two keys matter here: `b` names the run of the board since its last reset, `p`
lists how often each input closed in it, modulo 2**32. The unique number of the board is `uid` of
the same line, or of a line `$ID` whose `boot` names that run. A run is a whole number below 2**64
or a text, a board a text, each of 1 to 64 printable ASCII characters.
"""

import zlib
from collections.abc import Mapping
from typing import Any, NamedTuple

from submeter.errors import FrameError
from submeter.sources.board.said import Said

SPAN = 1 << 32
_MOST_INPUTS = 64
_LONGEST_NAME = 64
_RUNS = 1 << 64


class Record(NamedTuple):
    """What one line says: the run of the board, and how often each input closed in it.

    `uid` is the board, "" where it did not say.
    """

    boot: int
    counters: tuple[int, ...]
    uid: str = ""

    @property
    def run(self) -> int:
        """The run as one number of 64 bits: above the board, 0 if unknown, below its boot."""
        return ((zlib.crc32(self.uid.encode()) or 1) << 32 if self.uid else 0) | self.boot


def board_of(run: int) -> int:
    """Return what stands for the board in `run`, 0 if it is not known."""
    return run >> 32


def are_one(run: int, other: int) -> bool:
    """Tell whether both are one run, as far as is known."""
    boards = {board_of(run), board_of(other)} - {0}
    return len(boards) < 2 and run % SPAN == other % SPAN


class RecordReader:
    """Makes records of what a board says, one line after the other."""

    def __init__(self) -> None:
        self._named: tuple[int, str] | None = None  # a run, and its board

    def take(self, said: Said) -> Record | None:
        """Return the record that `said` is, None if it is something else.

        Raises FrameError if it should be a record, or a name of a board, and makes no sense.
        """
        if said.tag == "S":
            return self._record(said.content)
        if said.tag == "ID":
            self._named = _name(said.content)
        return None

    def _record(self, said: Mapping[str, Any]) -> Record:
        boot, counters = _boot(said.get("b")), _counters(said.get("p"))
        uid = said.get("uid", "")
        if boot is None or counters is None or not _is_name(uid):
            raise FrameError("a record without counters of a run")
        if not uid and self._named and self._named[0] == boot:
            uid = self._named[1]
        return Record(boot, counters, uid)


def _name(said: Mapping[str, Any]) -> tuple[int, str]:
    """Return a run and its board; raises FrameError."""
    boot, uid = _boot(said.get("boot")), said.get("uid")
    if boot is None or not uid or not _is_name(uid):
        raise FrameError("a name of no run or of no board")
    return boot, uid


def _boot(said: Any) -> int | None:
    number = type(said) is int and 0 <= said < _RUNS
    if not number and not (said and _is_name(said)):
        return None
    return zlib.crc32(str(said).encode()) or 1  # 0 stands for no run at all


def _is_name(said: Any) -> bool:
    if not isinstance(said, str) or len(said) > _LONGEST_NAME:
        return False
    return said.isascii() and said.isprintable()


def _counters(said: Any) -> tuple[int, ...] | None:
    if not isinstance(said, list) or len(said) > _MOST_INPUTS:
        return None
    counted = all(type(each) is int and 0 <= each < SPAN for each in said)
    return tuple(said) if counted else None
