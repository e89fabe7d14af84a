"""The file that `submeter capture` writes: what arrived, and when.

Plain ASCII text. The first line is FIRST, further lines with `#` say what was recorded; each other
line is a piece: the seconds since the start, a space, and its bytes in hexadecimal.
"""

import re
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

FIRST = b"# submeter capture"
PAUSE = 0.03
"""Seconds of silence that part what the instrument said at one time from what it said next."""
LONGEST_LINE = 1 << 20

_HEAD = 1 << 16  # bytes that tell what a file is
_MARK = "\ufeff"  # what editors put before a text
_PIECE = re.compile(rb"(\d{1,9}(?:\.\d{1,6})?) ((?:[0-9A-Fa-f]{2})+)\r?")
_ANY_PIECE = re.compile(rb"^\d{1,9}\.\d{1,6} (?:[0-9A-Fa-f]{2})+\r?$", re.MULTILINE)


class Piece(NamedTuple):
    """Bytes that came at one time, `at` seconds after the start."""

    at: float
    data: bytes

    def line(self) -> bytes:
        """Return the line of the file."""
        return f"{self.at:.3f} {self.data.hex()}\n".encode()


def header(port: str, line: str, date: str) -> bytes:
    """Return the first lines of a file."""
    return FIRST + f"\n# port {port}\n# line {line}\n# date {date}\n".encode()


def is_one(file: BinaryIO) -> bool:
    """Tell whether `file`, which is at its start, is such a file rather than bytes as they came.

    Raises ValueError if it was one, and was changed so that it is none any more.
    """
    head = file.read(_HEAD)
    file.seek(0)
    if head.startswith(FIRST):
        return True
    for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
        if head.startswith((_MARK + FIRST.decode()).encode(encoding)):
            raise ValueError("it begins with a byte-order mark; save it as plain ASCII text")
    if _ANY_PIECE.search(head):
        raise ValueError(f"it has lines 'seconds hex'; its first line must be '{FIRST.decode()}'")
    return False


def read(file: BinaryIO) -> Iterator[Piece]:
    """Yield the pieces of a file, without a last line that was cut while it was written.

    Raises ValueError that names the line, and OSError.
    """
    last = 0.0
    number = 0
    while line := file.readline(LONGEST_LINE):
        number += 1
        whole = line.endswith(b"\n")
        if len(line) == LONGEST_LINE and not whole:
            raise ValueError(f"line {number}: it has more than {LONGEST_LINE} characters")
        text = line.removesuffix(b"\n")
        if not text.strip() or text.startswith(b"#"):
            continue
        match = _PIECE.fullmatch(text)
        at = float(match[1]) if match else -1.0
        if not whole:
            return
        if match and at >= last:
            last = at
            yield Piece(at, bytes.fromhex(match[2].decode()))
        else:
            what = "its time is before the line above's" if match else "write 'seconds hex'"
            raise ValueError(f"line {number}: {what}")
