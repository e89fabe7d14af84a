"""States and alarms that follow from measurements, where the instrument has no bit of its own."""

from collections.abc import Callable, Collection, Iterator, Mapping

from submeter.meter.alarm_settings import AlarmSettings, PhaseSequence, Rating
from submeter.meter.instant import Instant
from submeter.meter.reading import Quality, Reading
from submeter.meter.threshold import Threshold

Readings = Mapping[str, Reading]
Setting = Callable[[str], float | None]
Measure = Callable[[Readings], Reading]

_OTHER_VOLTAGES = ("Voltage_L2_N", "Voltage_L3_N")
_ABSENT = Reading(None, Quality.ABSENT)
_UNKNOWN = Reading(None, Quality.STALE)
_CURRENTS = ("Current_L1", "Current_L2", "Current_L3")
_USUAL_RATING = 50.0  # A; 10 % of it is what a minimum load means where no rating is known


class _State:
    """One state point: 1 while `threshold` is on for what `measure` finds.

    `setting` names the setting of the meter that the threshold follows, `hysteresis` above the
    value at which it turns off.
    """

    __slots__ = ("_hysteresis", "_kept", "_measure", "_setting", "_threshold", "point")

    def __init__(
        self,
        point: str,
        measure: Measure,
        threshold: Threshold,
        setting: str | None = None,
        hysteresis: float = 0.0,
    ) -> None:
        self.point = point
        self._measure = measure
        self._threshold = threshold
        self._setting = setting
        self._hysteresis = hysteresis
        self._kept = _UNKNOWN

    def judge(self, readings: Readings, setting: Setting, mono: float) -> Reading:
        """Return the reading of the point."""
        measured = self._measure(readings)
        quality = measured.quality
        if quality is Quality.ABSENT or not self._follow(setting):
            return _ABSENT
        state = self._threshold.take(measured.value if quality.good else None, mono)
        if not quality.good or state is None:
            self._kept = Reading(self._kept.value, Quality.STALE, self._kept.at)
        else:
            known = Quality.ESTIMATED if quality is Quality.ESTIMATED else Quality.DERIVED
            self._kept = Reading(int(state), known, measured.at)
        return self._kept

    def _follow(self, setting: Setting) -> bool:
        """Take over the setting as it is now; False if there is none."""
        if self._setting is None:
            return True
        limit = setting(self._setting)
        if limit is None:
            return False
        if limit != self._threshold.on:
            self._threshold.on, self._threshold.off = limit, limit - self._hysteresis
        return True


class States:
    """The states and alarms of one meter, those among `points`.

    Phase_Loss_L1 to L3, Overload_Alarm, Energy_Direction, Voltage_Unbalance_Alarm,
    Current_Unbalance_Alarm and Reverse_Phase_Sequence are computed. Tamper_Alarm and
    Pulse_Output_Active cannot be: they stay as they are.
    """

    def __init__(self, settings: AlarmSettings, rating: Rating, points: Collection[str]) -> None:
        self._states = [each for each in _states(settings, rating) if each.point in points]

    def apply(self, readings: dict[str, Reading], setting: Setting, now: Instant) -> None:
        """Put the states into `readings`, which hold what is given and derived at `now`.

        A point that is not absent there is left alone: the instrument's own bit wins. A computed
        state is derived, or estimated where its input is, and as old as its input. It is absent
        where the meter does not have the input, or `setting` gives no threshold; while the input
        is not good it is stale and keeps its value. Delays run on the monotonic clock.
        """
        for state in self._states:
            if readings[state.point].quality is Quality.ABSENT:
                readings[state.point] = state.judge(readings, setting, now.mono)


def _states(settings: AlarmSettings, rating: Rating) -> Iterator[_State]:
    loss = settings.phase_loss
    volts = rating.voltage / 100
    for phase in ("L1", "L2", "L3"):
        on, off = loss.below * volts, (loss.below + loss.hysteresis) * volts
        limit = Threshold(on, off, loss.on_delay, loss.off_delay)
        yield _State(f"Phase_Loss_{phase}", _phase_voltage(f"Voltage_{phase}_N"), limit)
    over = settings.overload
    yield _State(
        "Overload_Alarm",
        _load(rating),
        Threshold(100.0, 100.0 - over.hysteresis, over.on_delay, over.off_delay),
        "Overload_Threshold",
        over.hysteresis,
    )
    way = settings.energy_direction
    export = Threshold(-way.deadband / 1000, way.deadband / 1000, way.on_delay, way.off_delay)
    yield _State("Energy_Direction", _point("Active_Power_Total"), export)
    uneven = settings.voltage_unbalance
    yield _State(
        "Voltage_Unbalance_Alarm",
        _point("Voltage_Unbalance"),
        Threshold(2.0, 2.0 - uneven.hysteresis, uneven.on_delay, uneven.off_delay),
        "Voltage_Unbalance_Threshold",
        uneven.hysteresis,
    )
    skew = settings.current_unbalance
    least = skew.min_load / 100 * (rating.current or _USUAL_RATING)
    limit = Threshold(skew.above, skew.above - skew.hysteresis, skew.on_delay, skew.off_delay)
    yield _State("Current_Unbalance_Alarm", _current_unbalance(least, limit.off), limit)
    turn = settings.phase_sequence
    limit = Threshold(0.5, 0.5, turn.on_delay, turn.off_delay)
    yield _State("Reverse_Phase_Sequence", _sequence(turn), limit)


def _point(name: str) -> Measure:
    """Return a measure that is the point itself."""
    return lambda readings: readings.get(name, _ABSENT)


def _phase_voltage(name: str) -> Measure:
    """Return the voltage of one phase of several: a single phase that is lost takes the meter."""

    def measure(readings: Readings) -> Reading:
        others = (readings.get(other, _ABSENT).quality for other in _OTHER_VOLTAGES)
        if all(quality is Quality.ABSENT for quality in others):
            return _ABSENT
        return readings.get(name, _ABSENT)

    return measure


def _load(rating: Rating) -> Measure:
    """Return the load in % of the rating: of the current where both are known, else of the power.

    Import and export load a connection alike.
    """
    amperes, kilowatts = rating.current, rating.power

    def measure(readings: Readings) -> Reading:
        if amperes is not None:
            largest = _largest_current(readings)
            if largest.quality is not Quality.ABSENT:
                return _scaled(largest, 100 / amperes)
        if kilowatts is None:
            return _ABSENT
        power = readings.get("Apparent_Power_Total", _ABSENT)
        if power.quality is Quality.ABSENT:
            power = readings.get("Active_Power_Total", _ABSENT)
        return _scaled(power, 100 / kilowatts)

    return measure


def _scaled(reading: Reading, factor: float) -> Reading:
    """Return the magnitude of a reading times `factor`."""
    if reading.value is None:
        return reading
    return Reading(abs(reading.value) * factor, reading.quality, reading.at)


def _largest_current(readings: Readings) -> Reading:
    """Return the largest phase current in A, as sure and as old as the least of those there are."""
    largest, quality = -1.0, Quality.DERIVED
    at: Instant | None = None
    for name in _CURRENTS:
        reading = readings.get(name, _ABSENT)
        if reading.quality is Quality.ABSENT:
            continue
        if reading.value is None or not reading.quality.good:
            return _UNKNOWN
        largest = max(largest, abs(reading.value))
        if reading.quality is Quality.ESTIMATED:
            quality = Quality.ESTIMATED
        if reading.at is not at:
            at = _older(at, reading.at)
    return _ABSENT if largest < 0 else Reading(largest, quality, at)


def _current_unbalance(least: float, low: float) -> Measure:
    """Return Current_Unbalance in %; as none while no phase carries `least` A.

    Up to `low` % there is no alarm under any load, which need not be looked at then.
    """

    def measure(readings: Readings) -> Reading:
        unbalance = readings.get("Current_Unbalance", _ABSENT)
        if unbalance.quality is Quality.ABSENT:
            return _ABSENT
        if unbalance.quality.good and unbalance.value is not None and unbalance.value <= low:
            return unbalance
        largest = _largest_current(readings)
        if largest.value is not None and largest.value < least:
            return largest._replace(value=0.0)
        return unbalance if largest.quality.good else largest

    return measure


def _sequence(settings: PhaseSequence) -> Measure:
    """Return 1 where L1-L2-L3 turn backwards, 0 where they do not; stale where neither is so.

    Angles are those by which L1 leads: 120 and 240 degrees as a rule, 240 and 120 if reversed.
    """
    tolerance = settings.tolerance

    def measure(readings: Readings) -> Reading:
        second = readings.get("Voltage_Angle_L2", _ABSENT)
        third = readings.get("Voltage_Angle_L3", _ABSENT)
        if second.quality is Quality.ABSENT or third.quality is Quality.ABSENT:
            return _ABSENT
        if second.value is None or third.value is None:
            return _UNKNOWN
        backwards = _turns(second.value, third.value, tolerance)
        if backwards is None or not second.quality.good or not third.quality.good:
            return _UNKNOWN
        estimated = Quality.ESTIMATED in (second.quality, third.quality)
        quality = Quality.ESTIMATED if estimated else Quality.DERIVED
        return Reading(int(backwards), quality, _older(second.at, third.at))

    return measure


def _turns(second: float, third: float, tolerance: float) -> bool | None:
    """Tell whether these angles are those of a reversed sequence; None if of neither."""
    second, third = second % 360, third % 360
    if abs(second - 120) <= tolerance and abs(third - 240) <= tolerance:
        return False
    if abs(second - 240) <= tolerance and abs(third - 120) <= tolerance:
        return True
    return None


def _older(first: Instant | None, second: Instant | None) -> Instant | None:
    """Return the earlier of two instants; the other where one is None."""
    if first is second or first is None or second is None:
        return first or second
    return min(first, second)
