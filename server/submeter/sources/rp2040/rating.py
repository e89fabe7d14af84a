"""What a volt at the inputs of a board stands for: the ratings of transformer and clamps."""

from collections.abc import Mapping

from submeter.meter.point import Range
from submeter.pointmap import points
from submeter.sources.rp2040.scale import REFERENCE, Scale
from submeter.sources.rp2040.settings import Rp2040Settings

PRIMARY, SECONDARY = "CT_Primary_Rating", "CT_Secondary_Rating"
_SURGE = 1.2  # of the voltage


def check(settings: Rp2040Settings, configured: Mapping[str, float]) -> None:
    """Raise ValueError if a rating is missing; `configured` are the settings of the meter."""
    if settings.clamp.current is None and PRIMARY not in configured:
        raise ValueError(
            "the rating of the clamps is missing: give it here as 'clamp: {current: ...}' in A, "
            f"or as {PRIMARY} in 'settings' of the meter"
        )
    if settings.clamp.around_secondary:
        for name in (PRIMARY, SECONDARY):
            if name not in configured:
                message = f"{name} is missing in 'settings' of the meter"
                raise ValueError(f"{message}: the clamps are around a secondary")


class Rating:
    """Goes by the ratings that the meter was given last; those of its clamps do not change."""

    def __init__(self, settings: Rp2040Settings) -> None:
        self._clamp = settings.clamp
        voltage = settings.voltage
        self._voltage = voltage.mains / voltage.volts if voltage else 0.0
        self._volts = max(settings.nominal, voltage.mains if voltage else 0.0)
        self._primary: float | None = None
        self._secondary: float | None = None

    def rate(self, primary: float | None, secondary: float | None) -> None:
        """Take the settings CT_Primary_Rating and CT_Secondary_Rating in A."""
        self._primary, self._secondary = primary, secondary

    @property
    def current(self) -> float | None:
        """The current in A at which the clamps give what they are rated for; None: not known."""
        if not self._clamp.around_secondary:
            return self._clamp.current or self._primary
        if not (self._clamp.current and self._primary and self._secondary):
            return None
        return self._clamp.current * self._primary / self._secondary

    @property
    def scale(self) -> Scale | None:
        """What a volt at the inputs stands for; None while a rating is not known."""
        current = self.current
        return Scale(self._voltage, current / self._clamp.volts) if current else None

    @property
    def most(self) -> float:
        """The power in W of one clamp at the end of the converter, whatever may be set later."""
        largest = _range(PRIMARY).max
        current = self._clamp.current or largest
        if self._clamp.around_secondary:
            current *= largest / _range(SECONDARY).min
        return current * REFERENCE / 2 / self._clamp.volts * self._volts * _SURGE


def _range(point: str) -> Range:
    """Return what a setting may be set to while the program runs."""
    found = points.standard()[point].range
    if found is None:
        raise AssertionError(f"the list of points gives {point} a range")
    return found
