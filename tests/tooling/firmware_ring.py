"""Feeds frames to the firmware's sums, through a ring and in parts as they come."""

from array import array
from typing import Any

from tooling.firmware import load

MIDDLE = 2066
MASK = 4 * 4096 - 1
Frame = tuple[int, ...]
Pieces = list[tuple[int, int, int | None]]


def settings_of(**changes: Any) -> dict[str, Any]:
    """Return the settings of a board with such changes."""
    return {**load("core.settings").defaults(), **changes}


def drained(frames: list[Frame], sizes: list[int], said: dict[str, Any]) -> tuple[Any, Pieces]:
    """Return the Cycles and what it told of pieces; the parts are of such sizes in turn."""
    pieces: Pieces = []
    summed = load("core.cycles").Cycles(said, MIDDLE, 6000, lambda *piece: pieces.append(piece))
    ring, at, turn = array("H", [0] * (MASK + 1)), 0, 0
    while at < len(frames):
        part = frames[at : at + sizes[turn % len(sizes)]]
        for k, frame in enumerate(part):
            for channel in range(4):
                ring[(4 * (at + k) + channel) & MASK] = frame[channel]
        summed.take(ring, (4 * at) & MASK, len(part), MASK)
        at += len(part)
        turn += 1
    return summed, pieces
