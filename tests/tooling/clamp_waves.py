"""What the inputs of a board see, and what its converter makes of it: a model in numpy.

The converter is that of the RP2040: 12 bits, 3.3 V, four codes that are 8.9 times too wide
(erratum RP2040-E11), noise of 1.2 codes; its four channels take turns.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from submeter.sources.rp2040.scale import REFERENCE, Scale
from tooling.clamp_records import SCALE

NOISE = 1.2  # codes rms
WIDE = (512, 1536, 2560, 3584)
WIDTH = 8.9  # codes that a wide one has too many
REST = 2060.0  # where the inputs rest, in codes

Codes = NDArray[np.uint16]
_Floats = NDArray[np.float64]


class Signal(NamedTuple):
    """A voltage or current of the mains: the fundamental in V or A (rms), lag in degrees.

    `harmonics`: order -> share of the fundamental, and degrees by which it leads at the moment at
    which the fundamental of a signal without lag rises through 0.
    """

    rms: float
    lag: float = 0.0
    harmonics: Mapping[int, tuple[float, float]] = {}

    def whole(self) -> dict[int, complex]:
        """Return order -> rms and phase of everything in it."""
        found = {1: complex(self.rms, 0) * np.exp(-1j * math.radians(self.lag))}
        for order, (share, degrees) in self.harmonics.items():
            found[order] = self.rms * share * np.exp(1j * math.radians(degrees))
        return found

    @property
    def total(self) -> float:
        """The rms of everything in it."""
        return math.sqrt(sum(abs(each) ** 2 for each in self.whole().values()))

    @property
    def thd(self) -> float:
        """Return the distortion in %."""
        return 100 * math.sqrt(sum(share**2 for share, _ in self.harmonics.values()))


def power(voltage: Signal, current: Signal) -> complex:
    """Return P of everything, and Q of the fundamental as its imaginary part."""
    volts, amperes = voltage.whole(), current.whole()
    parts = {
        order: volts[order] * amperes[order].conjugate() for order in volts if order in amperes
    }
    return complex(sum(part.real for part in parts.values()), parts[1].imag)


class Waves:
    """Samples of a voltage and three currents, frame after frame; signals may change in between.

    `order` is the channel of each role; `wander` in Hz is how far the frequency swings around
    `hertz`, once a minute; `drift` in codes is how far the rest of each input does, in an hour.
    With `steps` False the converter is an ideal one of 12 bits.
    """

    def __init__(
        self,
        voltage: Signal,
        currents: Sequence[Signal],
        *,
        hertz: float = 50.0,
        wander: float = 0.0,
        order: Sequence[int] = (0, 1, 2, 3),
        rate: float = 6000.0,
        scale: Scale = SCALE,
        noise: float = NOISE,
        steps: bool = True,
        rest: float = REST,
        drift: float = 0.0,
        seed: int = 1,
    ) -> None:
        self.signals = [voltage, *currents]
        self.hertz, self.wander, self.rest, self.drift = hertz, wander, rest, drift
        self.frames = 0
        self._order, self._rate = order, rate
        self._codes = [4096 / REFERENCE / scale.voltage] + [4096 / REFERENCE / scale.current] * 3
        self._noise, self._thresholds = noise, _thresholds(steps)
        self._random = np.random.default_rng(seed)

    def take(self, frames: int) -> Codes:
        """Return what the converter says in the next `frames` frames, by GPIO."""
        out = np.empty((frames, 4), np.float64)
        begin = np.arange(self.frames, self.frames + frames) / self._rate
        for role, (signal, codes) in enumerate(zip(self.signals, self._codes, strict=True)):
            channel = self._order[role]
            at = begin + channel / 4 / self._rate
            out[:, channel] = codes * self._wave(signal, at) + self._resting(at, role)
        self.frames += frames
        out += self._noise * self._random.standard_normal(out.shape)
        found: NDArray[Any] = np.searchsorted(self._thresholds, out.reshape(-1))
        said: Codes = np.minimum(found, 4095).astype(np.uint16).reshape(out.shape)
        return said

    def mean_hertz(self, first: int, last: int) -> float:
        """Return the frequency from one frame to another."""
        begin, end = self._cycles(np.array([first, last]) / self._rate).tolist()
        return float(end - begin) * self._rate / (last - first)

    def _cycles(self, at: _Floats) -> _Floats:
        swing = 60 / (2 * math.pi) * self.wander * (1 - np.cos(2 * math.pi * at / 60))
        return self.hertz * at + swing

    def _wave(self, signal: Signal, at: _Floats) -> _Floats:
        angle = 2 * math.pi * self._cycles(at)
        found = np.zeros(len(at))
        for order, part in signal.whole().items():
            if part:
                found += math.sqrt(2) * abs(part) * np.sin(order * angle + np.angle(part))
        return found

    def _resting(self, at: _Floats, role: int) -> _Floats | float:
        if not self.drift:
            return self.rest
        return self.rest + self.drift * np.sin(2 * math.pi * (at / 3600 + role / 7))


def _thresholds(steps: bool) -> _Floats:
    widths = np.ones(4096)
    if steps:
        widths[list(WIDE)] += WIDTH
    widths *= 4096 / widths.sum()
    return np.cumsum(widths) - 0.5
