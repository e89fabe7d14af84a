"""Harmonics of a waveform, by least squares at its frequency: it need not be whole cycles."""

import math
from typing import NamedTuple

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
    padded = 8 * len(wave)
    lines = np.abs(np.fft.rfft(wave * np.hanning(len(wave)), padded))
    low, high = (round(each / rate * padded) for each in _MAINS)
    place = low + int(lines[low : high + 1].argmax())
    if place in (low, high):  # the slope of a stronger line beyond
        return None
    turn = 2 * math.pi * place / padded
    half = len(wave) // 2
    if turn * len(wave) < 2 * math.pi * _CYCLES:
        return None
    weights = np.hanning(half)
    places = np.arange(half)
    for _ in range(2):
        away = weights * np.exp(-1j * turn * places)
        early, late = wave[:half] @ away, wave[half : 2 * half] @ away
        turn += float(np.angle(late * np.conj(early) * np.exp(-1j * turn * half))) / half
    peak = 2 * abs(early) / weights.sum()
    return turn if peak >= LEAST else None


def _harmonics(waves: _Floats, turn: float) -> tuple[_Floats, _Floats]:
    """Return the squared peaks of h1 on by channel, and those that noise alone would have.

    No product of large matrices: the threads of the library that numpy has for them would take a
    hundred times what the sums here cost.
    """
    frames, count = len(waves), min(_LAST, int(math.pi / turn * 0.98))
    orders = np.arange(1, count + 1)
    spin = np.exp(1j * np.outer(orders, np.arange(frames) * turn))
    found = np.einsum("hn,nc->hc", spin, waves)
    right = np.vstack((waves.sum(axis=0), found.real, found.imag))
    fitted = np.linalg.solve(_overlaps(frames, count, turn), right)
    rest = np.einsum("nc,nc->c", waves, waves) - np.einsum("kc,kc->c", fitted, right)
    squares = fitted[1 : count + 1] ** 2 + fitted[count + 1 :] ** 2
    noise = np.maximum(rest, 0) / (frames - len(right))
    return squares, 4 * noise / frames


def _overlaps(frames: int, count: int, turn: float) -> _Floats:
    """Return the sums over all frames of the products of 1, each cosine, and each sine."""
    multiples = np.arange(2 * count + 1)
    rolled = np.exp(1j * turn * multiples)
    rolled[0] = 0
    sums = (1 - rolled**frames) / (1 - rolled)  # of cos + j sin, a geometric series
    sums[0] = frames
    orders = np.arange(1, count + 1)
    apart, added = orders[None, :] - orders[:, None], orders[None, :] + orders[:, None]
    near, far = sums[np.abs(apart)], sums[added]
    crossed = (far.imag + np.sign(apart) * near.imag) / 2  # cosine of the row, sine of the column
    first = sums[None, orders]
    return np.block(
        [
            [np.full((1, 1), float(frames)), first.real, first.imag],
            [first.real.T, (near.real + far.real) / 2, crossed],
            [first.imag.T, crossed.T, (near.real - far.real) / 2],
        ]
    )


def _spectrum(squares: _Floats, noise: float) -> Spectrum | None:
    if squares[0] < LEAST**2:
        return None
    shares = (squares - noise) / squares[0]
    single = [100 * math.sqrt(max(0.0, float(each))) for each in shares[1 : HARMONICS.stop - 1]]
    return Spectrum(100 * math.sqrt(max(0.0, float(shares[1:].sum()))), tuple(single))
