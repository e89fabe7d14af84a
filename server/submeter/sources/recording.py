"""The file that `submeter capture` writes: what arrived, and when.

Plain ASCII text. The first line is FIRST, further lines with `#` say what was recorded; each other
line is a piece: the seconds since the start, a space, and its bytes in hexadecimal.
"""

import re
from typing import NamedTuple

FIRST = b"# submeter capture"
PAUSE = 0.03
"""Seconds of silence that part what the instrument said at one time from what it said next."""

_PIECE = re.compile(rb"(\d{1,9}(?:\.\d{1,6})?) ((?:[0-9A-Fa-f]{2})+)\r?")


class Piece(NamedTuple):
    """Bytes that came at one time, `at` seconds after the start."""

    at: float
    data: bytes

    def line(self) -> bytes:
        """Return the line of the file."""
        return f"{self.at:.3f} {self.data.hex()}\n".encode()


def is_one(content: bytes) -> bool:
    """Tell whether `content` is such a file rather than bytes as they came."""
    return content.startswith(FIRST)


def header(port: str, line: str, date: str) -> bytes:
    """Return the first lines of a file."""
    return FIRST + f"\n# port {port}\n# line {line}\n# date {date}\n".encode()


def parse(content: bytes) -> list[Piece]:
    """Return the pieces of a file, without a last line that was cut while it was written.

    Raises ValueError that names the line.
    """
    lines = content.split(b"\n")
    pieces: list[Piece] = []
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith(b"#"):
            continue
        match = _PIECE.fullmatch(line)
        at = float(match[1]) if match else -1.0
        if match and (not pieces or at >= pieces[-1].at):
            pieces.append(Piece(at, bytes.fromhex(match[2].decode())))
        elif number < len(lines):
            what = "its time is before the line above's" if match else "write 'seconds hex'"
            raise ValueError(f"line {number}: {what}")
    return pieces


def speeches(pieces: list[Piece]) -> list[list[Piece]]:
    """Return the pieces in groups that a PAUSE parts."""
    groups: list[list[Piece]] = []
    last: float | None = None
    for piece in pieces:
        if last is None or piece.at - last >= PAUSE:
            groups.append([])
        groups[-1].append(piece)
        last = piece.at
    return groups
