"""A waveform that a board sends in several lines: `$W` of docs/board-lines.md."""

import binascii
from collections.abc import Mapping
from typing import Any, NamedTuple

from submeter.errors import FrameError
from submeter.sources.rp2040 import checked
from submeter.sources.rp2040.identity import Identity

MOST_LINES = 64
MOST_FRAMES = 1400
_FRAME = 8  # bytes


class Waveform(NamedTuple):
    """A snapshot: `frames` frames from frame `first` of the run on, without a gap.

    `data` are their codes: little-endian, two bytes each, the four channels (GPIO26 to GPIO29) of
    one frame after the other: eight bytes a frame.
    """

    first: int
    frames: int
    data: bytes


class Snapshots:
    """Puts the lines of one snapshot after another together.

    One that misses a line when the next one begins is dropped, and counted in `dropped`. Lines may
    come in any order and several times. What is kept is one snapshot of MOST_FRAMES at most.
    """

    def __init__(self) -> None:
        self.dropped = 0
        self._lines: dict[int, Waveform] = {}
        self._which: tuple[str, int, int] | None = None  # run, number, lines
        self._last: tuple[str, int] | None = None  # the last one that was whole

    def take(self, content: Mapping[str, Any], identity: Identity) -> Waveform | None:
        """Return the snapshot that the line completes; raises FrameError if it is damaged.

        Lines of another run than that of `identity` are ignored.
        """
        boot = checked.name(content, "b")
        number = checked.whole(content, "i", 0, checked.MOST)
        lines = checked.whole(content, "m", 1, MOST_LINES)
        place = checked.whole(content, "k", 0, lines - 1)
        piece = _piece(content, identity)
        if boot != identity.boot or (boot, number) == self._last:
            return None
        if self._which != (boot, number, lines):
            self._begin((boot, number, lines))
        self._lines[place] = piece
        if len(self._lines) < lines:
            return None
        pieces = [self._lines[each] for each in range(lines)]
        self._last, self._which = (boot, number), None
        self._lines = {}
        return self._whole(pieces)

    def _begin(self, which: tuple[str, int, int]) -> None:
        if self._which:
            self.dropped += 1
        self._lines, self._which = {}, which

    def _whole(self, pieces: list[Waveform]) -> Waveform | None:
        """Return `pieces` as one, None if they do not follow one another."""
        first = next_one = pieces[0].first
        for each in pieces:
            if each.first != next_one:
                self.dropped += 1
                return None
            next_one += each.frames
        if next_one - first > MOST_FRAMES:
            self.dropped += 1
            return None
        return Waveform(first, next_one - first, b"".join(each.data for each in pieces))


def _piece(content: Mapping[str, Any], identity: Identity) -> Waveform:
    first = checked.whole(content, "f", 0, checked.MOST)
    frames = checked.whole(content, "n", 1, MOST_FRAMES)
    text = content.get("d")
    if not isinstance(text, str):
        raise FrameError("'d' is no text")
    try:
        data = binascii.a2b_base64(text, strict_mode=True)
    except (ValueError, binascii.Error):
        raise FrameError("'d' is no base64") from None
    if len(data) != frames * _FRAME:
        raise FrameError(f"{len(data)} bytes are not {frames} frames")
    if max(data[1::2]) > identity.span >> 8:
        raise FrameError("a code is beyond the range of the converter")
    return Waveform(first, frames, data)
