"""The points of the demand: the present one, the peak and its time."""

import json
from collections.abc import Mapping
from typing import NamedTuple

from submeter.meter.demand import Demand
from submeter.meter.energy import Energy
from submeter.meter.feed import Dial
from submeter.meter.instant import Instant
from submeter.meter.limits import Limits, Seen
from submeter.meter.reading import Quality, Reading
from submeter.meter.setup import Setup

ENERGY, POWER = "Active_Energy_Import", "Active_Power_Total"
DEMAND = "Demand_Current"
PEAK, PEAK_TIME = "Demand_Peak_Current", "Demand_Peak_Timestamp"
USUAL_INTERVAL = 15  # min

_ABSENT = Reading(None, Quality.ABSENT)
_UNKNOWN = Reading(None, Quality.STALE)


class _Largest(NamedTuple):
    """A peak in kW, the end of its window in UTC s, and whether it is an estimate."""

    kw: float | None
    at: int | None
    estimated: bool


class Peak:
    """Feeds the demand of one meter, and shows its peak where no instrument sends one.

    What is shown is the peak that is on disk, so that a poller never sees it fall: that of `saved`,
    which is what `saved()` gave, then what `commit` said. `longest` is the pause in s between two
    readings over which energy is still spread, `step` that of the coarsest register in mWh. Raises
    ValueError if `saved` is damaged.
    """

    def __init__(
        self,
        setup: Setup,
        interval: int | float | None,
        longest: float,
        saved: str | None,
        step: int = 1,
    ) -> None:
        settings = setup.demand
        self._demand = Demand(
            int(interval or USUAL_INTERVAL),
            settings.window,
            settings.subinterval,
            json.loads(saved) if saved else None,
        )
        self._longest = longest
        self._estimated = False  # what is heard now
        self._read: Instant | None = None  # of the total taken last
        self._total: Seen | None = None
        self._late = 0  # what of the register was booked late
        self._limits = Limits(Dial(step), setup.largest_power)
        self._shown = self._largest()
        self._drafted: tuple[str, _Largest] | None = None

    def set_interval(self, minutes: int | float) -> None:
        """Take windows of another length from now on."""
        self._demand.interval = int(minutes)

    def take(
        self, energy: Energy, speaker: str | None, readings: dict[str, Reading], at: Instant
    ) -> None:
        """Take the index as `speaker` counted it, or the power of a meter that has no index."""
        quality = _source(readings).quality
        if quality.good:
            self._estimated = quality is Quality.ESTIMATED
        total = energy.totals.get(ENERGY)
        if total is not None and speaker is not None:
            # Known for the time of its reading alone: frames without one are a pause.
            read = energy.accepted(ENERGY, speaker)
            if read is not None and read is not self._read:
                self._read = read
                self._take_total(total, read, energy.late(ENERGY, speaker))
            return
        power = readings.get(POWER, _UNKNOWN)
        if ENERGY not in energy.totals and power.quality.good and power.value is not None:
            self._demand.take_power(power.value, at, self._longest, estimated=self._estimated)

    def _take_total(self, total: int, read: Instant, late: int) -> None:
        before, self._total = self._total, Seen(total, read)
        booked_late, self._late = late != self._late, late
        if before and (booked_late or self._limits.growth(before, self._total) is None):
            # Energy of an earlier time was booked: by an exchange, a clock that was set right, or
            # an instrument that says only now what it counted then.
            self._demand.interrupt()
        self._demand.take(total, read, self._longest, estimated=self._estimated)

    def show(self, readings: dict[str, Reading]) -> None:
        """Put the points into `readings`, unless an instrument's own are there.

        The present demand is stale while the window is partial, or its source is not good.
        """
        source = _source(readings)
        if source.quality is Quality.ABSENT:
            return
        demand = self._demand
        if DEMAND in readings:
            whole = source.quality.good and not demand.partial
            quality = _quality(demand.estimated) if whole else Quality.STALE
            readings[DEMAND] = Reading(demand.current, quality, source.at)
        if PEAK in readings and readings[PEAK].quality is Quality.ABSENT:
            kw, end, estimated = self._shown
            known, quality = kw is not None, _quality(estimated)
            readings[PEAK] = Reading(kw, quality) if known else _UNKNOWN
            readings[PEAK_TIME] = Reading(end, quality) if known else _UNKNOWN

    def reset(self, now: Instant) -> None:
        """Forget the peak, and show at once that there is none."""
        self._demand.reset(now)
        self._shown = self._largest()
        self._drafted = None

    def saved(self) -> str:
        """Return as JSON what is to survive a restart."""
        text = json.dumps(self._demand.saved(), sort_keys=True)
        self._drafted = (text, self._largest())
        return text

    def commit(self, text: str) -> None:
        """Show the peak of `text`, which `saved()` gave last and which is on disk now.

        One that was written while it was reset stays forgotten.
        """
        if self._drafted and self._drafted[0] == text:
            self._shown = self._drafted[1]

    def _largest(self) -> _Largest:
        demand = self._demand
        return _Largest(demand.peak, demand.peak_at, demand.peak_estimated)


def _source(readings: Mapping[str, Reading]) -> Reading:
    """Return the reading that the demand follows: the index, or the power without one."""
    index = readings.get(ENERGY, _ABSENT)
    return readings.get(POWER, _ABSENT) if index.quality is Quality.ABSENT else index


def _quality(estimated: bool) -> Quality:
    return Quality.ESTIMATED if estimated else Quality.DERIVED
