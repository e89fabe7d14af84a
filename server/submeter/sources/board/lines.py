"""The lines of a board: `$TAG {json}*CRC32` with CR LF, as docs/board-lines.md tells them.

CRC32 is that of what stands between `$` and `*` (IEEE 802.3), as eight hexadecimal digits.
"""

import json
import re
import zlib
from typing import Any

from submeter.sources.board.said import Said

LONGEST = 4096
"""Bytes that are kept of a line, the last ones; none of the firmware's is longer."""

_STARTS = (b"$S ", b"$ID ", b"$W ", b"$E ", b"$R ")
_LINE = re.compile(rb"\$((S|ID|W|E|R) (\{.*\}))\*([0-9A-Fa-f]{8})\r?")


class LineDecoder:
    """Turns the bytes of a board into what it says; the split of the bytes makes no difference.

    What stands before the last `$TAG ` of a line, and lines without one, are ignored. `good` counts
    valid lines, `bad` those with a tag that are damaged.
    """

    def __init__(self) -> None:
        self.good = 0
        self.bad = 0
        self._line = bytearray()

    def feed(self, data: bytes) -> list[Said]:
        """Take in the next bytes, return the lines that they complete; raises nothing."""
        found = []
        *lines, rest = data.split(b"\n")
        for line in lines:
            self._keep(line)
            said = self._parse()
            if said:
                found.append(said)
            self._line.clear()
        self._keep(rest)
        return found

    def _keep(self, piece: bytes) -> None:
        self._line += piece[-LONGEST:]
        del self._line[:-LONGEST]

    def _parse(self) -> Said | None:
        start = max(map(self._line.rfind, _STARTS))
        if start < 0:
            return None
        match = _LINE.fullmatch(self._line, start)
        if match and int(match[4], 16) == zlib.crc32(match[1]):
            content = _json(match[3])
            if content is not None:
                self.good += 1
                return Said(match[2].decode(), content)
        self.bad += 1
        return None


def command(number: int, text: str) -> str:
    """Return the line, without its end, of the command `text` (`id`, `cfg {...}`), with CRC32."""
    body = f"{number} {text}"
    return f"{body}*{zlib.crc32(body.encode()):08X}"


def _json(text: bytes) -> dict[str, Any] | None:
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) else None
