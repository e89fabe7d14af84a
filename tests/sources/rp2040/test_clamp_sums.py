"""The sums that the accuracy is shown with are, number by number, those of the firmware."""

from array import array
from typing import Any

import numpy as np
import pytest

from submeter.sources.rp2040.identity import Identity
from tooling.clamp_chain import identity
from tooling.clamp_sums import BoardSums
from tooling.clamp_waves import Codes, Signal, Waves
from tooling.firmware import load

WORDS = 1 << 16


class Core:
    """The arithmetic of the firmware, fed through a ring as on a board."""

    def __init__(self, who: Identity) -> None:
        settings = {
            "layout": who.layout,
            "order": list(who.order),
            "lags": list(who.lags),
            "quarter": who.quarter,
        }
        self.squares: list[int] = []
        self._linear = load("core.linearise")
        self.cycles = load("core.cycles").Cycles(
            settings, self._linear.middle(who.steps), int(who.rate), self._hear
        )
        self.quadrants = load("core.quadrants").Quadrants()
        self._table = self._linear.table(who.steps)
        self.ends = array("i", [0] * 4)
        self._ring = array("H", [0] * WORDS)
        self._at = 0
        self._before = (0, [0] * 17)

    def record(self, samples: Codes, pieces: int) -> dict[str, Any]:
        for part in np.array_split(samples, pieces):
            self._drain(part)
        totals, frames = self.cycles.totals(), self.cycles.frames
        if frames > self._before[0]:
            grown = [b - a for a, b in zip(self._before[1], totals, strict=True)]
            self.quadrants.take(frames - self._before[0], grown)
        self._before = frames, totals
        return {
            "n": frames,
            "c": self.cycles.cycles,
            "z": self.cycles.length,
            "s": totals,
            "e": list(self.quadrants.sums),
            "x": list(self.ends),
            "m": self.cycles.extremes(),
        }

    def _hear(self, frames: int, length: int, square: int) -> None:
        self.squares.append(square)

    def _drain(self, samples: Codes) -> None:
        for place, word in enumerate(samples.reshape(-1).tolist()):
            self._ring[(self._at + place) % WORDS] = word
        mask, frames = WORDS - 1, len(samples)
        self._linear.linearise(self._ring, self._at, frames, mask, self._table, self.ends)
        self.cycles.take(self._ring, self._at, frames, mask)
        self._at = (self._at + 4 * frames) & mask


def agree(waves: Waves, who: Identity, seconds: int, *changes: Signal) -> BoardSums:
    """Prove both equal in each of `seconds`; the voltage becomes that of `changes` after one."""
    core, sums = Core(who), BoardSums(who)
    for second in range(seconds):
        samples = waves.take(6000)
        ours, board = sums.record(samples), core.record(samples, 1 + 7 * second)
        assert {key: ours[key] for key in board} == board
        if second < len(changes):
            waves.signals[0] = changes[second]
    return sums


LOADS = [Signal(40, 20, {3: (0.2, 0)}), Signal(5, 200), Signal(0.5, -60)]


@pytest.mark.parametrize("hertz", [45.0, 49.9, 65.0])
def test_mains_of_any_frequency(hertz: float) -> None:
    waves = Waves(Signal(230, 0, {5: (0.03, 20)}), LOADS, hertz=hertz, drift=50)
    assert agree(waves, identity(), 3).record(waves.take(6000))["c"] > 130


def test_another_order_with_lags_and_steps() -> None:
    order = (3, 0, 2, 1)
    who = identity(25, order)._replace(lags=(0, 33, 120), steps=(8, 0, 11, 9))
    agree(Waves(Signal(230), LOADS, hertz=60, order=order), who, 3)


def test_mains_that_goes_and_comes_back_and_an_input_at_its_end() -> None:
    waves = Waves(Signal(230), [Signal(90), *LOADS[1:]])
    agree(waves, identity(), 5, Signal(0), Signal(300), Signal(9), Signal(200))


def test_no_mains_and_noise_around_the_threshold() -> None:
    agree(Waves(Signal(0), LOADS), identity(), 2)
    agree(Waves(Signal(8), LOADS, noise=9), identity(), 3)
