"""Harmonics of a waveform, by least squares at its frequency: it need not be whole cycles."""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from submeter.sources.rp2040.identity import Identity
from submeter.sources.rp2040.snapshot import Waveform

HARMONICS = range(2, 26)
"""The orders that are given one by one."""

LEAST = 20.0
"""Codes of the peak of a fundamental below which nothing is said of its harmonics: noise then
looks like a distortion of 1 %."""

_LAST = 40  # the order that THD goes to
_CYCLES = 5  # at least
_MAINS = 40.0, 70.0  # Hz
_END = 5  # codes, from either end of the range

_Floats = NDArray[np.float64]


class Spectrum(NamedTuple):
    """Of one channel: distortion by h2 to h40, and h2 to h25, in % of the fundamental."""

    thd: float
    harmonics: tuple[float, ...]


class Spectra(NamedTuple):
    """Of a snapshot: Hz by the crystal, of the voltage and of each clamp from 1 on.

    None where the fundamental is too small to say or the waveform is cut off at an end of the
    converter, and everywhere without mains; the voltage is None with four clamps.
    """

    frequency: float | None
    voltage: Spectrum | None
    clamps: tuple[Spectrum | None, ...]


def analyse(waveform: Waveform, identity: Identity) -> Spectra:
    """Return the spectra of `waveform`; its codes are those of docs/board-lines.md."""
    codes = np.frombuffer(waveform.data, "<u2").reshape(-1, 4)[:, list(identity.order)]
    centred: _Floats = codes - codes.mean(axis=0)
    measured = identity.layout == "v3i"
    leading = 0 if measured else int(centred.std(axis=0).argmax())
    turn = _turn(centred[:, leading], identity.rate)
    if turn is None:
        return Spectra(None, None, (None,) * identity.clamps)
    peaks, noise = _harmonics(centred, turn)
    cut = np.any((codes < _END) | (codes >= identity.span - _END), axis=0).tolist()
    found = [
        None if cut[role] else _spectrum(peaks[:, role], float(noise[role])) for role in range(4)
    ]
    frequency = turn * identity.rate / (2 * math.pi)
    if measured:
        return Spectra(frequency, found[0], tuple(found[1:]))
    return Spectra(frequency, None, tuple(found))


def _turn(wave: _Floats, rate: float) -> float | None:
    """Return by how many radians a frame the fundamental of `wave` turns; None if it has none.

    The strongest line of mains frequency first; then what its phase gains from one half of the
    waveform to the other, which is known a thousand times better.
    """
    window = np.hanning(len(wave))
    lines = np.abs(np.fft.rfft(wave * window, 8 * len(wave)))
    low, high = (round(each / rate * 8 * len(wave)) for each in _MAINS)
    turn = 2 * math.pi * (low + int(lines[low : high + 1].argmax())) / (8 * len(wave))
    half = len(wave) // 2
    if turn * len(wave) < 2 * math.pi * _CYCLES:
        return None
    weights = np.hanning(half)
    places = np.arange(half)
    for _ in range(4):
        away = weights * np.exp(-1j * turn * places)
        early, late = wave[:half] @ away, wave[half : 2 * half] @ away
        turn += float(np.angle(late * np.conj(early) * np.exp(-1j * turn * half))) / half
    peak = 2 * abs(early) / weights.sum()
    inside = _MAINS[0] <= turn * rate / (2 * math.pi) <= _MAINS[1]
    return turn if inside and peak >= LEAST else None


def _harmonics(waves: _Floats, turn: float) -> tuple[_Floats, _Floats]:
    """Return the squared peaks of h1 on by channel, and those that noise alone would have."""
    orders = np.arange(1, min(_LAST, int(math.pi / turn * 0.98)) + 1)
    angles = np.outer(np.arange(len(waves)) * turn, orders)
    base: NDArray[Any] = np.hstack((np.ones((len(waves), 1)), np.cos(angles), np.sin(angles)))
    fitted = np.linalg.solve(base.T @ base, base.T @ waves)
    rest = waves - base @ fitted
    squares = fitted[1 : len(orders) + 1] ** 2 + fitted[len(orders) + 1 :] ** 2
    noise = (rest**2).sum(axis=0) / (len(waves) - base.shape[1])
    return squares, 4 * noise / len(waves)


def _spectrum(squares: _Floats, noise: float) -> Spectrum | None:
    if squares[0] < LEAST**2:
        return None
    shares = (squares - noise) / squares[0]
    single = [100 * math.sqrt(max(0.0, float(each))) for each in shares[1 : HARMONICS.stop - 1]]
    return Spectrum(100 * math.sqrt(max(0.0, float(shares[1:].sum()))), tuple(single))
