"""The points of the demand: the present one, the peak and its time."""

import json

from submeter.meter.demand import Demand
from submeter.meter.energy import Energy
from submeter.meter.instant import Instant
from submeter.meter.reading import Quality, Reading
from submeter.meter.setup import Setup

ENERGY, POWER = "Active_Energy_Import", "Active_Power_Total"
DEMAND = "Demand_Current"
PEAK, PEAK_TIME = "Demand_Peak_Current", "Demand_Peak_Timestamp"
USUAL_INTERVAL = 15  # min

_ABSENT = Reading(None, Quality.ABSENT)
_UNKNOWN = Reading(None, Quality.STALE)


class Peak:
    """Feeds the demand of one meter, and shows its peak where no instrument sends one.

    `longest` is the pause in s between two readings over which energy is still spread; `saved` is
    what `saved()` gave. Raises ValueError if that is damaged.
    """

    def __init__(
        self, setup: Setup, interval: int | float | None, longest: float, saved: str | None
    ) -> None:
        settings = setup.demand
        self._demand = Demand(
            int(interval or USUAL_INTERVAL),
            settings.window,
            settings.subinterval,
            json.loads(saved) if saved else None,
        )
        self._longest = longest

    def set_interval(self, minutes: int | float) -> None:
        """Take windows of another length from now on."""
        self._demand.interval = int(minutes)

    def take(self, energy: Energy, readings: dict[str, Reading], at: Instant) -> None:
        """Take the index as counted, or the power of a meter that has no index."""
        total = energy.totals.get(ENERGY)
        if total is not None:
            self._demand.take(total, at, self._longest)
            return
        power = readings.get(POWER, _UNKNOWN)
        if ENERGY not in energy.totals and power.quality.good and power.value is not None:
            self._demand.take_power(power.value, at, self._longest)

    def show(self, readings: dict[str, Reading]) -> None:
        """Put the points into `readings`, unless an instrument's own are there.

        The present demand is stale while the window is partial, or its source is not good.
        """
        source = readings.get(ENERGY, _ABSENT)
        if source.quality is Quality.ABSENT:
            source = readings.get(POWER, _ABSENT)
        if source.quality is Quality.ABSENT:
            return
        demand = self._demand
        if DEMAND in readings:
            whole = source.quality.good and not demand.partial
            quality = Quality.DERIVED if whole else Quality.STALE
            readings[DEMAND] = Reading(demand.current, quality, source.at)
        if PEAK in readings and readings[PEAK].quality is Quality.ABSENT:
            known = demand.peak is not None
            readings[PEAK] = Reading(demand.peak, Quality.DERIVED) if known else _UNKNOWN
            readings[PEAK_TIME] = Reading(demand.peak_at, Quality.DERIVED) if known else _UNKNOWN

    def reset(self, now: Instant) -> None:
        """Forget the peak."""
        self._demand.reset(now)

    def saved(self) -> str:
        """Return as JSON what is to survive a restart."""
        return json.dumps(self._demand.saved(), sort_keys=True)
