"""A board with clamps that answers commands, whatever it is connected by."""

import base64
import json
import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any

from tooling.clamp_records import IdealBoard

FRAMES = 200
"""Of a line `$W`."""


class AnsweringBoard(ABC):
    """`board` as a host meets it; `asked` are the commands that it heard.

    It does not answer words in `deaf`, and refuses those in `refuses`; lines in `lost` are those of
    the next snapshot that do not arrive.
    """

    def __init__(self, board: IdealBoard) -> None:
        self.board = board
        self.asked: list[str] = []
        self.deaf: set[str] = set()
        self.refuses: set[str] = set()
        self.lost: set[int] = set()
        self._line = b""
        self._snapshots = 0

    @abstractmethod
    def say(self, data: bytes) -> None:
        """Send `data` as it is."""

    def tick(self, seconds: int = 1) -> None:
        """Live on for so many seconds and send the records."""
        self.say(self.board.lines(seconds))

    def introduce(self) -> None:
        """Send `$ID`."""
        self.tell("ID", self.board.identity())

    def tell(self, tag: str, content: object) -> None:
        """Send one line."""
        self.say(self.board.line(tag, content))

    def hear(self, data: bytes) -> None:
        """Take in the next bytes of the host, and answer."""
        *lines, self._line = (self._line + data).split(b"\n")
        for line in lines:
            body, _, checksum = line.decode().rpartition("*")
            assert int(checksum, 16) == zlib.crc32(body.encode())
            number, word, *content = body.split(" ", 2)
            self.asked.append(body.split(" ", 1)[1])
            if word not in self.deaf:
                self._answer(int(number), word, json.loads(content[0]) if content else {})

    def _answer(self, number: int, word: str, content: dict[str, Any]) -> None:
        if word in self.refuses:
            self.tell("R", {"r": number, "ok": 0, "error": "no such thing"})
            return
        self.tell("R", {"r": number, "ok": 1})
        if word == "snap":
            for each in self._snapshot():
                self.say(each)
        if word == "cfg":
            self.board.reset(f"{int(self.board.boot, 16) + 1:08x}", "settings")
            for key, value in content.items():
                setattr(self.board, key, value)
            self.board._begin()
        if word in ("id", "cfg"):
            self.introduce()

    def _snapshot(self) -> Iterator[bytes]:
        self._snapshots += 1
        lines = snapshot(self.board, self._snapshots)
        for place, content in enumerate(lines):
            if place not in self.lost:
                yield self.board.line("W", content)
        self.lost.clear()


def snapshot(board: IdealBoard, number: int, lines: int = 2) -> list[dict[str, Any]]:
    """Return the content of `$W` lines of channels that rest."""
    data = b"\x12\x08" * 4 * FRAMES
    text = base64.b64encode(data).decode()
    return [
        {"b": board.boot, "i": number, "k": place, "m": lines, "n": FRAMES,
         "f": 1000 + FRAMES * place, "d": text}
        for place in range(lines)
    ]  # fmt: skip
