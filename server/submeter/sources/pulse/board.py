"""The lines of a board that counts pulses by itself.

A line is `$S {json}*CRC` with CR LF: CRC is the CRC-32 (IEEE 802.3) of what stands between `$` and
`*`, as eight hexadecimal digits. Of the JSON object two keys matter here: `b` names the run of the
board since its last reset, `p` lists how often each input closed in it, modulo 2**32.
"""

import json
import re
import zlib
from typing import Any, NamedTuple

from submeter.count_file import Count

_SPAN = 1 << 32
_LONGEST = 4096  # bytes that are kept of a line, the last ones; waveforms are longer
_MOST_INPUTS = 64
_RECORD = b"$S "
_LINE = re.compile(rb"\$(S (\{.*\}))\*([0-9A-Fa-f]{8})\r?")


class Record(NamedTuple):
    """What one line says: the run of the board, and how often each input closed in it."""

    boot: int
    counters: tuple[int, ...]


class BoardDecoder:
    """Turns the bytes of a board into records; the split of the bytes makes no difference.

    What stands before the last `$S` of a line, and lines of another kind, are ignored. `bad` counts
    lines of this kind that are damaged.
    """

    def __init__(self) -> None:
        self.good = 0
        self.bad = 0
        self._line = bytearray()

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
        start = self._line.rfind(_RECORD)
        if start < 0:
            return None
        record = None
        match = _LINE.fullmatch(self._line, start)
        if match and int(match[3], 16) == zlib.crc32(match[1]):
            record = _record(match[2])
        if record:
            self.good += 1
        else:
            self.bad += 1
        return record


def advance(count: Count, record: Record, place: int) -> Count:
    """Return `count` with what input `place` of the board, from 0 on, counted since.

    Of a run that is new all it counted is new; what was counted before the first record is not
    ours. A counter that stands back is an old record. Raises IndexError if there is no such input.
    """
    raw = record.counters[place]
    if not count.boot:
        return Count(count.total, record.boot, raw)
    grown = raw if record.boot != count.boot else (raw - count.raw) % _SPAN
    if record.boot == count.boot and grown >= _SPAN // 2:
        return count
    return Count(count.total + grown, record.boot, raw)


def _record(text: bytes) -> Record | None:
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return None
    boot, counters = said.get("b"), said.get("p")
    if isinstance(boot, bool) or not isinstance(boot, int | str) or not _are_counters(counters):
        return None
    # 0 stands for no run at all.
    return Record(zlib.crc32(str(boot).encode()) + 1, tuple(counters))


def _are_counters(counters: Any) -> bool:
    return (
        isinstance(counters, list)
        and len(counters) <= _MOST_INPUTS
        and all(type(each) is int and 0 <= each < _SPAN for each in counters)
    )
