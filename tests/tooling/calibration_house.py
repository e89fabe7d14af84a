"""A house with three clamps that are wrong in known ways, and the meter of its supplier.

All of it is a model: appliances that come and go, a board that samples them, an index of whole
steps that is read, and heard, a little later.
"""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from submeter.calibration.course import Course
from submeter.calibration.reference import Crossing, ReferenceCourse
from submeter.calibration.sample import BoardSample, ClampSample
from submeter.sources.rp2040.correction import NONE

Floats = npt.NDArray[np.float64]

UID = "e66038b713000001"
WATTS = [80, 150, 300, 700, 1200, 2000]
FACTORS = [1.0, 1.0, 0.98, 0.9, 0.75, 0.6]


@dataclass
class House:
    """`factors` is what the fit should find: true power is that times what the clamps tell.

    `lag` in s is how old an index is when it is heard, give or take `jitter`. `extra` in W flows
    past the clamps; `sun` in W is exported at most. All that hangs on the clamps in the places
    `resistive` is.
    """

    seed: int
    hours: float = 1.0
    appliances: int = 14
    step: float = 3600.0  # Ws of the index
    lag: float = 1.5
    jitter: float = 0.25
    turns: tuple[float, ...] = (0.0, 180.0, 120.0)
    noise: float = 5e-4
    extra: float = 0.0
    sun: float = 0.0
    resistive: tuple[int, ...] = ()
    factors: npt.NDArray[np.complex128] = field(init=False)

    def __post_init__(self) -> None:
        random = np.random.default_rng(self.seed)
        count = len(self.turns)
        gains = 1 + random.uniform(-0.05, 0.05, count)
        angles = random.uniform(-4, 4, count) + random.permutation(self.turns)
        self.factors = gains * np.exp(1j * np.radians(angles))
        self.seconds = int(self.hours * 3600) + 30
        true = np.array([self._phase(random) for _ in range(count)])
        for place in self.resistive:
            true[place] = true[place].real
        if self.sun:
            true[0] -= self.sun * np.abs(np.sin(np.arange(self.seconds) / 900))
        told = true / self.factors[:, None]
        told *= 1 + random.normal(0, self.noise, told.shape)
        told += random.normal(0, 1.0, told.shape) + 1j * random.normal(0, 1.0, told.shape)
        self.times = 1000.0 + np.arange(self.seconds + 1)
        self.told = np.concatenate([np.zeros((count, 1)), np.cumsum(told, 1)], axis=1)
        self.power = true.real.sum(0) + self.extra
        self._random = random

    def _phase(self, random: np.random.Generator) -> npt.NDArray[np.complex128]:
        power = np.full(self.seconds, (60 + 40 * random.random()) * (1 + 0.35j))
        for _ in range(self.appliances):
            watts, factor = random.choice(WATTS), random.choice(FACTORS)
            reactive = watts * np.tan(np.arccos(factor)) * random.choice([1, 1, 1, -0.3])
            at = int(random.exponential(900))
            while at < self.seconds:
                lasts = int(random.exponential(random.choice([120, 600, 1500])))
                power[at : at + lasts] += watts + 1j * reactive
                at += lasts + int(random.exponential(2400))
        return power

    def told_power(self, place: int) -> npt.NDArray[np.complex128]:
        """Return the complex W by the ratings of a clamp, second by second."""
        return np.diff(self.told[place])

    def course(self) -> Course:
        """Return what the clamps told."""
        course = Course(UID, tuple(range(1, len(self.turns) + 1)))
        for row, at in enumerate(self.times):
            clamps = tuple(
                ClampSample(number, f"L{number}", complex(self.told[number - 1, row]), 0.0, 1.0)
                for number in course.numbers
            )
            course.add(BoardSample(UID, float(at), float(row), 52900.0 * row, 0.0, clamps, NONE))
        return course

    def reference(self, exports: bool = False) -> ReferenceCourse:
        """Return what an index told, with one for export or without."""
        reference = ReferenceCourse()
        frames = self._frames()
        read = np.maximum.accumulate(
            frames - self.lag - self._random.uniform(-self.jitter, self.jitter, len(frames))
        )
        flows = {1: np.maximum(self.power, 0), -1: np.maximum(-self.power, 0)}
        shown = {}
        for sign, flow in flows.items():
            energy = np.concatenate([[0], np.cumsum(flow)])
            start = self._random.random()
            shown[sign] = np.floor(np.interp(read, self.times, energy) / self.step + start)
        for row in range(1, len(frames)):
            net = shown[1][row] - (shown[-1][row] if exports else 0)
            for sign in (1, -1) if exports else (1,):
                if shown[sign][row] != shown[sign][row - 1]:
                    reference.crossings.append(
                        Crossing(
                            float(frames[row]),
                            float(frames[row - 1]),
                            float(net * self.step),
                            sign * self.step,
                        )
                    )
        return reference

    def add_powers(self, reference: ReferenceCourse, period: float, step: float) -> None:
        """Let the reference tell its power, too: every `period` s in steps of `step` W."""
        frames = np.arange(self.times[0] + 9, self.times[-1] - 2, period)
        rows = np.floor(frames - self.times[0] - self.lag).astype(int)
        watts = np.round(self.power[rows] / step) * step
        reference.powers += list(zip(map(float, frames), map(float, watts), strict=True))

    def _frames(self) -> Floats:
        frames, at = [], self.times[0] + 8
        while at < self.times[-1] - 2:
            frames.append(at)
            at += self._random.uniform(1.2, 1.9)
        return np.array(frames)
