"""Energies that come once an hour or in whole kWh, through the meter that counts them."""

import pytest

from submeter.meter.alarm_settings import Rating
from submeter.meter.feed import Feed
from submeter.meter.instant import Instant
from submeter.meter.meter import Meter
from submeter.meter.reading import Quality
from submeter.meter.setup import Setup
from submeter.pointmap import points, source_map
from submeter.sources.dlms.axdr import Data
from submeter.sources.dlms.said import Item, Reader
from submeter.sources.translation.translator import Message, Translator
from tooling import meters
from tooling.meters import at

INDEX, POWER, DEMAND = "Active_Energy_Import", "Active_Power_Total", "Demand_Current"
KWH = 1_000_000
STEP = 10  # s from one message to the next


class Installation:
    """A meter with a rating of 36 kW that hears messages by one map, by a clock of its own."""

    def __init__(self, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        loaded = source_map.load(name)
        feed = Feed("dlms", loaded.expected(), loaded.max_age, loaded.dials())
        setup = Setup(largest_power=36_000, rating=Rating(power=36))
        self.meter = Meter("main", points.all_points().values(), [feed], setup)
        self.now = self.elapsed = 0.0
        self._reader, self._translator = Reader(loaded), Translator(loaded)
        monkeypatch.setattr(Instant, "now", classmethod(lambda cls: at(self.now)))

    def hear(self, **numbers: int) -> None:
        items = [
            Item("1-0:" + code[1:].replace("_", "."), 0, 2, Data(6, number), 0, unit)
            for code, number in numbers.items()
            for unit in ["Wh" if "_8_" in code else "W"]
        ]
        message = Message(self._reader.said(items), instrument="S1")
        update = self._translator.translate(message, self.elapsed)
        if update:
            self.meter.update(update, at(self.now))
        meters.commit(self.meter, at(self.now))
        self.now += STEP
        self.elapsed += STEP

    def counted(self) -> float:
        return (self.meter.energy.counted("dlms", INDEX) or 0) / KWH

    def refusals(self) -> list[str]:
        return [entry.event for entry in self.meter.audit.take() if entry.event.startswith("index")]


@pytest.mark.parametrize("kilowatts", [1, 6, 30])
def test_an_hourly_register_grows_by_what_an_hour_can_bring(
    kilowatts: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    installation = Installation("obis-norway", monkeypatch)
    demands, qualities = set(), set()
    for number in range(4 * 360 + 3):
        hours, late = divmod(number, 360)
        powers = {"_1_7_0": 1000 * kilowatts, "_2_7_0": 0}
        if late:
            installation.hear(**powers)
        else:
            installation.hear(**powers, _1_8_0=1_000_000 + 1000 * kilowatts * hours)
        readings = installation.meter.readings
        if number > 360:
            qualities.add(readings[INDEX].quality)
        if readings[DEMAND].quality.good:
            demands.add(readings[DEMAND].value)
    assert installation.counted() == 3 * kilowatts
    assert qualities == {Quality.MEASURED}
    assert installation.refusals() == []
    assert not demands, "what is known once an hour is no demand of 15 min"


def test_hours_without_a_connection_are_not_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    installation = Installation("obis-norway", monkeypatch)
    for _ in range(2):
        installation.hear(_1_7_0=500, _2_7_0=0, _1_8_0=1000)
    installation.hear(_1_7_0=500, _2_7_0=0)
    assert installation.meter.readings[INDEX].quality is Quality.MEASURED
    installation.now += 4 * 3600
    installation.elapsed = 20  # a new connection begins at 0
    installation.hear(_1_7_0=500, _2_7_0=0)
    assert installation.meter.readings[INDEX].quality is Quality.STALE


def test_what_no_hour_can_bring_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    installation = Installation("obis-norway", monkeypatch)
    for number in range(2 * 360 + 3):
        installation.hear(_1_7_0=500, **({} if number % 360 else {"_1_8_0": 40_000 * number // 2}))
    assert installation.counted() == 0


def test_a_register_in_whole_kwh_is_no_jump(monkeypatch: pytest.MonkeyPatch) -> None:
    installation = Installation("obis-standard", monkeypatch)
    for number in range(360):
        installation.hear(_1_7_0=10_000, _1_8_0=10_000 * number * STEP // 3600 // 1000 * 1000)
    assert installation.counted() == 9
    assert installation.refusals() == []


def test_what_is_only_held_bears_nothing_out(monkeypatch: pytest.MonkeyPatch) -> None:
    installation = Installation("obis-norway", monkeypatch)
    for kwh in (1000, 1001, 1022, 1002, 1003):  # the third is damaged
        for number in range(360):
            installation.hear(_1_7_0=500, _2_7_0=0, **({} if number else {"_1_8_0": 1000 * kwh}))
    assert installation.counted() == 2
    assert installation.refusals() == []
