"""Four clamps: pieces are cut by the strongest current; against a model, frame by frame."""

import math
import random
from typing import Any

import pytest

from tooling.firmware_ring import MIDDLE, Frame, drained, settings_of

SECOND = 6000
CASES: dict[str, list[tuple[float, tuple[float, float, float, float]]]] = {
    # until second, amplitude of each channel
    "one": [(3.2, (900, 300, 0, 20))],
    "another one becomes the strongest": [(1.3, (900, 300, 0, 20)), (4.4, (100, 300, 0, 20))],
    "it must be twice as strong": [(1.3, (300, 200, 0, 0)), (3.4, (300, 410, 0, 0)),
                                   (5.6, (300, 440, 0, 0))],
    "it changes a little, and much": [(1.2, (0, 0, 0, 400)), (3.3, (0, 0, 0, 420)),
                                      (5.5, (0, 0, 0, 200))],
    "just enough": [(2.2, (0, 14, 0, 0)), (4.4, (0, 17, 0, 0))],
}  # fmt: skip


def currents(parts: list[tuple[float, tuple[float, float, float, float]]]) -> list[Frame]:
    dice, frames = random.Random(1), []
    for k in range(int(SECOND * parts[-1][0])):
        sizes = next(each for until, each in parts if k < SECOND * until)
        frames.append(
            tuple(
                round(2040 + 3 * c + size * math.sin(math.tau * k / 119.7 - c) + dice.gauss(0, 1.2))
                for c, size in enumerate(sizes)
            )
        )
    return frames


class Model:
    """Does as docs/firmware.md says, with one frame after the other."""

    def __init__(self, frames: list[Frame], order: list[int]) -> None:
        self.frames, self.order = frames, order
        self.pieces: list[tuple[int, int]] = []
        self.sums, self.judged = [0] * 8, [0] * 8
        self.total = self.judged_total = 0
        self.role, self.mean, self.lift, self.below, self.above = 0, 16 * MIDDLE, 0, 1024, 1024
        self.armed = self.begun = False
        self.crossed: int | None = None
        self.start = 151
        for k in range(151, len(frames)):
            self.step(k)

    def code(self, k: int) -> int:
        return 16 * self.frames[k][self.order[self.role]]

    def step(self, k: int) -> None:
        level, length, size = self.mean + self.lift, 0, k - self.start
        held = self.crossed is not None and size < 75
        if not held and self.armed and self.code(k) >= level + self.above:
            self.armed = False
            low = next((j for j in range(k - 1, k - 31, -1) if self.code(j) < level), k - 30)
            share = (level - self.code(low)) * 4096 // (self.code(low + 1) - self.code(low))
            place = 4096 * low + min(4096, max(0, share))
            if self.crossed is not None and size <= 150:
                length = place - self.crossed
            whole, self.crossed = self.crossed is not None, place
            if self.begun or whole:
                self.close(k, length, whole)
            self.start = k
        else:
            self.armed = self.armed or (not held and self.code(k) < level - self.below)
            if size == 400:
                whole, self.crossed = self.crossed is not None, None
                self.close(k, 0, whole)
                # The frame at which a piece becomes too long is looked at once more.
                self.armed = self.armed or self.code(k) < self.mean + self.lift - self.below

    def close(self, k: int, length: int, whole: bool) -> None:
        piece, self.start, self.begun = self.frames[self.start : k], k, True
        if not piece:
            return
        self.pieces.append((len(piece), length))
        self.total += len(piece)
        added = []
        for channel in self.order:
            codes = [frame[channel] - MIDDLE for frame in piece]
            added += [sum(codes), sum(code * code for code in codes)]
        self.sums = [a + b for a, b in zip(self.sums, added, strict=True)]
        if length or (len(piece) == 400 and not whole):
            mean = 16 * MIDDLE + 16 * added[2 * self.role] // len(piece)
            self.mean += (mean - self.mean) >> 3
        if self.total - self.judged_total >= SECOND:
            self.choose()

    def choose(self) -> None:
        frames = self.total - self.judged_total
        new = [a - b for a, b in zip(self.sums, self.judged, strict=True)]
        self.judged, self.judged_total = self.sums, self.total
        squares = [
            (square - sum_ * sum_ // frames) // frames
            for sum_, square in zip(new[::2], new[1::2], strict=True)
        ]
        role = squares.index(max(squares))
        if squares[self.role] >= 121 and squares[role] < 2 * squares[self.role]:
            role = self.role
        lift = int(12 * math.sqrt(max(121, squares[role])))
        if role == self.role and abs(lift - self.lift) <= lift / 8:
            return
        self.role, self.lift, self.below, self.above = role, lift, 2 * lift, 0
        self.mean = 16 * MIDDLE + 16 * new[2 * role] // frames
        self.armed, self.crossed = False, None


@pytest.mark.parametrize("name", sorted(CASES))
def test_cycles_are_those_of_the_model(name: str) -> None:
    order = [1, 0, 3, 2]
    said: dict[str, Any] = settings_of(layout="4i", order=order)
    frames = currents(CASES[name])
    model = Model(frames, order)
    summed, pieces = drained(frames, [24, 25, 1, 300], said)
    assert [(frames, length) for frames, length, _ in pieces] == model.pieces
    assert summed.totals() == model.sums
    assert summed._first == 2 * model.role
    lengths = [length for _, length in model.pieces if length]
    assert (summed.cycles, summed.length) == (len(lengths), sum(lengths))
    assert len(lengths) > 40
    assert all(abs(each / 4096 - 119.7) < 15 for each in lengths[5:])
