"""The diagnostic points of the cross-check of two sources of one circuit."""

from submeter.meter.cross_check import CrossCheck
from submeter.meter.cross_check_settings import CrossCheckSettings
from submeter.meter.energy import Energy
from submeter.meter.instant import Instant
from submeter.meter.reading import Quality, Reading

DIFFERENCE, ALARM = "Cross_Check_Difference", "Cross_Check_Alarm"


class SecondOpinion:
    """Lets the second of two sources check the first, as `settings` say."""

    def __init__(self, settings: CrossCheckSettings) -> None:
        self._point = settings.point
        self._first, self._second = settings.sources
        self._check = CrossCheck(
            settings.window * 60, settings.limit, settings.hysteresis, int(settings.least * 1000)
        )

    def apply(self, energy: Energy, readings: dict[str, Reading], now: Instant) -> None:
        """Compare the energies as counted by now, and put the two points into `readings`."""
        first = energy.counted(self._first, self._point)
        second = energy.counted(self._second, self._point)
        self._check.take(first, second, now)
        for name, value in ((DIFFERENCE, self._check.difference), (ALARM, self._check.alarm)):
            if name in readings:
                known = value is not None
                quality = Quality.DERIVED if known else Quality.STALE
                readings[name] = Reading(
                    int(value) if isinstance(value, bool) else value, quality, now
                )
