"""The kernels that sum up, against the same sums written out; and that 32 bits hold them."""

import random
from array import array
from typing import Any

import pytest

from tooling.firmware import load

sums = load("core.sums")
MASK = 4 * 512 - 1
TOP = 4096 + 4 * 20 - 1  # with the largest steps that can be set
Frames = list[tuple[int, int, int, int]]


def ring_of(frames: Frames, at: int) -> Any:
    ring = array("H", [0] * (MASK + 1))
    for k, frame in enumerate(frames):
        for channel in range(4):
            ring[(4 * (at + k) + channel) & MASK] = frame[channel]
    return ring


def setup_of(lags: list[int], quarter: int, order: list[int], middle: int) -> Any:
    return array("i", [*(4 * each for each in lags), 4 * quarter, *order, middle])


def expected(
    frames: Frames, first: int, lags: list[int], quarter: int, order: list[int], middle: int
) -> list[int]:
    def code(frame: int, role: int) -> int:
        return frames[frame][order[role]] - middle

    def over(term: Any) -> int:
        return sum(term(k) for k in range(first, len(frames)))

    found = [over(lambda k: code(k, 0)), over(lambda k: code(k, 0) ** 2)]
    for clamp in (1, 2, 3):
        lag = lags[clamp - 1]
        found.append(over(lambda k, c=clamp: code(k, c)))
        found.append(over(lambda k, c=clamp: code(k, c) ** 2))
        for delay in (lag, lag + 1, lag + quarter):
            found.append(over(lambda k, c=clamp, d=delay: code(k, c) * code(k - d, 0)))
    return found


def some_frames(count: int, seed: int) -> Frames:
    dice = random.Random(seed)
    return [(*(dice.randrange(4132) for _ in range(4)),) for _ in range(count)]  # type: ignore[misc]


@pytest.mark.parametrize(
    ("lags", "quarter", "order", "at"),
    [([0, 0, 0], 30, [0, 1, 2, 3], 0), ([0, 40, 80], 30, [2, 0, 3, 1], 400),
     ([120, 7, 33], 25, [3, 2, 1, 0], 511)],
)  # fmt: skip
def test_seventeen_sums(lags: list[int], quarter: int, order: list[int], at: int) -> None:
    frames = some_frames(400, seed=at)
    ring, acc = ring_of(frames, at), array("i", [0] * 17)
    setup = setup_of(lags, quarter, order, 2066)
    sums.accumulate_v3i(ring, 4 * (at + 151) & MASK, 249, MASK, setup, acc)
    assert list(acc) == expected(frames, 151, lags, quarter, order, 2066)


def test_eight_sums() -> None:
    frames, order = some_frames(100, seed=1), [3, 1, 0, 2]
    ring, acc = ring_of(frames, 450), array("i", [0] * 8)
    sums.accumulate_4i(ring, 4 * 450, 100, MASK, setup_of([0] * 3, 30, order, 2066), acc)
    for role, channel in enumerate(order):
        codes = [frame[channel] - 2066 for frame in frames]
        assert acc[2 * role] == sum(codes)
        assert acc[2 * role + 1] == sum(code * code for code in codes)


@pytest.mark.parametrize("voltage", [0, TOP])
@pytest.mark.parametrize("current", [0, TOP])
def test_the_longest_piece_of_the_largest_codes_fits(voltage: int, current: int) -> None:
    longest = load("core.cycles").LONGEST
    middle = load("core.linearise").middle([20, 20, 20, 20])
    ring = array("H", [voltage, current, current, current] * 512)
    acc = array("i", [0] * 17)  # refuses what 32 bits do not hold
    sums.accumulate_v3i(ring, 0, longest, MASK, setup_of([0] * 3, 30, [0, 1, 2, 3], middle), acc)
    v, i = voltage - middle, current - middle
    assert list(acc[:5]) == [v * longest, v * v * longest, i * longest, i * i * longest,
                             v * i * longest]  # fmt: skip


def test_folded_sums_are_whole() -> None:
    dice = random.Random(3)
    high, low, truth = array("i", [0] * 17), array("i", [0] * 17), [0] * 17
    for _ in range(5000):  # a minute of cycles, the longest period between two records
        said = [dice.choice([-(2**31), 2**31 - 1, -1, 0, dice.randrange(10**9)]) for _ in range(17)]
        acc = array("i", said)
        sums.fold(acc, high, low, 17)
        assert not any(acc)
        truth = [a + b for a, b in zip(truth, said, strict=True)]
    assert [(high[k] << 16) + low[k] for k in range(17)] == truth
