"""The lines of a board that counts pulses by itself.

A line is `$S {json}*CRC` with CR LF: CRC is the CRC-32 (IEEE 802.3) of what stands between `$` and
`*`, as eight hexadecimal digits. Of the JSON object two keys matter here: `b` names the run of the
board since its last reset, `p` lists how often each input closed in it, modulo 2**32. The unique
number of the board is `uid` of the same object, or of a line `$ID {json}*CRC` whose `boot` names
that run. A run is a whole number below 2**64 or a text, a board a text, each of 1 to 64 printable
ASCII characters.
"""

import json
import re
import zlib
from typing import Any, NamedTuple

SPAN = 1 << 32
_LONGEST = 4096  # bytes that are kept of a line, the last ones; waveforms are longer
_MOST_INPUTS = 64
_LONGEST_NAME = 64
_RUNS = 1 << 64
_STARTS = (b"$S ", b"$ID ")
_LINE = re.compile(rb"\$((S|ID) (\{.*\}))\*([0-9A-Fa-f]{8})\r?")


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


class BoardDecoder:
    """Turns the bytes of a board into records; the split of the bytes makes no difference.

    What stands before the last `$S` of a line, and lines of another kind, are ignored. `bad` counts
    lines of these kinds that are damaged.
    """

    def __init__(self) -> None:
        self.good = 0
        self.bad = 0
        self._line = bytearray()
        self._named: tuple[int, str] | None = None  # a run, and its board

    def feed(self, data: bytes) -> list[Record]:
        """Take in the next bytes, return the records that they complete; raises nothing."""
        records = []
        *lines, rest = data.split(b"\n")
        for line in lines:
            self._keep(line)
            record = self._parse()
            if record:
                records.append(record)
            self._line.clear()
        self._keep(rest)
        return records

    def _keep(self, piece: bytes) -> None:
        self._line += piece[-_LONGEST:]
        del self._line[:-_LONGEST]

    def _parse(self) -> Record | None:
        start = max(map(self._line.rfind, _STARTS))
        if start < 0:
            return None
        record, named = None, None
        match = _LINE.fullmatch(self._line, start)
        if match and int(match[4], 16) == zlib.crc32(match[1]):
            said = _json(match[3])
            record = self._record(said) if match[2] == b"S" else None
            named = _name(said) if match[2] == b"ID" else None
        self._named = named or self._named
        if record:
            self.good += 1
        elif not named:
            self.bad += 1
        return record

    def _record(self, said: dict[str, Any]) -> Record | None:
        boot, counters = _boot(said.get("b")), _counters(said.get("p"))
        uid = said.get("uid", "")
        if boot is None or counters is None or not _is_name(uid):
            return None
        if not uid and self._named and self._named[0] == boot:
            uid = self._named[1]
        return Record(boot, counters, uid)


def _json(text: bytes) -> dict[str, Any]:
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _name(said: dict[str, Any]) -> tuple[int, str] | None:
    """Return a run and its board."""
    boot, uid = _boot(said.get("boot")), said.get("uid")
    return (boot, uid) if boot is not None and uid and _is_name(uid) else None


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
