"""Distortion and harmonics as points, from what a waveform said."""

from typing import TYPE_CHECKING, NamedTuple

from submeter.meter.instant import Instant
from submeter.meter.reading import Value
from submeter.sources.rp2040.layout import distortion
from submeter.sources.rp2040.wiring import Wiring

if TYPE_CHECKING:  # for it needs numpy
    from submeter.sources.rp2040.spectrum import Spectra, Spectrum

AGES = 3  # snapshots may be missed, one after another, until nothing is known any more
LEAST = 5.0  # s between two of them, as it may be at least


class Distortions(NamedTuple):
    """Points in %, those of which nothing can be said; `at` is when the waveform was heard.

    `frequency` is that of the waveform in Hz by the crystal, None if it had none.
    """

    values: dict[str, Value]
    failed: frozenset[str]
    frequency: float | None
    at: Instant

    def known(self, mono: float, period: float) -> "Distortions":
        """Return what is still known at `mono` where a waveform was to come each `period` s."""
        if mono - self.at.mono <= AGES * max(period, LEAST):
            return self
        return self._replace(values={}, failed=self.failed | self.values.keys())


NONE = Distortions({}, frozenset(), None, Instant(0.0, 0.0))
"""Before the first waveform."""


def distortions(spectra: "Spectra", wiring: Wiring, at: Instant) -> Distortions:
    """Return the points of a board of which a waveform said `spectra` at `at`."""
    values: dict[str, Value] = {}
    failed: set[str] = set()

    def add(points: tuple[str, ...], spectrum: "Spectrum | None") -> None:
        if spectrum is None:
            failed.update(points)
            return
        for point, number in zip(points, (spectrum.thd, *spectrum.harmonics), strict=True):
            values[point] = Value(number)

    if wiring.voltage_at:
        add(distortion("Voltage", wiring.voltage_at), spectra.voltage)
    for each in wiring.phases:
        add(distortion("Current", each.conductor), spectra.clamps[each.clamp - 1])
    return Distortions(values, frozenset(failed), spectra.frequency, at)
